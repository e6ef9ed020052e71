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

from fer_ros.alignment.halves import Halves
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
_TARGET_MEAN = complex(*TEMPLATE.mean(axis=0))
_TARGET = tuple(complex(x, y) - _TARGET_MEAN for x, y in TEMPLATE.tolist())


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
    points = landmarks_px.take(ANCHORS, axis=0)[:, :2].tolist()
    # In the plane of complex numbers a similarity is w = a z + b. Nine of them are faster one by
    # one than as an array.
    source = [complex(x, y) for x, y in points]
    mean = sum(source) / len(source)
    apart = [z - mean for z in source]
    spread = sum(z.real**2 + z.imag**2 for z in apart)
    if not math.isfinite(spread) or spread == 0.0:
        raise DataError(
            'landmarks: expected finite points that are apart, found '
            f'{points[0]} .. {points[-1]}; drop faces whose presence is low'
        )
    a = sum(z.conjugate() * w for z, w in zip(apart, _TARGET)) * (size_px / spread)
    b = _TARGET_MEAN * size_px - a * mean
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def warp(pixels: UInt8 | Halves, frame_to_aligned: Float64, size_px: int) -> UInt8:
    """Cut a crop out of an image, without aliasing where the crop is smaller than the face.

    :param pixels: (H, W) or (H, W, C) uint8, or that in halves, which are shared with other crops.
    :param frame_to_aligned: (2, 3) similarity; pixel centres are at 0.5 on both sides.
    :return: (size_px, size_px) or (size_px, size_px, C) uint8; edges are repeated outside.
    """
    scale = float(np.hypot(frame_to_aligned[0, 0], frame_to_aligned[1, 0]))
    # A pixel of the crop covers 1/scale of the frame's: halvings, which OpenCV does fast, bring
    # that to 0.7 .. 1.4, and the cubic warp proper does the rest.
    halvings = max(round(-math.log2(scale)), 0)
    halves = pixels if isinstance(pixels, Halves) else Halves(pixels)
    part, matrix = _region(halves, frame_to_aligned.tolist(), size_px, halvings)
    crop: UInt8 = cv2.warpAffine(
        part,
        matrix,
        (size_px, size_px),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return crop


def _region(
    halves: Halves, frame_to_aligned: list[list[float]], size_px: int, halvings: int
) -> tuple[UInt8, Float64]:
    """Return what the crop shows of the image, halved so often, and OpenCV's matrix for it."""
    (a, b, u), (c, d, v) = frame_to_aligned
    part, block, left, top = halves.pixels, 2**halvings, 0, 0
    if halvings:
        # Columns and rows of the frame that the crop reaches, from its corners.
        area = a * d - b * c
        x = ((-d * u + b * v) / area, d / area * size_px, -b / area * size_px)
        y = ((c * u - a * v) / area, -c / area * size_px, a / area * size_px)
        left, columns = _reach(x, part.shape[1], block)
        top, rows = _reach(y, part.shape[0], block)
        part = halves.part(left, top, columns, rows, halvings)
    # A point (x, y) of the frame is at ((x, y) - (left, top)) / block of the part; and OpenCV puts
    # pixel centres at whole numbers, on both sides.
    middle = block / 2
    return part, np.array(
        [
            [a * block, b * block, u + a * (left + middle) + b * (top + middle) - 0.5],
            [c * block, d * block, v + c * (left + middle) + d * (top + middle) - 0.5],
        ]
    )


def _reach(edge: tuple[float, float, float], limit: int, block: int) -> tuple[int, int]:
    """Return from where on one axis the crop needs the frame, and how many blocks of it.

    Two blocks more on each side for the cubic kernel; at least one where the face is outside.
    From a whole block on, so that halves are those of the whole frame, wherever the face is.

    :param edge: where the crop's corner is, and how far the others are from it.
    """
    start, one, other = edge
    low = math.floor(start + min(one, 0.0) + min(other, 0.0) - 2 * block)
    high = start + max(one, 0.0) + max(other, 0.0) + 2 * block
    low = min(max(low, 0), max(limit - block, 0)) // block * block
    count = min(max(math.ceil((high - low) / block), 1), max((limit - low) // block, 1))
    return low, count
