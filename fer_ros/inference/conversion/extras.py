"""Late import of the packages that only a conversion needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from fer_ros.errors import MissingExtra


def require(module: str) -> Any:
    """Import ``module`` of the extra ``fer_ros[convert]``.

    :raises MissingExtra: when it is not installed; the text says what to install.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition('.')[0]
        raise MissingExtra(package, 'convert', 'converting models from TFLite') from error
