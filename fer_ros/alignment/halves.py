"""Parts of a frame in halves of halves of its size, for all that is cut out of one face.

Averaging every pixel keeps small things from aliasing, and whole blocks from the frame's corner on
make every half that of the whole frame. A new frame is in the computer's memory, not in its cache:
what was halved for one crop of a face is kept for the next.
"""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.types import UInt8

# A part is taken that much larger than asked for, in pixels, for a crop with a wider border.
_ROOM_PX = 16
_ALIGNED = 16  # pixels: whole blocks of all levels that are kept


class Halves:
    """One frame's parts."""

    def __init__(self, pixels: UInt8) -> None:
        """Take (H, W) or (H, W, C) uint8."""
        self.pixels = pixels
        self._parts: list[_Part] = []

    def part(self, left: int, top: int, columns: int, rows: int, halvings: int) -> UInt8:
        """Return so many blocks of 2**halvings pixels from a whole block on, each as one pixel.

        What is asked for may reach beyond the frame: its last block may be smaller.
        """
        block = 2**halvings
        right, bottom = left + columns * block, top + rows * block
        height, width = self.pixels.shape[:2]
        if halvings == 0 or block > _ALIGNED or right > width or bottom > height:
            return _halved(self.pixels[top:bottom, left:right], halvings)
        for part in self._parts:
            if part.has(left, top, right, bottom):
                return part.cut(left, top, right, bottom, halvings)
        part = _Part(self.pixels, left, top, right, bottom)
        if not part.has(left, top, right, bottom):  # the frame's last pixels, no whole block
            return _halved(self.pixels[top:bottom, left:right], halvings)
        self._parts.append(part)
        return part.cut(left, top, right, bottom, halvings)


class _Part:
    """A part of the frame and its halves, as far as they were asked for."""

    def __init__(self, pixels: UInt8, left: int, top: int, right: int, bottom: int) -> None:
        height, width = pixels.shape[:2]
        self._left, self._top = (
            max(low - _ROOM_PX, 0) // _ALIGNED * _ALIGNED for low in (left, top)
        )
        self._right, self._bottom = (
            min(-(-(high + _ROOM_PX) // _ALIGNED), limit // _ALIGNED) * _ALIGNED
            for high, limit in ((right, width), (bottom, height))
        )
        self._levels = [pixels[self._top : self._bottom, self._left : self._right]]

    def has(self, left: int, top: int, right: int, bottom: int) -> bool:
        """Tell whether all of a rectangle is in it."""
        across = self._left <= left and right <= self._right
        return across and self._top <= top and bottom <= self._bottom

    def cut(self, left: int, top: int, right: int, bottom: int, halvings: int) -> UInt8:
        """Return a rectangle halved so often."""
        while len(self._levels) <= halvings:
            self._levels.append(_halved(self._levels[-1], 1))
        x0, x1 = ((x - self._left) >> halvings for x in (left, right))
        y0, y1 = ((y - self._top) >> halvings for y in (top, bottom))
        return self._levels[halvings][y0:y1, x0:x1]


def _halved(pixels: UInt8, times: int) -> UInt8:
    for _ in range(times):
        half = (max(pixels.shape[1] // 2, 1), max(pixels.shape[0] // 2, 1))
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), np.uint8)
    return pixels
