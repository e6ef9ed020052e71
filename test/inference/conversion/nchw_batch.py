"""The layout that the converted models read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


def nchw(*images: Float32) -> Float32:
    """Stack (H, W, 3) images to (N, 3, H, W)."""
    return np.ascontiguousarray(np.stack(images).transpose(0, 3, 1, 2))
