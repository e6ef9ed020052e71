"""Faces and expressions made by hand, for tests of what stands behind alignment."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.taxonomy import EMOTIONS, LandmarkScheme, Phase, QualityFlag
from fer_ros.types import (
    AlignedFace,
    Expression,
    Face,
    FaceQuality,
    FaceState,
    Frame,
    HeadPose,
    Roi,
)

GOOD = FaceQuality(1.0, QualityFlag.NONE, 120.0, 0.9, 0.5)


def quality(score: float, flags: QualityFlag = QualityFlag.NONE) -> FaceQuality:
    return FaceQuality(score, flags, 120.0, 0.9, 0.5)


def expression(labels: tuple[str, ...] = EMOTIONS, **shares: float) -> Expression:
    """Give the named emotions their share and the first of all the rest."""
    probabilities = np.zeros(len(labels), np.float32)
    for label, share in shares.items():
        probabilities[labels.index(label)] = share
    probabilities[0] += 1.0 - sum(shares.values())
    return Expression(labels, probabilities, 0.25, -0.5, float(probabilities.max()), ('made',))


def frame(stamp_ns: int = 0, width: int = 640, height: int = 480) -> Frame:
    return Frame(stamp_ns, 'camera', 0, np.zeros((height, width, 3), np.uint8))


def pose(yaw_rad: float = 0.0, pitch_rad: float = 0.0, roll_rad: float = 0.0) -> HeadPose:
    """Return a head that faces the camera one metre in front of it, with any angles."""
    forward = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0], [-1.0, 0.0, 0.0]])
    return HeadPose(forward, np.array([0.0, 0.0, 1.0]), yaw_rad, pitch_rad, roll_rad)


def face(**fields: Any) -> Face:
    """Return a face without readable eyes: all its points are one."""
    values = {
        'face_id': 'f1',
        'stamp_ns': 0,
        'roi': Roi(64.0, 48.0, 128.0, 96.0),
        'score': 0.75,
        'landmarks_px': np.full((478, 3), 100.0, np.float32),
        'scheme': LandmarkScheme.MEDIAPIPE_478,
        'head_pose': None,
        'quality': GOOD,
    }
    return Face(**{**values, **fields})


def state(**fields: Any) -> FaceState:
    values = {
        'face': face(),
        'expression': expression(happiness=0.75),
        'label': 'happiness',
        'intensity': 0.75,
        'phase': Phase.APEX,
        'phase_started_ns': 0,
        'compound': None,
        'abstained': '',
    }
    return FaceState(**{**values, **fields})


def aligned(pixels: np.ndarray, face_id: str = 'f1') -> AlignedFace:
    return AlignedFace(face_id, 0, pixels, np.eye(2, 3), GOOD)
