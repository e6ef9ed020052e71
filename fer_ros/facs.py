"""Head pose, gaze and visibility as FACS codes (Ekman, Friesen & Hager 2002).

Intensity is the angle's share of the largest one that counts: 60 degrees for the head, 30 for
the eyes are 1.
"""

from __future__ import annotations

import math

from fer_ros.taxonomy import QualityFlag
from fer_ros.types import ActionUnit, Face

HEAD_LIMIT_RAD = math.radians(60)
EYES_LIMIT_RAD = math.radians(30)

HEAD_LEFT, HEAD_RIGHT, HEAD_UP, HEAD_DOWN, TILT_LEFT, TILT_RIGHT = 51, 52, 53, 54, 55, 56
EYES_LEFT, EYES_RIGHT, EYES_UP, EYES_DOWN = 61, 62, 63, 64
BROWS_NOT_VISIBLE, EYES_NOT_VISIBLE, LOWER_FACE_NOT_VISIBLE, NOTHING_VISIBLE = 70, 71, 72, 73


def head_units(face: Face) -> dict[int, ActionUnit]:
    """Return codes 51 to 56 from the head's pose; empty without one."""
    pose = face.head_pose
    if pose is None:
        return {}
    return {
        **_pair(pose.yaw_rad, HEAD_LEFT, HEAD_RIGHT, HEAD_LIMIT_RAD, face.score),
        **_pair(pose.pitch_rad, HEAD_DOWN, HEAD_UP, HEAD_LIMIT_RAD, face.score),
        **_pair(pose.roll_rad, TILT_RIGHT, TILT_LEFT, HEAD_LIMIT_RAD, face.score),
    }


def gaze_units(yaw_rad: float, pitch_rad: float, confidence: float) -> dict[int, ActionUnit]:
    """Return codes 61 to 64 from the eyes' turn in the head (to the subject's left, down)."""
    return {
        **_pair(yaw_rad, EYES_LEFT, EYES_RIGHT, EYES_LIMIT_RAD, confidence),
        **_pair(pitch_rad, EYES_DOWN, EYES_UP, EYES_LIMIT_RAD, confidence),
    }


def visibility_units(face: Face) -> dict[int, ActionUnit]:
    """Return codes 70 to 73 from what the quality room sees covered.

    It tells the upper half from the lower; brows and eyes are hidden together.
    """
    flags = face.quality.flags
    upper = QualityFlag.OCCLUDED_UPPER in flags
    lower = QualityFlag.OCCLUDED_LOWER in flags
    return {
        BROWS_NOT_VISIBLE: _shown(upper, face.score),
        EYES_NOT_VISIBLE: _shown(upper, face.score),
        LOWER_FACE_NOT_VISIBLE: _shown(lower, face.score),
        NOTHING_VISIBLE: _shown(upper and lower, face.score),
    }


def _shown(shown: bool, confidence: float) -> ActionUnit:
    return ActionUnit(1.0 if shown else 0.0, confidence)


def _pair(
    angle_rad: float, positive: int, negative: int, limit_rad: float, confidence: float
) -> dict[int, ActionUnit]:
    """Return the two codes of one axis: an angle shows in one, the other is at rest."""
    strength = min(abs(angle_rad) / limit_rad, 1.0)
    shown, rest = (positive, negative) if angle_rad > 0 else (negative, positive)
    return {shown: ActionUnit(strength, confidence), rest: ActionUnit(0.0, confidence)}
