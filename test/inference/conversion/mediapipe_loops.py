"""MediaPipe's three custom operators and the merge behind them, point by point.

Written from the definitions in MediaPipe's C++ loops; slow and plain, to compare with.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def fit(points: Array, options: dict[str, Any]) -> Array:
    """Landmarks2TransformMatrix, version 2: crop pixels to map pixels, (2, 3)."""
    left, right = points[options['left_rotation_idx']], points[options['right_rotation_idx']]
    turn = options['target_rotation_radians'] - math.atan2(right[1] - left[1], right[0] - left[0])
    chosen = points[options['subset_idxs'], :2].astype(np.float64) @ _rotation(turn).T
    low, high = chosen.min(0), chosen.max(0)
    x, y = _rotation(-turn) @ ((low + high) / 2)
    width, height = high - low
    crop_width, crop_height = options['output_width'], options['output_height']
    shift = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
    rotation = np.eye(3)
    rotation[:2, :2] = _rotation(-turn)
    scale = np.diag(
        [options['scale_x'] * width / crop_width, options['scale_y'] * height / crop_height, 1]
    )
    centre = np.array([[1, 0, -crop_width / 2], [0, 1, -crop_height / 2], [0, 0, 1]])
    affine: Array = (shift @ rotation @ scale @ centre)[:2]
    return affine


def _rotation(angle: float) -> Array:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def sample(features: Array, affine: Array, size: int = 16) -> Array:
    """TransformTensorBilinear, version 2."""
    height, width, channels = features.shape
    crop = np.zeros((size, size, channels), np.float32)
    for row in range(size):
        for column in range(size):
            x, y = affine @ (column + 0.5, row + 0.5, 1) - 0.5
            if x < 0 or x > width - 1 or y < 0 or y > height - 1:
                continue
            x0, y0 = math.floor(x), math.floor(y)
            for dy in (0, 1):
                for dx in (0, 1):
                    if x0 + dx < width and y0 + dy < height:
                        weight = (1 - abs(x - x0 - dx)) * (1 - abs(y - y0 - dy))
                        crop[row, column] += weight * features[y0 + dy, x0 + dx]
    return crop


def place(points: Array, affine: Array) -> Array:
    """TransformLandmarks, version 2, behind the factor 4 that the file puts on the shift."""
    placed: Array = points @ affine[:, :2].T + 4 * affine[:, 2]
    return placed


def merge(mesh: Array, placed: list[Array], subsets: list[list[int]]) -> Array:
    """LandmarksRefinementCalculator as MediaPipe's graph configures it."""
    points = np.zeros((478, 3))
    points[:468] = mesh
    lips, left_eye, left_iris, right_eye, right_iris = placed
    for subset, values in zip(subsets, (lips, left_eye, right_eye), strict=True):
        points[subset, :2] = values
    for start, subset, values in ((468, subsets[1], left_iris), (473, subsets[2], right_iris)):
        points[start : start + 5, :2] = values
        points[start : start + 5, 2] = points[subset[:16], 2].mean()
    return points
