"""What the skin shows beside where the landmarks are: furrows, folds and edges at each mesh point.

Read from the recogniser's crop at 48 px, softened so that sharp and soft cameras look alike: light
and dark detail (a difference of Gaussians, which slow shading does not reach), and the energy of
edges across and along the face. All divided by the face's own contrast.
"""

from __future__ import annotations

import cv2
import numpy as np

from fer_ros.recognition.face_shape import SKIN
from fer_ros.types import AlignedFace, Float32, UInt8

CROP_PX = 48
CHANNELS = 3
_SOFT, _WIDE, _ENERGY = 1.0, 3.0, 0.7  # standard deviations of the Gaussians in pixels
_CONTRAST_FLOOR = 2.0  # grey levels: noise in a flat image must not look like folds


def face_texture(aligned: AlignedFace, points_px: Float32) -> Float32:
    """Return (468, 3) detail, horizontal and vertical edge energy at the mesh points.

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
    """Return (N, 3) texture of a grey crop (48, 48) at (N, 2) places in its pixels."""
    soft = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), _SOFT)
    planes = np.empty((*grey.shape, CHANNELS), np.float32)
    planes[:, :, 0] = soft - cv2.GaussianBlur(soft, (0, 0), _WIDE)
    edges = np.empty((*grey.shape, 2), np.float32)
    for channel, (dx, dy) in enumerate(((1, 0), (0, 1))):
        np.abs(cv2.Sobel(soft, cv2.CV_32F, dx, dy, ksize=1), out=edges[:, :, channel])
    planes[:, :, 1:] = cv2.GaussianBlur(edges, (0, 0), _ENERGY)
    # Pixel centres are at 0.5 here and at 0 in OpenCV.
    found = cv2.remap(
        planes,
        (places_px - np.float32(0.5))[:, None, :],
        None,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    _, deviation = cv2.meanStdDev(found)
    texture: Float32 = found[:, 0] * np.float32(1.0 / (deviation[0, 0] + _CONTRAST_FLOOR))
    return texture
