"""What a room asks of an inference backend, and how pixels become a net's input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from fer_ros.inference.manifest import Colour, InputSpec, Manifest
from fer_ros.types import Float32, UInt8


class Engine(Protocol):
    """A net that is ready to run."""

    @property
    def manifest(self) -> Manifest:
        """The model that it runs."""

    @property
    def backend(self) -> str:
        """Backend and precision in use, as shown to the user: ``onnxruntime-cpu fp32``."""

    @property
    def reason(self) -> str:
        """Why it is this backend, in one line."""

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        """Run (N, C, H, W) float32 and return the manifest's outputs, in its order.

        :param others: further inputs by name, (N, ...) float32, of nets that have some.
        :raises DeviceError: the device failed; what it was given is not lost.
        """


class LoadedNet:
    """What an engine of one file on one backend says of itself from its loading on."""

    def __init__(self, manifest: Manifest, backend: str, reason: str) -> None:
        """Note the model, backend and precision, and why it is this backend."""
        self._manifest, self._backend, self._reason = manifest, backend, reason

    @property
    def manifest(self) -> Manifest:
        """The model that it runs."""
        return self._manifest

    @property
    def backend(self) -> str:
        """Backend and precision in use."""
        return self._backend

    @property
    def reason(self) -> str:
        """Why it is this backend."""
        return self._reason


def to_batch(crops: Sequence[UInt8], spec: InputSpec) -> Float32:
    """Turn N RGB crops (height, width, 3) of the net's size into its (N, C, H, W) input."""
    batch = np.empty((len(crops), spec.colour.channels, spec.height, spec.width), np.float32)
    for row, crop in zip(batch, crops):
        if spec.colour is Colour.GRAY:
            row[0] = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
        else:
            ordered = crop if spec.colour is Colour.RGB else crop[:, :, ::-1]
            row[:] = ordered.transpose(2, 0, 1)
    shape = (1, spec.colour.channels, 1, 1)
    # Passes over the batch are what this costs: none for a mean of 0.
    if any(spec.mean):
        batch -= np.asarray(spec.mean, np.float32).reshape(shape)
    batch *= 1.0 / np.asarray(spec.std, np.float32).reshape(shape)
    return batch
