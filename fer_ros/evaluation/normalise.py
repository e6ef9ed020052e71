"""Ways to normalise light and pose of a crop before the net: trials, none of them at run time.

The run time aligns by a similarity and leaves the light to the net, since none of these pays with
a net that was trained on faces as cameras show them: docs/evaluation.md has the figures, and
``fer-ros eval robustness --normalise NAME`` makes them again.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from fer_ros.alignment import head_pose, similarity_to_template
from fer_ros.types import CameraIntrinsics, Float32, Float64, UInt8

# Takes a grey crop (S, S) and the face's landmarks in it (N, 3), none where it was missed.
Normalise = Callable[[UInt8, Float32], UInt8]

_MEAN, _STD = 129.4, 64.9  # of FER+ Training
_KERNEL = 0.06  # width of the kernel that spreads displacements, in shares of the crop's side
_EVERY = 3  # landmarks that bend the crop: a third of them is dense enough


def clahe(crop: UInt8, _points: Float32) -> UInt8:
    """Equalise contrast tile by tile (Zuiderveld 1994)."""
    out: UInt8 = cv2.createCLAHE(clipLimit=2.0, tileGridSize=(4, 4)).apply(crop)
    return out


def equalised(crop: UInt8, _points: Float32) -> UInt8:
    """Equalise the histogram."""
    out: UInt8 = cv2.equalizeHist(crop)
    return out


def standardised(crop: UInt8, _points: Float32) -> UInt8:
    """Give every crop the mean and deviation of FER+."""
    values = (crop - crop.mean()) / max(float(crop.std()), 4.0)
    return _clipped(values * _STD + _MEAN)


def lit(crop: UInt8, _points: Float32) -> UInt8:
    """Bring dark crops to the mean of FER+ by a gamma; leave the others."""
    mean = float(np.clip(crop.mean(), 2.0, 253.0)) / 255.0
    gamma = min(np.log(_MEAN / 255.0) / np.log(mean), 1.0)
    return _clipped(255.0 * (crop / 255.0) ** gamma)


def frontal(crop: UInt8, points: Float32) -> UInt8:
    """Bend the crop so that the landmarks are where they would be in a face seen from the front.

    The head's rotation (see :func:`fer_ros.alignment.head_pose`) is undone in the landmarks'
    own depth, and the displacements are spread by a Gaussian kernel.
    """
    if not len(points) or not np.isfinite(points).all():
        return crop
    side = crop.shape[0]
    targets = _seen_from_the_front(points, side)
    shift = targets - points[:, :2]
    rows, columns = np.mgrid[:side, :side].astype(np.float32) + 0.5
    grid = np.stack([columns.ravel(), rows.ravel()], axis=1)
    apart = ((grid[:, None] - targets[None, ::_EVERY]) ** 2).sum(axis=2)
    weights = np.exp(-apart / (2 * (_KERNEL * side) ** 2)) + 1e-9
    field = (weights @ shift[::_EVERY] / weights.sum(axis=1, keepdims=True)).reshape(side, side, 2)
    # Towards the crop's edge, where no landmark is, it stays as it is.
    field *= np.clip(weights.sum(axis=1).reshape(side, side, 1), 0.0, 1.0)
    from_x, from_y = (
        (axis - 0.5 - field[:, :, index]).astype(np.float32)
        for index, axis in enumerate((columns, rows))
    )
    bent = cv2.remap(crop, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(bent, np.uint8)


NORMALISATIONS: dict[str, Normalise] = {
    'clahe': clahe,
    'equalised': equalised,
    'standardised': standardised,
    'lit': lit,
    'frontal': frontal,
}


def _seen_from_the_front(points: Float32, side: int) -> Float64:
    """Return (N, 2) places of the landmarks in the crop of a face that is not turned."""
    pose = head_pose(points, CameraIntrinsics.guess(side, side))
    centred = points.astype(np.float64) - points.mean(axis=0)
    head = centred @ pose.rotation  # x out of the face, y to its left, z up
    upright = np.stack([head[:, 1], -head[:, 2]], axis=1)
    matrix = similarity_to_template(upright, side)
    placed: Float64 = upright @ matrix[:, :2].T + matrix[:, 2]
    return placed


def _clipped(values: Float64) -> UInt8:
    """Round to what eight bits hold."""
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
