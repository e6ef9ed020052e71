"""Head pose from landmarks, and rotations as quaternions."""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment.canonical import canonical_face
from fer_ros.errors import DataError
from fer_ros.roi import nearest_rotation
from fer_ros.types import CameraIntrinsics, Float32, Float64, HeadPose

# Axes of a head that faces the camera, as columns in the camera's optical frame: x out of the
# face and towards the camera, y to the subject's left (the image's right), z up.
FACING: Float64 = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])


def head_pose(points_px: Float32, intrinsics: CameraIntrinsics) -> HeadPose:
    """Return where the head is, in closed form.

    The landmarks' relative depth makes them a cloud in space, known up to its scale; a weighted
    Procrustes fit (Umeyama 1991) of the canonical face gives rotation, position and that scale.
    Depth makes it steadier under expressions than a fit to the image points alone. Position is
    as right as the person's head is of average size: about 5 %.

    :param points_px: (468 or 478, 3) float32 landmarks in the frame, z in pixels.
    :param intrinsics: of images of the frame's size; guessed ones give angles, not metres.
    :raises DataError: the points are not finite or all on one spot.
    """
    model, weights, basis = _rigid_model()
    seen = _unproject(points_px.take(canonical_face().rigid, axis=0), intrinsics)
    mean = weights @ seen
    # basis is (K, 3): the centred model with the weights and its inverse variance in it.
    rotation, scale = nearest_rotation((seen - mean).T @ basis)
    if not scale > 1e-12:
        raise DataError('head_pose: expected a face, found its landmarks on one spot')
    translation = (mean - rotation @ (scale * model)) / scale
    yaw, pitch, roll = euler(FACING.T @ rotation)
    return HeadPose(rotation, translation, yaw, pitch, roll)


def _unproject(points_px: Float32, intrinsics: CameraIntrinsics) -> Float64:
    """Return (K, 3) points in the camera's frame, as multiples of the head's unknown distance."""
    points = points_px.astype(np.float64)
    if not math.isfinite(float(points.sum())):
        raise DataError('head_pose: expected finite landmarks, found NaN or infinity')
    # z is in the pixels of x and y at the head's distance: there, a pixel is distance / f wide.
    focal = math.sqrt(intrinsics.fx * intrinsics.fy)
    depth = 1.0 + points[:, 2] / focal
    points[:, 0] = (points[:, 0] - intrinsics.cx) / intrinsics.fx * depth
    points[:, 1] = (points[:, 1] - intrinsics.cy) / intrinsics.fy * depth
    points[:, 2] = depth
    return points


@functools.cache
def _rigid_model() -> tuple[Float64, Float64, Float64]:
    """Return the rigid points' mean (3,), their weights (K,) and the basis of the fit (K, 3)."""
    face = canonical_face()
    points = face.points_m[face.rigid]
    mean = face.weights @ points
    centred = points - mean
    variance = float(face.weights @ (centred**2).sum(axis=1))
    return mean, face.weights, centred * face.weights[:, None] / variance


def euler(rotation: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return yaw, pitch and roll in radians, turned in this order about z, y and x (REP-103)."""
    yaw = math.atan2(rotation[1, 0], rotation[0, 0])
    pitch = math.asin(min(1.0, max(-1.0, -rotation[2, 0])))
    roll = math.atan2(rotation[2, 1], rotation[2, 2])
    return yaw, pitch, roll


def quaternion(rotation: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return a rotation matrix (3, 3) as the unit quaternion (x, y, z, w) with w >= 0.

    Shepperd's method (1978): divides by the largest component, so that no turn is singular.
    """
    r = rotation.tolist()
    trace = r[0][0] + r[1][1] + r[2][2]
    largest = max((trace, 3), (r[0][0], 0), (r[1][1], 1), (r[2][2], 2))[1]
    if largest == 3:
        parts = [r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1], 1.0 + trace]
    else:
        i, j, k = largest, (largest + 1) % 3, (largest + 2) % 3
        parts = [0.0, 0.0, 0.0, r[k][j] - r[j][k]]
        parts[i] = 1.0 + r[i][i] - r[j][j] - r[k][k]
        parts[j], parts[k] = r[j][i] + r[i][j], r[k][i] + r[i][k]
    length = math.copysign(math.hypot(*parts), parts[3])
    x, y, z, w = (part / length for part in parts)
    return x, y, z, w
