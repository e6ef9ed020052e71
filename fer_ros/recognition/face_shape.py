"""A face's landmarks without its pose: in centimetres on an average neutral head.

A weighted Procrustes fit (Umeyama 1991) of the mean neutral face to the landmarks, depth included,
takes position, size and rotation out. Head axes as in MediaPipe Face Geometry: x to the subject's
left, y up, z out of the face.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.inference.store import load_table
from fer_ros.roi import nearest_rotation
from fer_ros.types import Float64

POINTS = 478
SKIN = 468  # points of the skin; the rest are irises
_TO_HEAD = np.array([1.0, -1.0, -1.0])  # pixels have y down and z away from the camera


@dataclass(frozen=True, slots=True, eq=False)
class NeutralFace:
    """The mean neutral face.

    :param points_cm: (478, 3) float64, symmetric.
    :param rigid: (K,) indices of the points that tell the pose.
    :param weights: (K,) their weights, sum 1.
    :param mirror: (478,) each point's twin on the other side.
    """

    points_cm: Float64
    rigid: NDArray[np.intp]
    weights: Float64
    mirror: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class FaceShape:
    """A face without its pose, and the pose that was taken out.

    :param points_cm: (478, 3) float64.
    :param head_to_frame: (3, 3) float64, a vector of the head in centimetres to pixels of the
        frame (x right, y down, z away from the camera): rotation and scale.
    """

    points_cm: Float64
    head_to_frame: Float64


@functools.cache
def neutral_face() -> NeutralFace:
    """Read the table once.

    :raises ModelError: it is missing or not as it must be.
    """
    table = load_table('neutral_face.csv', 'the neutral face', POINTS, 'x,y,z,weight,mirror')
    rigid = np.flatnonzero(table[:, 3])
    weights = table[rigid, 3] / table[rigid, 3].sum()
    return NeutralFace(table[:, :3], rigid, weights, table[:, 4].astype(np.intp))


def face_shape(points_px: NDArray[np.floating]) -> FaceShape:
    """Take the pose out of landmarks.

    :param points_px: (478, 3) in pixels of the frame, z in pixels too.
    :raises DataError: another number of points, not finite, or all on one spot.
    """
    if points_px.shape != (POINTS, 3):
        raise DataError(
            f'landmarks: expected ({POINTS}, 3), found {points_px.shape}; use the mesh with irises'
        )
    model, weights, basis, rigid = _fit()
    fitted = points_px.take(rigid, axis=0) * _TO_HEAD
    centre = weights @ fitted
    covariance = (fitted - centre).T @ basis
    if not math.isfinite(float(covariance.sum())):
        raise DataError('landmarks: expected finite numbers, found NaN or infinity')
    rotation, scale = nearest_rotation(covariance)
    if not scale > 1e-12:
        raise DataError('landmarks: expected a face, found its points on one spot')
    turn = rotation / scale
    points_cm = points_px.astype(np.float64) @ (_TO_HEAD[:, None] * turn) + (model - centre @ turn)
    return FaceShape(points_cm, scale * _TO_HEAD[:, None] * rotation)


@functools.cache
def _fit() -> tuple[Float64, Float64, Float64, NDArray[np.intp]]:
    """Return the rigid points' mean (3,), weights (K,), the basis of the fit (K, 3), indices."""
    face = neutral_face()
    return (*procrustes_basis(face.points_cm[face.rigid], face.weights), face.rigid)


def procrustes_basis(model: Float64, weights: Float64) -> tuple[Float64, Float64, Float64]:
    """Return mean (3,), weights (K,) and the (K, 3) basis that a fit multiplies with."""
    mean: Float64 = weights @ model
    centred = model - mean
    variance = float(weights @ (centred**2).sum(axis=1))
    return mean, weights, centred * weights[:, None] / variance
