"""The canonical face: an average head in centimetres, with the axes of ``face_<id>``.

It comes with MediaPipe Face Geometry; a column of the table weighs the points that tell the
head's pose: those that expressions move least.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_ros.inference.store import load_table
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
    table = load_table('canonical_face.csv', 'the canonical face', _POINTS, 'x,y,z,weight')
    # The table's axes are x to the subject's left, y up, z out of the face.
    points_m = table[:, [2, 0, 1]] / 100.0
    rigid = np.flatnonzero(table[:, 3])
    weights = table[rigid, 3] / table[rigid, 3].sum()
    return CanonicalFace(points_m - points_m[SELLION], rigid, weights)
