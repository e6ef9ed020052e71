"""How a person looks apart from the face: colours of head and clothes, for a second or two.

A face that is found again where one was lost is that of the same person only if these agree. They
change with light and distance, so nobody is known by them for longer than a track lives.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fer_ros.roi import distance
from fer_ros.types import Float32, RotatedRoi, UInt8

# Regions in sides of the ROI around its centre: left, top, right, bottom. Head with hair, and what
# is below the chin.
_REGIONS = ((-0.5, -0.55, 0.5, 0.4), (-0.6, 0.6, 0.6, 1.1))
# Of luma and of both colour differences. Skin, hair and cloth are near grey: their differences lie
# between these, and what is beyond counts with the last bin.
_BINS = (6, 16, 16)
_LOW, _HIGH = np.array([0.0, 98.0, 88.0], np.float32), np.array([256.0, 178.0, 168.0], np.float32)
_SMOOTH = 1.0  # deviation in bins: what is near is alike
_PATCH_PX = 32
_CLEAR = 0.6  # of both sides, between the centres of two people
_VISIBLE = 0.5  # of a region that has to be inside the frame to count


def signatures(
    pixels: UInt8, rois: Sequence[RotatedRoi], wanted: Sequence[bool]
) -> list[Float32 | None]:
    """Return how the people of these ROIs look; None where it is not wanted or can not be told.

    Somebody else within reach of what is looked at would be taken for a part of the person.
    """
    return [
        signature(pixels, roi) if is_wanted and _is_alone(index, rois) else None
        for index, (roi, is_wanted) in enumerate(zip(rois, wanted))
    ]


def _is_alone(index: int, rois: Sequence[RotatedRoi]) -> bool:
    roi = rois[index]
    return not any(
        distance(other, roi) < _CLEAR * (roi.size + other.size)
        for place, other in enumerate(rois)
        if place != index
    )


def signature(pixels: UInt8, roi: RotatedRoi) -> Float32:
    """Return (2, B) shares of colours, square roots; a region outside the frame is all 0.

    :param pixels: (H, W, 3) RGB.
    :param roi: around the face's landmarks.
    """
    return np.stack([_colours(pixels, roi, region) for region in _REGIONS])


def difference(one: Float32, other: Float32) -> float | None:
    """Return the Hellinger distance of two signatures, 0 alike .. 1; None where nothing is common.

    The mean of the regions that both have.
    """
    common = one.any(axis=1) & other.any(axis=1)
    if not common.any():
        return None
    overlaps = (one[common] * other[common]).sum(axis=1)
    return float(np.sqrt(np.clip(1.0 - overlaps, 0.0, 1.0)).mean())


def _colours(pixels: UInt8, roi: RotatedRoi, region: tuple[float, float, float, float]) -> Float32:
    """Return the square roots of the shares of each colour in one region."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = (
        round(middle + share * roi.size)
        for middle, share in zip((roi.centre_x, roi.centre_y) * 2, region)
    )
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    wanted = (right - left) * (bottom - top)
    if x1 <= x0 or y1 <= y0 or (x1 - x0) * (y1 - y0) < _VISIBLE * wanted:
        return np.zeros(int(np.prod(_BINS)), np.float32)
    patch = cv2.resize(pixels[y0:y1, x0:x1], (_PATCH_PX, _PATCH_PX), interpolation=cv2.INTER_AREA)
    colours = cv2.cvtColor(patch, cv2.COLOR_RGB2YCrCb).reshape(-1, 3).astype(np.float32)
    places = np.clip((colours - _LOW) / (_HIGH - _LOW), 0.0, 0.999) * np.array(_BINS, np.float32)
    cells = places.astype(np.int64) @ np.array([_BINS[1] * _BINS[2], _BINS[2], 1])
    counts = np.bincount(cells, minlength=int(np.prod(_BINS))).astype(np.float32)
    # Luma by luma in both colour differences, then across luma.
    layers = np.stack([cv2.GaussianBlur(one, (0, 0), _SMOOTH) for one in counts.reshape(_BINS)])
    flat = cv2.GaussianBlur(layers.reshape(_BINS[0], -1), (1, 5), 1e-6, sigmaY=_SMOOTH)
    shares: Float32 = np.sqrt(flat.ravel() / max(float(flat.sum()), 1e-6))
    return shares
