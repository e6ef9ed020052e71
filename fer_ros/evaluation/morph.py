"""From a neutral face to an expressive one in any number of steps.

A morph as in studies of perception (Young et al. 1997, "Facial expression megamix"): landmarks
move in a straight line, both faces are warped to them and blended. Nobody is twice in FER+, so
the two are of different people: the neutral one takes over the tones of the other, and what
differs beside the expression changes with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.errors import DataError
from fer_ros.types import Float32, UInt8

# Width of the kernel that spreads the landmarks' moves over the pixels, as a share of the side.
_SPREAD = 0.06
_UPPER_LIDS = (159, 386)  # MediaPipe's indices of the middle of the lids
_LOWER_LIDS = (145, 374)


@dataclass(frozen=True, slots=True, eq=False)
class AlignedStill:
    """A face as the recogniser sees it.

    :param pixels: (S, S) uint8.
    :param points_px: (L, 2) float32, its landmarks in pixels of the crop.
    :param label: index of its emotion.
    """

    pixels: UInt8
    points_px: Float32
    label: int

    def __post_init__(self) -> None:
        """Check crop and landmarks."""
        square = self.pixels.ndim == 2 and self.pixels.shape[0] == self.pixels.shape[1]
        if not square or self.points_px.ndim != 2 or not np.isfinite(self.points_px).all():
            raise DataError(
                'AlignedStill: expected a grey square crop and finite landmarks, found '
                f'{self.pixels.shape} and {self.points_px.shape}; leave missed faces out'
            )


class Morph:
    """All that lies between a neutral face and an expressive one."""

    def __init__(self, neutral: AlignedStill, expressive: AlignedStill) -> None:
        """Find which way every pixel goes."""
        side = neutral.pixels.shape[0]
        self._neutral = _toned_like(neutral.pixels, expressive.pixels)
        self._expressive = expressive.pixels
        middle = (neutral.points_px + expressive.points_px) * np.float32(0.5)
        self._move = _field(middle, expressive.points_px - neutral.points_px, side)
        rows, columns = np.indices((side, side)).astype(np.float32)
        self._grid = np.stack([columns, rows], axis=-1)
        self._eyes = _eyes(middle)

    def face(self, strength: float, closed: float = 0.0) -> UInt8:
        """Return the (S, S) face at a strength of 0 (neutral) .. 1 (as expressive as the photo).

        :param closed: how far the lids are closed, 0 .. 1.
        """
        share = np.float32(strength)
        here = _sampled(self._neutral, self._grid - share * self._move)
        there = _sampled(self._expressive, self._grid + (1 - share) * self._move)
        face = cv2.addWeighted(here, 1.0 - strength, there, strength, 0.0)
        for x, y, width, height in self._eyes if closed > 0 else ():
            _close(face, (x, y), (width, height), closed)
        return np.asarray(face, np.uint8)


def _toned_like(pixels: UInt8, other: UInt8) -> UInt8:
    """Give a face the mean and the contrast of another."""
    deviation = max(float(pixels.std()), 1.0)
    toned = (pixels - pixels.mean()) * (float(other.std()) / deviation) + other.mean()
    return np.asarray(np.clip(toned, 0, 255), np.uint8)


def _field(points_px: Float32, moves_px: Float32, side: int) -> Float32:
    """Spread the moves of landmarks over all pixels: (S, S, 2)."""
    cells = np.clip(points_px, 0, side - 1).astype(np.int64)
    sums = np.zeros((side, side, 3), np.float32)
    np.add.at(sums, (cells[:, 1], cells[:, 0]), np.column_stack([moves_px, np.ones(len(cells))]))
    near = cv2.GaussianBlur(sums, (0, 0), _SPREAD * side)
    # Far from every landmark the move fades to none.
    field: Float32 = near[..., :2] / (near[..., 2:] + 0.02 * near[..., 2].max())
    return field


def _sampled(pixels: UInt8, places: Float32) -> UInt8:
    """Read pixels at (S, S, 2) places."""
    read = cv2.remap(
        pixels, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )  # fmt: skip
    return np.asarray(read, np.uint8)


def _eyes(points_px: Float32) -> list[tuple[float, float, float, float]]:
    """Return centre, half width and half height of both eyes in pixels."""
    eyes = []
    for upper, lower, corner, other in zip(_UPPER_LIDS, _LOWER_LIDS, (33, 362), (133, 263)):
        if len(points_px) <= max(upper, lower, corner, other):
            continue
        x, y = points_px[[corner, other]].mean(axis=0).tolist()
        width = float(np.abs(points_px[other] - points_px[corner])[0]) / 2
        eyes.append((x, y, width, max(0.5 * width, 1.0)))
    return eyes


def _close(
    face: UInt8, centre: tuple[float, float], half: tuple[float, float], closed: float
) -> None:
    """Draw a lid over an eye: the skin above it comes down."""
    x0, x1 = round(centre[0] - half[0]), round(centre[0] + half[0]) + 1
    top = round(centre[1] - half[1])
    bottom = round(centre[1] - half[1] + 2 * half[1] * closed)
    if x0 < 0 or top < 1 or bottom <= top:
        return
    face[top:bottom, x0:x1] = face[top - 1 : top, x0:x1]
