"""Single faces as the run time sees them: found by the mesh, judged, aligned."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fer_ros.alignment import Landmarker, describe, similarity_to_template, warp
from fer_ros.alignment.occlusion import occlusion
from fer_ros.alignment.quality import sharpness
from fer_ros.evaluation.normalise import Normalise
from fer_ros.evaluation.stills import alignments, locate_stills
from fer_ros.taxonomy import LandmarkScheme, QualityFlag
from fer_ros.types import (
    AlignedFace,
    FaceQuality,
    Float32,
    Float64,
    Frame,
    Landmarks,
    RotatedRoi,
    UInt8,
)


def located(images: Sequence[UInt8], landmarker: Landmarker) -> list[Float32]:
    """Find the face of each image, which may be of any size; no points where it is missed."""
    return [locate_stills(image[None], landmarker)[0] for image in images]


def prepared(
    image: UInt8, points: Float32, size_px: int, normalise: Normalise | None = None
) -> tuple[AlignedFace, bool]:
    """Judge and align a grey face as the run time does, and tell whether the mesh found it.

    :param points: (N, 3) landmarks; none, or NaN, where it did not.
    """
    found = len(points) > 0 and bool(np.isfinite(points).all())
    pixels = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)
    if found:
        quality, matrix = _quality(pixels, points), similarity_to_template(points, size_px)
    else:
        matrix = alignments(np.full((1, 1, 3), np.nan, np.float32), image.shape[0], size_px)[0]
        quality = _quality_unfound(image)
    crop = warp(image, matrix, size_px)
    if normalise is not None:
        crop = normalise(crop, _in_crop(points, matrix) if found else points[:0])
    colour = np.repeat(crop[:, :, None], 3, axis=2)
    return AlignedFace('face', 0, colour, matrix, quality), found


def _in_crop(points: Float32, matrix: Float64) -> Float32:
    """Bring landmarks (N, 3) from the image into the crop."""
    placed = np.empty_like(points)
    placed[:, :2] = points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    placed[:, 2] = points[:, 2] * np.hypot(*matrix[:, 0])
    return placed


def _quality(pixels: UInt8, points: Float32) -> FaceQuality:
    """Judge a face from its landmarks."""
    side = pixels.shape[0]
    roi = RotatedRoi(side / 2, side / 2, side, 0.0)
    landmarks = Landmarks(roi, points, 1.0, LandmarkScheme.MEDIAPIPE_478)
    return describe(Frame(0, 'still', 0, pixels), 'face', landmarks).quality


def _quality_unfound(image: UInt8) -> FaceQuality:
    """Judge an image that is framed like a face in which none was found."""
    upper, lower = occlusion(image)
    return FaceQuality(
        score=0.0,
        flags=QualityFlag.NONE,
        width_px=0.75 * image.shape[0],
        sharpness=sharpness(image),
        brightness=float(image.mean()) / 255.0,
        hidden_upper=upper,
        hidden_lower=lower,
    )
