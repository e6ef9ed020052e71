"""Arrays by their element, and the checks that every dataclass makes when it is born."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError

UInt8 = NDArray[np.uint8]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


def require_array(
    owner: str, name: str, array: object, shape: tuple[int | None, ...], dtype: type[np.generic]
) -> None:
    """Refuse an array of another shape (None: any length) or dtype."""
    if not isinstance(array, np.ndarray):
        raise DataError(
            f'{owner}.{name}: expected a NumPy array, found {type(array).__name__}; '
            'convert it with numpy.asarray'
        )
    fits = array.ndim == len(shape) and all(
        want is None or want == have for want, have in zip(shape, array.shape)
    )
    if not fits or array.dtype != dtype:
        wanted = ', '.join('any' if length is None else str(length) for length in shape)
        raise DataError(
            f'{owner}.{name}: expected ({wanted}) {np.dtype(dtype)}, '
            f'found {array.shape} {array.dtype}; reshape or convert it first'
        )


def require_shares(owner: str, **values: float) -> None:
    """Refuse numbers that are not finite or outside [0, 1]."""
    for name, value in values.items():
        if not 0.0 <= value <= 1.0:
            require_range(owner, name, value, 0.0, 1.0)


def require_range(owner: str, name: str, value: float, low: float, high: float) -> None:
    """Refuse a number that is not finite or outside [low, high]."""
    if not (math.isfinite(value) and low <= value <= high):
        raise DataError(
            f'{owner}.{name}: expected a number in [{low:g}, {high:g}], found {value!r}'
        )
