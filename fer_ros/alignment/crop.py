"""The recogniser's crop: the same similarity and the same pixels in training and at run time.

Least squares over nine landmarks (Umeyama 1991) brings every face to one template: the mean place
of those landmarks in the uncropped images of FER+, made symmetric. A face whose landmarks were
missed can so be used as it is: it already has about this framing.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.types import Float64, UInt8

# Eye corners, bridge of the nose, and its base with both wings (MediaPipe's indices). Of the
# points that span a face these scatter least over FER+ once fitted; corners of the mouth, brows
# and chin are left out because they are what an expression moves.
ANCHORS = (33, 133, 362, 263, 168, 6, 98, 2, 327)

# Where they are in the crop, in shares of its side: means over FER+ Training.
TEMPLATE: Float64 = np.array(
    [
        (0.250, 0.379),
        (0.401, 0.391),
        (0.599, 0.391),
        (0.750, 0.379),
        (0.500, 0.367),
        (0.500, 0.414),
        (0.402, 0.628),
        (0.500, 0.644),
        (0.598, 0.628),
    ]
)


def similarity_to_template(landmarks_px: NDArray[np.floating], size_px: int) -> Float64:
    """Return the (2, 3) similarity from frame pixels to a crop of ``size_px`` pixels.

    :param landmarks_px: (468 or more, 2 or 3) in pixels of the frame.
    :raises DataError: too few points, not finite, or all on one spot.
    """
    if landmarks_px.ndim != 2 or len(landmarks_px) <= max(ANCHORS) or landmarks_px.shape[1] < 2:
        raise DataError(
            f'landmarks: expected (468 or more, 2 or 3) points, found {landmarks_px.shape}; '
            'use a face mesh'
        )
    points = landmarks_px[ANCHORS, :2].astype(np.float64)
    if not np.isfinite(points).all() or np.ptp(points, axis=0).max() == 0.0:
        raise DataError(
            'landmarks: expected finite points that are apart, found '
            f'{points[0].tolist()} .. {points[-1].tolist()}; drop faces whose presence is low'
        )
    # In the plane of complex numbers a similarity is w = a z + b.
    source = points[:, 0] + 1j * points[:, 1]
    target = (TEMPLATE[:, 0] + 1j * TEMPLATE[:, 1]) * size_px
    source_mean, target_mean = source.mean(), target.mean()
    spread = float((np.abs(source - source_mean) ** 2).sum())
    a = (np.conj(source - source_mean) * (target - target_mean)).sum() / spread
    b = target_mean - a * source_mean
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def warp(pixels: UInt8, frame_to_aligned: Float64, size_px: int) -> UInt8:
    """Cut a crop out of an image, without aliasing where the crop is smaller than the face.

    :param pixels: (H, W) or (H, W, C) uint8.
    :param frame_to_aligned: (2, 3) similarity; pixel centres are at 0.5 on both sides.
    :return: (size_px, size_px) or (size_px, size_px, C) uint8; edges are repeated outside.
    """
    scale = float(np.hypot(frame_to_aligned[0, 0], frame_to_aligned[1, 0]))
    # A pixel of the crop covers 1/scale of the frame's: halvings, which OpenCV does fast, bring
    # that to 0.7 .. 1.4, and the cubic warp proper does the rest.
    halvings = max(round(-math.log2(scale)), 0)
    part, matrix = _region(pixels, frame_to_aligned, size_px, halvings)
    # OpenCV puts pixel centres at whole numbers.
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    crop: UInt8 = cv2.warpAffine(
        part,
        matrix,
        (size_px, size_px),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return crop


def _region(
    pixels: UInt8, frame_to_aligned: Float64, size_px: int, halvings: int
) -> tuple[UInt8, Float64]:
    """Return what the crop shows of the image, halved so often, and the matrix that fits it."""
    if halvings == 0:
        return pixels, frame_to_aligned.copy()
    block = 2**halvings
    linear = frame_to_aligned[:, :2]
    corners = np.array([(0, size_px, 0, size_px), (0, 0, size_px, size_px)], np.float64)
    reached = np.linalg.inv(linear) @ (corners - frame_to_aligned[:, 2:])
    limit = np.array(pixels.shape[1::-1])
    # Two blocks more on each side for the cubic kernel; at least one where the face is outside.
    low = np.floor(reached.min(axis=1) - 2 * block)
    # From a whole block on, so that halves are those of the whole frame, wherever the face is.
    low = np.clip(low, 0, np.maximum(limit - block, 0)).astype(int) // block * block
    wanted = np.ceil((reached.max(axis=1) + 2 * block - low) / block).astype(int)
    count = np.clip(wanted, 1, np.maximum((limit - low) // block, 1))
    part = pixels[low[1] : low[1] + count[1] * block, low[0] : low[0] + count[0] * block]
    for _ in range(halvings):
        half = (max(part.shape[1] // 2, 1), max(part.shape[0] // 2, 1))
        part = cv2.resize(part, half, interpolation=cv2.INTER_AREA)
    # A point (u, v) of the frame is at ((u, v) - low) / block of the part.
    offset = frame_to_aligned[:, 2] + linear @ low
    return part, np.column_stack((linear * block, offset))
