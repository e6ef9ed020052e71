"""Faces as they are found, followed and turned upright."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fer_ros.errors import DataError
from fer_ros.taxonomy import LandmarkScheme, QualityFlag
from fer_ros.types.arrays import (
    Float32,
    Float64,
    UInt8,
    require_array,
    require_range,
    require_shares,
)
from fer_ros.types.frames import Roi, RotatedRoi


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """What the detector found.

    :param roi: the face's box.
    :param score: 0..1.
    :param keypoints_px: (6, 2) float32: right eye, left eye, nose tip, mouth, right and left ear.
    """

    roi: Roi
    score: float
    keypoints_px: Float32

    def __post_init__(self) -> None:
        """Check score and key points."""
        require_range('Detection', 'score', self.score, 0.0, 1.0)
        require_array('Detection', 'keypoints_px', self.keypoints_px, (6, 2), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Landmarks read from one rotated ROI.

    :param roi: where they were looked for.
    :param points_px: (N, 3) float32 in the frame; z in pixels too, negative towards the camera.
    :param presence: 0..1, how sure the net is that the ROI holds a face.
    """

    roi: RotatedRoi
    points_px: Float32
    presence: float
    scheme: LandmarkScheme

    def __post_init__(self) -> None:
        """Check presence and points."""
        require_range('Landmarks', 'presence', self.presence, 0.0, 1.0)
        require_array('Landmarks', 'points_px', self.points_px, (None, 3), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class HeadPose:
    """Where the head is and how it is turned, in the camera's optical frame (REP-103).

    :param rotation: (3, 3) float64, head axes (x out of the face, y to the subject's left, z up)
        to camera axes (x right, y down, z forward).
    :param translation_m: (3,) float64, the sellion; metres only with a calibrated camera.
    :param yaw_rad: positive when the subject turns to their own left.
    :param pitch_rad: positive when the subject looks down.
    :param roll_rad: positive when the subject's head tilts to their own right shoulder.
    """

    rotation: Float64
    translation_m: Float64
    yaw_rad: float
    pitch_rad: float
    roll_rad: float

    def __post_init__(self) -> None:
        """Check the arrays."""
        require_array('HeadPose', 'rotation', self.rotation, (3, 3), np.float64)
        require_array('HeadPose', 'translation_m', self.translation_m, (3,), np.float64)


_QUALITY_SHARES = (
    'score', 'sharpness', 'brightness', 'noise', 'hidden_upper', 'hidden_lower', 'burnt',
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """How well a face can be read.

    :param score: 0 (useless) .. 1 (as good as it gets).
    :param flags: what is wrong.
    :param width_px: width of the face in the frame.
    :param sharpness: 0..1, independent of the face's size and contrast.
    :param brightness: mean luma of the face, 0..1.
    :param noise: deviation of the noise in the face, as a share of the range of luma, 0..1.
    :param turn_rad: angle between the face's direction and the line to the camera, 0..pi.
    :param hidden_upper, hidden_lower: how likely eyes and mouth are covered, 0..1.
    :param burnt: share of the face's pixels that are white, 0..1.
    :param tilt_rad: angle between the face and the image's upright, either way, 0..pi.
    """

    score: float
    flags: QualityFlag
    width_px: float
    sharpness: float
    brightness: float
    noise: float = 0.0
    turn_rad: float = 0.0
    hidden_upper: float = 0.0
    hidden_lower: float = 0.0
    burnt: float = 0.0
    tilt_rad: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        require_shares('FaceQuality', **{name: getattr(self, name) for name in _QUALITY_SHARES})
        for name in ('turn_rad', 'tilt_rad'):
            require_range('FaceQuality', name, getattr(self, name), 0.0, math.pi)


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A tracked face in one frame.

    :param face_id: a letter first, unique and transient (REP-155).
    :param stamp_ns: stamp of the frame.
    :param roi: upright box around the landmarks.
    :param score: presence of a face, 0..1.
    :param landmarks_px: (N, 3) float32; z in pixels too, negative towards the camera.
    :param scheme: which points those are.
    """

    face_id: str
    stamp_ns: int
    roi: Roi
    score: float
    landmarks_px: Float32
    scheme: LandmarkScheme
    head_pose: HeadPose | None
    quality: FaceQuality

    def __post_init__(self) -> None:
        """Check id, score and landmarks."""
        if not self.face_id[:1].isalpha():
            raise DataError(
                f'Face.face_id: expected a letter first (REP-155), found {self.face_id!r}'
            )
        require_range('Face', 'score', self.score, 0.0, 1.0)
        require_array('Face', 'landmarks_px', self.landmarks_px, (None, 3), np.float32)
        if not np.isfinite(self.landmarks_px).all():
            raise DataError('Face.landmarks_px: expected finite numbers, found NaN or infinity')


@dataclass(frozen=True, slots=True, eq=False)
class AlignedFace:
    """A face turned upright and scaled to the recogniser's template.

    :param pixels: (S, S, 3) uint8 RGB.
    :param frame_to_aligned: (2, 3) float64, similarity from frame pixels to crop pixels.
    """

    face_id: str
    stamp_ns: int
    pixels: UInt8
    frame_to_aligned: Float64
    quality: FaceQuality

    def __post_init__(self) -> None:
        """Check crop and transform."""
        owner = 'AlignedFace'
        require_array(owner, 'pixels', self.pixels, (None, None, 3), np.uint8)
        require_array(owner, 'frame_to_aligned', self.frame_to_aligned, (2, 3), np.float64)
