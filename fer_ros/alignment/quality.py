"""How well a face can be read: resolution, blur, exposure, pose, occlusion.

All of it is read from one small upright patch with the recogniser's framing, so that it is
judged at the scale at which the face will be recognised.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import cv2
import numpy as np

from fer_ros.alignment.crop import similarity_to_template
from fer_ros.alignment.halves import Halves
from fer_ros.alignment.landmarker import crop_face
from fer_ros.alignment.occlusion import occlusion
from fer_ros.errors import ConfigError
from fer_ros.roi import roll_from_landmarks
from fer_ros.taxonomy import QualityFlag
from fer_ros.types import FaceQuality, Float32, Frame, HeadPose, Landmarks, RotatedRoi, UInt8

_PATCH_PX = 64
_SMALLEST_PATCH_PX = 16
_CHEEKS = (234, 454)  # the mesh's rightmost and leftmost points

# Sharpness compares two octaves of detail, taken by Gaussians of these widths in pixels of the
# patch; its border is left out.
_FINE_SIGMA, _COARSE_SIGMA, _BORDER_PX = 0.8, 1.6, 4
_NOISE_GAIN = 0.0906  # energy of white noise in the coarser octave / in the finer one
_ROUNDING, _DOUBT = 0.6, 0.6  # energy that 8 bit and the estimate of noise leave uncertain
_CRISP_RATIO = 0.6  # finer / coarser of a crisp face

_BURNT = 250  # luma from which a pixel tells nothing but 'bright'


@dataclass(frozen=True, slots=True)
class QualityConfig:
    """Thresholds beyond which a flag is set.

    :param min_width_px: width of the face, cheek to cheek (LOW_RESOLUTION).
    :param min_sharpness: 0..1 (BLUR); not judged, like occlusion, in faces of low resolution.
    :param min_brightness: luma that 95 % of the face are darker than (DARK), 0..1. A percentile,
        not the mean: dark skin has highlights, an underexposed face has none.
    :param max_burnt: share of the face's pixels that are white (OVEREXPOSED), 0..1.
    :param max_turn_rad: angle between the face's direction and the line to the camera
        (EXTREME_POSE).
    :param max_occlusion: how sure the occlusion net may be that a half of the face is hidden
        (OCCLUDED_UPPER, OCCLUDED_LOWER), 0..1.
    """

    min_width_px: float = 24.0
    min_sharpness: float = 0.35
    min_brightness: float = 0.22
    max_burnt: float = 0.25
    max_turn_rad: float = math.radians(45)
    max_occlusion: float = 0.7

    def __post_init__(self) -> None:
        """Check that the thresholds are positive numbers."""
        for item in fields(self):
            value = getattr(self, item.name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigError(f'{item.name}: expected a number from 0 on, found {value!r}')


_DEFAULT = QualityConfig()


def assess_quality(
    frame: Frame,
    landmarks: Landmarks,
    head_pose: HeadPose,
    config: QualityConfig | None = None,
    halves: Halves | None = None,
) -> FaceQuality:
    """Judge how well a face of this frame can be read.

    :param halves: of the frame's pixels, to share them with other crops.
    """
    config = config or _DEFAULT
    points_px = landmarks.points_px
    width_px = math.dist(points_px[_CHEEKS[0], :2], points_px[_CHEEKS[1], :2])
    patch = face_patch(halves or frame.pixels, points_px)
    sharp, noise = _detail(patch)
    mean, bright, burnt = _exposure(patch)
    turn = turn_from_camera(head_pose)
    tilt = abs(roll_from_landmarks(points_px))
    small = width_px < config.min_width_px
    upper, lower = (0.0, 0.0) if small else occlusion(patch)
    flags = QualityFlag.NONE
    for fails, flag in (
        (small, QualityFlag.LOW_RESOLUTION),
        (sharp < config.min_sharpness and not small, QualityFlag.BLUR),
        (bright < config.min_brightness, QualityFlag.DARK),
        (turn > config.max_turn_rad, QualityFlag.EXTREME_POSE),
        (burnt > config.max_burnt, QualityFlag.OVEREXPOSED),
        (upper > config.max_occlusion, QualityFlag.OCCLUDED_UPPER),
        (lower > config.max_occlusion, QualityFlag.OCCLUDED_LOWER),
    ):
        if fails:
            flags |= flag
    score = (
        _share(width_px, config.min_width_px)
        * _share(sharp, config.min_sharpness)
        * _share(bright, config.min_brightness)
        * (1.0 - _share(turn, config.max_turn_rad) ** 2)
        * (1.0 - _share(burnt, config.max_burnt) ** 2)
        * (1.0 - _share(max(upper, lower), config.max_occlusion) ** 2)
    )
    return FaceQuality(score, flags, width_px, sharp, mean, noise, turn, upper, lower, burnt, tilt)


def face_patch(pixels: UInt8 | Halves, points_px: Float32) -> UInt8:
    """Return the face upright and grey, (S, S) uint8; S is 64 or, of a smaller face, its size."""
    crop_to_unit = similarity_to_template(points_px, 1)
    a, b = float(crop_to_unit[0, 0]), float(crop_to_unit[1, 0])
    side = 1.0 / math.hypot(a, b)
    # The unit square's centre, taken back by the inverse of the similarity.
    u, v = 0.5 - float(crop_to_unit[0, 2]), 0.5 - float(crop_to_unit[1, 2])
    roi = RotatedRoi(
        centre_x=(a * u + b * v) * side**2,
        centre_y=(a * v - b * u) * side**2,
        size=side,
        rotation_rad=-math.atan2(b, a),
    )
    # Not enlarged: interpolation would look like blur.
    size_px = min(max(round(side), _SMALLEST_PATCH_PX), _PATCH_PX)
    patch: UInt8 = cv2.cvtColor(crop_face(pixels, roi, size_px), cv2.COLOR_RGB2GRAY)
    return patch


def sharpness(patch: UInt8) -> float:
    """Return how crisp a face is, 0..1, whatever its size and contrast.

    Natural images hold about the same energy in every octave of scale (Field 1987); blur takes
    it from the finest. Noise is told from detail by its place: it is everywhere, so the median
    sees it, while edges are few.
    """
    return _detail(patch)[0]


def _detail(patch: UInt8) -> tuple[float, float]:
    """Return sharpness, 0..1, and the deviation of the noise, of a range of 1."""
    grey = patch.astype(np.float32)
    fine = cv2.GaussianBlur(grey, (5, 5), _FINE_SIGMA)
    coarse = cv2.GaussianBlur(grey, (9, 9), _COARSE_SIGMA)
    edge = slice(_BORDER_PX, -_BORDER_PX)
    grey, fine, coarse = (plane[edge, edge] for plane in (grey, fine, coarse))
    first, second = (grey - fine).ravel(), (fine - coarse).ravel()
    noise = (1.4826 * _median(np.abs(first[::2]))) ** 2
    finer = max(float(first @ first) / first.size - noise, 0.0)
    coarser = max(float(second @ second) / second.size - _NOISE_GAIN * noise, 0.0)
    ratio = finer / (coarser + _ROUNDING + _DOUBT * noise)
    return math.sqrt(min(ratio / _CRISP_RATIO, 1.0)), min(math.sqrt(noise) / 255.0, 1.0)


def _median(values: Float32) -> float:
    """Return the median, in a quarter of NumPy's time; the values lose their order."""
    low, high = (len(values) - 1) // 2, len(values) // 2
    values.partition((low, high))
    return float((values[low] + values[high]) / 2)


def turn_from_camera(pose: HeadPose) -> float:
    """Return the angle in radians between the face's direction and the line to the camera."""
    position = pose.translation_m
    away = float(np.dot(pose.rotation[:, 0], position)) / math.hypot(*position.tolist())
    return math.acos(min(max(-away, -1.0), 1.0))


def _exposure(patch: UInt8) -> tuple[float, float, float]:
    """Return mean luma, its 95th percentile, both 0..1, and the share of burnt pixels."""
    darker = np.bincount(patch.ravel(), minlength=256).cumsum()
    total = patch.size
    bright = int(darker.searchsorted(0.95 * total)) / 255.0
    return cv2.mean(patch)[0] / 255.0, bright, 1.0 - int(darker[_BURNT - 1]) / total


def _share(value: float, threshold: float) -> float:
    """Return how far a value is on its way to twice the threshold, 0..1."""
    return min(max(value / (2.0 * threshold), 0.0), 1.0) if threshold > 0 else 1.0
