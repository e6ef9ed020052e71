"""Cropped stills through the rooms of the pipeline: landmarks, then the recogniser's crop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import cv2
import numpy as np

from fer_ros.alignment import Landmarker, similarity_to_template, warp
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig
from fer_ros.roi import EXPANSION, roi_from_landmarks
from fer_ros.types import Float32, Float64, Frame, RotatedRoi, UInt8

Progress = Callable[[Iterable[UInt8]], Iterable[UInt8]]

# Size of the ROI beside the image's, and its turn. The first finds 95 % of FER+ in two looks and
# 97 % in four; larger, tighter and tilted heads need another start.
_FRAMINGS = (
    (EXPANSION, 0.0),
    *((size, turn) for size in (1.17, 1.33, 1.58) for turn in (0.0, -30.0, 30.0)),
)
_LOOKS = 4


def shipped_landmarker(device: Device = Device.AUTO) -> Landmarker:
    """Return the face mesh that the pipeline uses when nothing else is asked for."""
    return Landmarker(load_engine(PipelineConfig().landmark_model, Task.FACE_LANDMARKS, device))


def locate_stills(
    images: UInt8,
    landmarker: Landmarker,
    min_presence: float = 0.5,
    progress: Progress | None = None,
) -> Float32:
    """Find the face that each image is a crop of.

    :param images: (N, S, S) uint8.
    :param progress: wraps the images, to show how far it is.
    :return: (N, L, 3) float32 landmarks in pixels of the image; NaN where no face was found.
    """
    rows = progress(images) if progress else images
    points = [_locate(image, landmarker, min_presence) for image in rows]
    shape = next((row.shape for row in points if row is not None), (0, 3))
    missed = np.full(shape, np.nan, np.float32)
    return np.stack([missed if row is None else row for row in points])


def _locate(image: UInt8, landmarker: Landmarker, min_presence: float) -> Float32 | None:
    """Look where a crop has its face, then where its rarer framings have it."""
    side = image.shape[0]
    frame = Frame(0, 'still', 0, cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))
    for expansion, rotation_deg in _FRAMINGS:
        roi = RotatedRoi(side / 2, side / 2, expansion * side, math.radians(rotation_deg))
        for _ in range(_LOOKS):
            found = landmarker.locate(frame, [roi])[0]
            roi = roi_from_landmarks(found.points_px)
        if found.presence >= min_presence:
            return found.points_px
    return None


def alignments(landmarks_px: Float32, side_px: int, size_px: int) -> Float64:
    """Return (N, 2, 3) transforms of images of ``side_px`` to crops of ``size_px``.

    A face that was missed is only scaled: the template is the framing of the FER+ images.
    """
    scaled = np.eye(2, 3) * (size_px / side_px)
    found = np.isfinite(landmarks_px).all(axis=(1, 2)) & (landmarks_px.shape[1] > 0)
    return np.stack(
        [
            similarity_to_template(row, size_px) if is_found else scaled
            for row, is_found in zip(landmarks_px, found)
        ]
    )


def aligned(images: UInt8, frame_to_aligned: Float64, size_px: int) -> UInt8:
    """Return the (N, size_px, size_px) crops of (N, S, S) images."""
    return np.stack([warp(i, matrix, size_px) for i, matrix in zip(images, frame_to_aligned)])
