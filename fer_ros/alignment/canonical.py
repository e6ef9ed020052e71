"""The canonical face: an average head in centimetres, with the axes of ``face_<id>``.

It comes with MediaPipe Face Geometry; a column of the table weighs the points that tell the
head's pose: those that expressions move least.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import ModelError
from fer_ros.inference.store import model_dir
from fer_ros.types import Float64

SELLION = 168  # bridge of the nose between the eyes: the origin of face_<id>
_POINTS = 468


@dataclass(frozen=True, slots=True, eq=False)
class CanonicalFace:
    """The average head, origin at the sellion, x out of the face, y to its left, z up.

    :param points_m: (468, 3) float64 metres, one row per mesh point.
    :param rigid: (K,) indices of the points that tell the pose.
    :param weights: (K,) their weights, sum 1.
    """

    points_m: Float64
    rigid: NDArray[np.intp]
    weights: Float64


@functools.cache
def canonical_face() -> CanonicalFace:
    """Read the table once.

    :raises ModelError: it is missing or not as it must be.
    """
    path = model_dir() / 'data' / 'canonical_face.csv'
    try:
        table = np.loadtxt(path, delimiter=',', dtype=np.float64)
    except (OSError, ValueError) as error:
        raise ModelError(
            f'{path}: expected the canonical face, not readable: {error}; '
            'install the package again'
        ) from None
    if table.shape != (_POINTS, 4) or not (table[:, 3] > 0).any():
        raise ModelError(
            f'{path}: expected {_POINTS} rows x,y,z,weight, found {table.shape}; '
            'install the package again'
        )
    # The table's axes are x to the subject's left, y up, z out of the face.
    points_m = table[:, [2, 0, 1]] / 100.0
    rigid = np.flatnonzero(table[:, 3])
    weights = table[rigid, 3] / table[rigid, 3].sum()
    return CanonicalFace(points_m - points_m[SELLION], rigid, weights)
