"""Which squares of a frame to look at, and how their pixels are cut out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.types import UInt8


@dataclass(frozen=True, slots=True)
class Square:
    """A square of the frame in pixels; it may reach beyond its edges, which look black."""

    x: float
    y: float
    side: float


def whole_square(width: int, height: int) -> Square:
    """Return the smallest square around the whole frame, centred on it."""
    side = max(width, height)
    return Square((width - side) / 2, (height - side) / 2, side)


def cover(width: int, height: int, side: float, overlap: float) -> list[Square]:
    """Return squares that cover the frame, row by row.

    :param side: in pixels, at most the frame's shorter side.
    :param overlap: least share of the side that neighbours have in common: a face smaller than
        that is whole in one of them.
    """
    rows, columns = (_starts(length, side, overlap) for length in (height, width))
    return [Square(x, y, side) for y in rows for x in columns]


def _starts(length: int, side: float, overlap: float) -> list[float]:
    """Return where squares begin along one axis, evenly spaced."""
    gaps = math.ceil((length - side) / (side * (1 - overlap)))
    return [gap * (length - side) / max(gaps, 1) for gap in range(gaps + 1)]


class Pyramid:
    """A frame in halves of halves of its size, each made when it is first needed.

    Averaging every pixel is what keeps small faces; halving first is exact and makes it cheap,
    for the looks at one frame share the halves.
    """

    def __init__(self, pixels: UInt8) -> None:
        """Take (H, W, 3) RGB."""
        self._levels = [pixels]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame."""
        height, width = self._levels[0].shape[:2]
        return width, height

    def cut(self, square: Square, size_px: int) -> UInt8:
        """Return a square of the frame as (size_px, size_px, 3), black beyond its edges."""
        halvings = max(int(math.log2(square.side / size_px)), 0) if square.side > 0 else 0
        pixels = self._level(halvings)
        block = 2 ** min(halvings, len(self._levels) - 1)
        return _cut(pixels, square.x / block, square.y / block, square.side / block, size_px)

    def _level(self, wanted: int) -> UInt8:
        """Return the frame halved so often, or as often as it can be."""
        while len(self._levels) <= wanted:
            height, width = self._levels[-1].shape[:2]
            if min(height, width) < 2:
                break
            even = self._levels[-1][: height // 2 * 2, : width // 2 * 2]
            half = cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            self._levels.append(np.asarray(half, np.uint8))
        return self._levels[min(wanted, len(self._levels) - 1)]


def _cut(pixels: UInt8, x: float, y: float, side: float, size_px: int) -> UInt8:
    """Scale a square of the image, black where it reaches beyond."""
    scale = side / size_px
    # OpenCV has the centre of the first pixel at (0, 0), the frame at (0.5, 0.5).
    shift = (scale - 1) / 2
    crop = cv2.warpAffine(
        pixels,
        np.array([[scale, 0, x + shift], [0, scale, y + shift]], np.float64),
        (size_px, size_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
    )
    return np.asarray(crop, np.uint8)
