"""The 70 landmarks of REP-155: dlib's 68 and the pupils, read off the mesh."""

from __future__ import annotations

import functools
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.types import Float32

_COUNT = 70
# Contours of the eyes: what stands in for the pupils where the mesh has no irises.
_RIGHT_CONTOUR = (33, 160, 158, 133, 153, 144)
_LEFT_CONTOUR = (362, 385, 387, 263, 373, 380)


def dlib70(points_px: Float32) -> Float32:
    """Return (70, 2) landmarks in dlib's order, then the subject's right and left pupil.

    :param points_px: (478, 2 or 3) landmarks; with 468, the middle of each eye is its pupil.
    """
    if points_px.ndim != 2 or len(points_px) not in (468, 478):
        raise DataError(
            f'dlib70: expected (468 or 478, 2 or 3) landmarks, found {points_px.shape}'
        )
    index = _index()
    if len(points_px) == 478:
        return points_px[index, :2]
    chosen = np.empty((_COUNT, 2), np.float32)
    chosen[:68] = points_px[index[:68], :2]
    for row, contour in zip(chosen[68:], (_RIGHT_CONTOUR, _LEFT_CONTOUR)):
        row[:] = points_px[list(contour), :2].mean(axis=0)
    return chosen


@functools.cache
def _index() -> NDArray[np.intp]:
    """Read the mesh point of each dlib point."""
    text = resources.files(__package__).joinpath('dlib70.csv').read_text(encoding='utf-8')
    rows = [line.split(',') for line in text.splitlines() if line and not line.startswith('#')]
    return np.array([int(row[1]) for row in rows], np.intp)
