"""Where to look for landmarks: rotated squares from detections and from earlier landmarks.

Pure geometry that the rooms share. The rules are those of MediaPipe Face Mesh
(Kartynnik et al. 2019), which the landmark nets were trained with: a square of 1.5 times the
face's longer side, turned so that the eyes are level.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.types import Detection, Float64, Roi, RotatedRoi

EXPANSION = 1.5  # side of the square / longer side of the face
RIGHT_EYE_OUTER = 33  # the subject's own right: on the image's left
LEFT_EYE_OUTER = 263


def roi_from_detection(detection: Detection) -> RotatedRoi:
    """Return the square in which to look for the landmarks of a detected face."""
    box, (right_eye, left_eye) = detection.roi, detection.keypoints_px[:2].tolist()
    return RotatedRoi(
        centre_x=box.x + box.width / 2,
        centre_y=box.y + box.height / 2,
        size=EXPANSION * max(box.width, box.height),
        rotation_rad=_level(right_eye, left_eye),
    )


def roi_from_landmarks(points_px: NDArray[np.floating]) -> RotatedRoi:
    """Return the square in which to look for the same face in the next frame.

    :param points_px: (468 or 478, 2 or 3) landmarks in pixels of the frame.
    :raises DataError: the points are not finite or all on one spot.
    """
    box = box_around(points_px)
    return RotatedRoi(
        centre_x=box.x + box.width / 2,
        centre_y=box.y + box.height / 2,
        size=EXPANSION * max(box.width, box.height),
        rotation_rad=roll_from_landmarks(points_px),
    )


def roll_from_landmarks(points_px: NDArray[np.floating]) -> float:
    """Return how far the eyes of a face are from level, clockwise in the image, in [-pi, pi).

    :param points_px: (468 or 478, 2 or 3) landmarks in pixels of the frame.
    """
    return _level(points_px[RIGHT_EYE_OUTER].tolist(), points_px[LEFT_EYE_OUTER].tolist())


def box_around(points_px: NDArray[np.floating], margin: float = 0.0) -> Roi:
    """Return the upright box around points.

    :param points_px: (N, 2 or 3) in pixels of the frame.
    :param margin: added on each side, as a share of the box's width and height.
    """
    if points_px.ndim != 2 or len(points_px) < 2 or points_px.shape[1] not in (2, 3):
        raise DataError(
            f'box_around: expected two or more points (N, 2 or 3), found {points_px.shape}'
        )
    # Columns are strided: a contiguous copy is twice as fast to reduce.
    xy = np.ascontiguousarray(points_px[:, :2].T)
    (left, top), (right, bottom) = xy.min(axis=1).tolist(), xy.max(axis=1).tolist()
    width, height = right - left, bottom - top
    return Roi(
        x=left - margin * width,
        y=top - margin * height,
        width=width * (1 + 2 * margin),
        height=height * (1 + 2 * margin),
    )


def distance(one: RotatedRoi, other: RotatedRoi) -> float:
    """Return the distance of two centres in pixels."""
    return math.hypot(one.centre_x - other.centre_x, one.centre_y - other.centre_y)


def crop_to_frame(roi: RotatedRoi, size_px: int) -> Float64:
    """Return the (2, 3) similarity from an upright crop of ``size_px`` pixels to the frame.

    Both sides have the centre of their first pixel at (0.5, 0.5).
    """
    scale = roi.size / size_px
    cos, sin = math.cos(roi.rotation_rad) * scale, math.sin(roi.rotation_rad) * scale
    half = size_px / 2
    return np.array(
        [
            [cos, -sin, roi.centre_x - (cos - sin) * half],
            [sin, cos, roi.centre_y - (sin + cos) * half],
        ]
    )


def nearest_rotation(matrix: Float64) -> tuple[Float64, float]:
    """Return the rotation that is nearest to a (3, 3) covariance, and its trace with it.

    Umeyama 1991: of a Procrustes fit the trace is the scale. By OpenCV, whose decomposition of so
    small a matrix takes a quarter of the time of NumPy's.
    """
    singular, u, vt = cv2.SVDecomp(matrix)
    rotation: Float64 = u @ vt
    (a, b, c), (d, e, f), (g, h, i) = rotation.tolist()
    if a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g) < 0.0:  # a mirror image
        u[:, 2], singular[2] = -u[:, 2], -singular[2]
        rotation = u @ vt
    return rotation, float(singular.sum())


def _level(right_eye: list[float], left_eye: list[float]) -> float:
    """Return the turn that brings the eyes level, in [-pi, pi)."""
    angle = math.atan2(left_eye[1] - right_eye[1], left_eye[0] - right_eye[0])
    return angle if angle < math.pi else -math.pi
