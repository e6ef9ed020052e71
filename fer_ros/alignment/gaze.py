"""A coarse gaze: where the irises sit between the corners of their eyes, plus the head's turn.

Each eye is a ball behind the middle of its corners; the iris centre lies on the ball, and the
line from the ball's centre through it is the gaze. Without calibration and with irises of a few
pixels this tells left from right and up from down, not what is looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fer_ros.alignment.canonical import canonical_face
from fer_ros.alignment.pose import quaternion
from fer_ros.types import Face, Float32, Float64, HeadPose

# Mesh points of an eye: corners (the image's left one first), upper and lower lid, iris centre.
_RIGHT_EYE = (33, 133, 159, 145, 468)
_LEFT_EYE = (362, 263, 386, 374, 473)

_IRIS_RADIUS_M = 0.0105  # of the circle that an iris centre moves on
# The ball's centre from the middle of the eye's corners, along the head's axes: behind it, and
# above, for the lids' corners lie below the pupil (fitted to photos of people who look at us).
_BALL_OFFSET_M = np.array([-0.0045, 0.0, 0.0015])
_MAX_YAW_RAD = math.radians(40)  # eyes turn about that far in the head
_MAX_PITCH_RAD = math.radians(30)
_MIN_OPENING = 0.12  # gap between the lids / width of the eye; below, the iris is a guess
_MIN_EYE_PX = 8.0  # below, half a pixel on the iris is more than five degrees


@dataclass(frozen=True, slots=True, eq=False)
class Gaze:
    """Where a face looks.

    :param rotation: (3, 3) float64, gaze axes (z along the gaze, x to the subject's right, y
        down: an optical frame, REP-155) to camera axes.
    :param eye_yaw_rad: of the eyes in the head, positive to the subject's left, within 40 degrees.
    :param eye_pitch_rad: of the eyes in the head, positive down, within 30 degrees.
    :param from_eyes: False where no iris could be read and the head's direction stands in.
    """

    rotation: Float64
    eye_yaw_rad: float
    eye_pitch_rad: float
    from_eyes: bool


def gaze(face: Face) -> Gaze | None:
    """Return the gaze of a face, or None where its head pose is unknown."""
    pose = face.head_pose
    if pose is None:
        return None
    head = _towards_head(pose.translation_m) @ pose.rotation
    scale = _metres_per_pixel(face.landmarks_px, head)
    angles = [
        angle
        for eye in (_RIGHT_EYE, _LEFT_EYE)
        if (angle := _eye_angles(face.landmarks_px, eye, head, scale)) is not None
    ]
    yaw = sum(angle[0] for angle in angles) / max(len(angles), 1)
    pitch = sum(angle[1] for angle in angles) / max(len(angles), 1)
    yaw = min(max(yaw, -_MAX_YAW_RAD), _MAX_YAW_RAD)
    pitch = min(max(pitch, -_MAX_PITCH_RAD), _MAX_PITCH_RAD)
    return Gaze(_gaze_rotation(pose, yaw, pitch), yaw, pitch, bool(angles))


def gaze_quaternion(face: Face) -> tuple[float, float, float, float]:
    """Return the rotation of ``gaze_<id>`` as (x, y, z, w); no rotation without a head pose."""
    found = gaze(face)
    return (0.0, 0.0, 0.0, 1.0) if found is None else quaternion(found.rotation)


def _eye_angles(
    points_px: Float32, eye: tuple[int, int, int, int, int], head: Float64, scale: float
) -> tuple[float, float] | None:
    """Return one eye's yaw and pitch in the head, or None where its iris can not be read.

    :param head: (3, 3) head axes to those of the line of sight.
    :param scale: metres of a pixel.
    """
    if eye[4] >= len(points_px):
        return None
    points = points_px.take(eye, axis=0)[:, :2].tolist()
    outer, inner, upper, lower, iris = points
    width = math.dist(outer, inner)
    if width < _MIN_EYE_PX or math.dist(upper, lower) < _MIN_OPENING * width:
        return None
    ball = (head @ _BALL_OFFSET_M).tolist()
    x, y = (
        ((at - (one + other) / 2) * scale - centre) / _IRIS_RADIUS_M
        for at, one, other, centre in zip(iris, outer, inner, ball)
    )
    reach = x * x + y * y
    if reach > 0.9:  # beyond what the ball can show: to its edge
        shorter = math.sqrt(0.9 / reach)
        x, y, reach = x * shorter, y * shorter, 0.9
    line = (np.array([x, y, -math.sqrt(1.0 - reach)]) @ head).tolist()
    return math.atan2(line[1], line[0]), -math.asin(min(1.0, max(-1.0, line[2])))


def _metres_per_pixel(points_px: Float32, head: Float64) -> float:
    """Return the scale at the eyes, from the distance of their outer corners."""
    right, left = _RIGHT_EYE[0], _LEFT_EYE[1]
    model = canonical_face().points_m
    apart_m = math.hypot(*(head @ (model[left] - model[right]))[:2].tolist())
    apart_px = math.dist(points_px[left, :2].tolist(), points_px[right, :2].tolist())
    return apart_m / max(apart_px, 1e-6)


def _towards_head(position_m: Float64) -> Float64:
    """Return (3, 3), camera axes to axes whose z is the line of sight to the head."""
    x, y, z = position_m.tolist()
    away, across = max(math.hypot(x, y, z), 1e-9), max(math.hypot(x, z), 1e-9)
    right, back = z / across, -x / across
    x, y, z = x / away, y / away, z / away
    return np.array([[right, 0.0, back], [y * back, z * right - x * back, -y * right], [x, y, z]])


def _gaze_rotation(pose: HeadPose, yaw: float, pitch: float) -> Float64:
    """Return gaze axes to camera axes for eyes turned that far in the head."""
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    eyes = np.array([[cy * cp, -sy, cy * sp], [sy * cp, cy, sy * sp], [-sp, 0.0, cp]])
    # Columns of `eyes` are forward, left, up in the head; an optical frame wants right, down,
    # forward.
    optical = np.stack([-eyes[:, 1], -eyes[:, 2], eyes[:, 0]], axis=1)
    rotation: Float64 = pose.rotation @ optical
    return rotation
