"""What every image buffer is checked for before it is decoded."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.errors import FrameError
from fer_ros.taxonomy import DropReason
from fer_ros.types import UInt8

MAX_PIXELS = 7680 * 4320


def require_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse images without pixels and those too large to be meant."""
    if width <= 0 or height <= 0:
        raise FrameError(
            f'image: expected a positive size, found {width}x{height}; does the camera run?',
            DropReason.BAD_DATA.value,
        )
    if width * height > max_pixels:
        raise FrameError(
            f'image: expected at most {max_pixels} pixels, found {width}x{height} = '
            f'{width * height}; lower the resolution or raise max_pixels',
            DropReason.TOO_LARGE.value,
        )


def as_bytes(data: Any) -> UInt8:
    """Return a buffer as (N,) uint8 without copying it."""
    try:
        return np.frombuffer(data, np.uint8)
    except (TypeError, ValueError, BufferError) as error:
        if hasattr(data, '__len__') and not len(data):
            return np.empty(0, np.uint8)
        raise FrameError(
            f'image: expected bytes, found {type(data).__name__} ({error})',
            DropReason.BAD_DATA.value,
        ) from None
