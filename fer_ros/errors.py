"""Errors of fer_ros: what was expected, what was found, what to do.

::

    FerError
    ├── DataError        (ValueError)    an array, image or file content is not as it must be
    │   └── FrameError                   a camera frame can not be used (it is counted and dropped)
    ├── ConfigError      (ValueError)    a parameter, option or YAML entry
    ├── SourceError      (OSError)       a video, folder, camera or bag can not be read
    ├── ModelError       (RuntimeError)  a model's file, manifest or engine
    │   └── DeviceError                  a GPU failed in the middle of a run
    ├── MiddlewareError  (RuntimeError)  DDS, domain, QoS or another part of the transport
    └── MissingExtra     (ImportError)   an optional package is not installed
"""

from __future__ import annotations


class FerError(Exception):
    """Root of every error that fer_ros raises on purpose."""


class DataError(FerError, ValueError):
    """Data breaks the shape, dtype or range that was asked for."""


class FrameError(DataError):
    """One camera frame can not be used; :attr:`reason` is the counter it goes to."""

    def __init__(self, message: str, reason: str) -> None:
        """Keep a short snake_case ``reason`` beside the message."""
        super().__init__(message)
        self.reason = reason


class ConfigError(FerError, ValueError):
    """A parameter or an entry of a configuration file is wrong."""


class SourceError(FerError, OSError):
    """A source of frames can not be opened or read."""


class ModelError(FerError, RuntimeError):
    """A model can not be found, verified or run."""


class DeviceError(ModelError):
    """A device that had worked does so no more: out of memory, lost, or its driver failed."""


class MiddlewareError(FerError, RuntimeError):
    """The transport (DDS) can not do what was asked."""


class MissingExtra(FerError, ImportError):
    """An optional dependency is absent; the text names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        """Say which ``package`` is missing for which ``purpose`` and which ``extra`` holds it."""
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed: "
            f"pip install 'fer_ros[{extra}]'"
        )
