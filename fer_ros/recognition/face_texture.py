"""What the skin shows beside where the landmarks are: furrows, folds and edges.

Read from the recogniser's crop at 48 px, softened so that sharp and soft cameras look alike: light
and dark detail (a difference of Gaussians, which slow shading does not reach), and the energy of
edges across and along the face, at each mesh point; and the furrow of a frown, wherever between
the brows it lies. All divided by the face's own contrast.
"""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.recognition.face_shape import SKIN
from fer_ros.types import AlignedFace, Float32, UInt8

CROP_PX = 48
CHANNELS = 3
TEXTURES = SKIN * CHANNELS + 1  # the last one: the furrow
_SOFT, _WIDE, _ENERGY = 1.0, 3.0, 0.7  # standard deviations of the Gaussians in pixels
_CONTRAST_FLOOR = 2.0  # grey levels: noise in a flat image must not look like folds

# People frown with one line between the brows, two or more (Ekman, Friesen & Hager 2002), and no
# two at the same place. So: the darkest upright line of those that run from the brows' inner ends
# to the lower forehead, within this share of the brows' gap to both sides of the middle.
_BROWS, _RIDGE = (107, 336), (8, 9, 151)
_HEIGHTS = ((1.0, 0.0, 0.0), (0.5, 0.5, 0.0), (0.0, 1.0, 0.0), (0.0, 0.5, 0.5))  # of _RIDGE
_ASIDE = np.linspace(-0.27, 0.27, 9)
_ACROSS, _ALONG = 0.7, 1.5  # standard deviations of the line's profile and of its length in pixels
# Where it is in the crop, which has the eyes at the same place in every face, with some margin.
_TOP, _BOTTOM, _LEFT, _RIGHT = 1, 25, 11, 38
_CORNER = np.array([_LEFT, _TOP], np.float32)


def face_texture(aligned: AlignedFace, points_px: Float32) -> Float32:
    """Return (TEXTURES,): :func:`texture_at` of the recogniser's crop.

    :param points_px: (478, 3) landmarks in the frame.
    """
    size = aligned.pixels.shape[0]
    matrix = aligned.frame_to_aligned * (CROP_PX / size)
    grey = cv2.cvtColor(aligned.pixels, cv2.COLOR_RGB2GRAY)
    if size != CROP_PX:
        how = cv2.INTER_AREA if size > CROP_PX else cv2.INTER_LINEAR
        grey = cv2.resize(grey, (CROP_PX, CROP_PX), interpolation=how)
    places = points_px[:SKIN, :2] @ matrix[:, :2].T + matrix[:, 2]
    return texture_at(np.asarray(grey, np.uint8), places.astype(np.float32))


def texture_at(grey: UInt8, places_px: Float32) -> Float32:
    """Return (TEXTURES,) of a grey crop (48, 48) whose mesh points are at (468, 2) in its pixels.

    Detail, horizontal and vertical edge energy of each point, then the furrow.
    """
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), _SOFT)
    planes = np.empty((*grey.shape, CHANNELS), np.float32)
    planes[:, :, 0] = soft - cv2.GaussianBlur(soft, (0, 0), _WIDE)
    edges = np.empty((*grey.shape, 2), np.float32)
    for channel, (dx, dy) in enumerate(((1, 0), (0, 1))):
        np.abs(cv2.Sobel(soft, cv2.CV_32F, dx, dy, ksize=1), out=edges[:, :, channel])
    planes[:, :, 1:] = cv2.GaussianBlur(edges, (0, 0), _ENERGY)
    found = _sampled(planes, places_px)
    _, deviation = cv2.meanStdDev(found)
    scale = np.float32(1.0 / (deviation[0, 0] + _CONTRAST_FLOOR))
    texture = np.empty(TEXTURES, np.float32)
    np.multiply(found.ravel(), scale, out=texture[:-1])
    texture[-1] = scale * _furrow(grey, places_px)
    return texture


def _furrow(grey: UInt8, places_px: Float32) -> float:
    """Return the curvature of light across the darkest upright line between the brows.

    What is as dark across as along is no line: the brows' own, level ones are taken off.
    """
    across, along = _KERNELS
    region = grey[_TOP:_BOTTOM, _LEFT:_RIGHT]
    upright = cv2.sepFilter2D(region, cv2.CV_32F, across, along)
    level = cv2.sepFilter2D(region, cv2.CV_32F, along, across)
    lines = upright - np.maximum(level, 0.0)
    places = _FURROWS @ places_px.take(_FURROW_POINTS, axis=0)
    values = _sampled(lines, places - _CORNER)
    return float(values.reshape(_ASIDE.size, -1).sum(axis=1).max()) / len(_HEIGHTS)


def _sampled(planes: Float32, places_px: Float32) -> Float32:
    """Return the planes' values at (N, 2) places."""
    # Pixel centres are at 0.5 here and at 0 in OpenCV.
    places = (places_px - np.float32(0.5))[:, None, :]
    found: Float32 = cv2.remap(
        planes, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return found


def _line_kernels() -> tuple[Float32, Float32]:
    """Return the second derivative of a Gaussian, and a longer Gaussian."""
    across, along = (cv2.getGaussianKernel(9, sigma)[:, 0] for sigma in (_ACROSS, _ALONG))
    second = np.convolve(across, (1.0, -2.0, 1.0), 'same')
    return second.astype(np.float32), along.astype(np.float32)


def _furrow_places() -> Float32:
    """Return (36, 5) shares of brows and ridge: lines from right to left, each from below up."""
    shares = [(-aside, aside, *height) for aside in _ASIDE for height in _HEIGHTS]
    return np.array(shares, np.float32)


_KERNELS, _FURROWS, _FURROW_POINTS = _line_kernels(), _furrow_places(), [*_BROWS, *_RIDGE]
