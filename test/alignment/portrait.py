"""Where the face is in the portrait, and frames made of pixels."""

from __future__ import annotations

import numpy as np

from fer_ros.types import Frame, RotatedRoi

PORTRAIT_ROI = RotatedRoi(223.0, 122.0, 165.0, 0.05)


def frame_of(pixels) -> Frame:
    return Frame(5, 'camera', 0, np.ascontiguousarray(pixels))
