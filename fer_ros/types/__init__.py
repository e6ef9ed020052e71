"""The vocabulary that every room speaks: frozen dataclasses, validated when they are made.

Pixels are RGB uint8, coordinates are pixels of the camera frame (x right, y down, the centre of
the first pixel at 0.5, 0.5), time is integer nanoseconds, and left and right are the subject's
own.
"""

from fer_ros.types.actuation import ActuatorCommand, AuPose
from fer_ros.types.arrays import Float32, Float64, UInt8
from fer_ros.types.expressions import (
    NO_ACTION_UNITS,
    NO_STATES,
    ActionUnit,
    ClipExpression,
    Compound,
    Evidence,
    Expression,
    ExpressionEvent,
    FaceState,
)
from fer_ros.types.faces import AlignedFace, Detection, Face, FaceQuality, HeadPose, Landmarks
from fer_ros.types.frames import CameraIntrinsics, Frame, Roi, RotatedRoi

__all__ = [
    'NO_ACTION_UNITS',
    'NO_STATES',
    'ActionUnit',
    'ActuatorCommand',
    'AlignedFace',
    'AuPose',
    'CameraIntrinsics',
    'ClipExpression',
    'Compound',
    'Detection',
    'Evidence',
    'Expression',
    'ExpressionEvent',
    'Face',
    'FaceQuality',
    'FaceState',
    'Float32',
    'Float64',
    'Frame',
    'HeadPose',
    'Landmarks',
    'Roi',
    'RotatedRoi',
    'UInt8',
]
