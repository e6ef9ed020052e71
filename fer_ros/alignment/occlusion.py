"""Whether something hides the eyes or the mouth, from a small grey patch of the face.

The mesh always draws a whole face, so its points can not tell. A tiny net can: oriented gradients
in 8x8 cells (as Dalal & Triggs 2005), one hidden layer, two answers. It was fitted to faces of
FER+ with and without drawn occluders by ``fit_occlusion``; docs/alignment.md says how often it
is right and what it has never seen.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.store import model_dir
from fer_ros.types import Float32, UInt8

PATCH_PX = 32
_CELLS = 8
FEATURES = 4 * _CELLS**2


@dataclass(frozen=True, slots=True, eq=False)
class OcclusionNet:
    """Weights: features (256) -> hidden (H) -> upper and lower (2)."""

    hidden: Float32
    hidden_bias: Float32
    out: Float32
    out_bias: Float32

    def __post_init__(self) -> None:
        """Check that the layers fit each other."""
        units = len(self.hidden_bias)
        shapes = (self.hidden.shape, self.out.shape, self.out_bias.shape)
        if shapes != ((FEATURES, units), (units, 2), (2,)):
            raise ModelError(
                f'occlusion net: expected the shapes ({FEATURES}, H), (H, 2) and (2,), '
                f'found {shapes}'
            )


def occlusion(patch: UInt8) -> tuple[float, float]:
    """Return how likely the upper and the lower half of a face are hidden, each 0..1.

    :param patch: (S, S) grey, the face upright in the recogniser's framing.
    """
    net = _shipped_net()
    hidden = np.maximum(gradient_features(patch) @ net.hidden + net.hidden_bias, 0.0)
    upper, lower = (1.0 / (1.0 + np.exp(-(hidden @ net.out + net.out_bias)))).tolist()
    return upper, lower


def gradient_features(patch: UInt8) -> Float32:
    """Return (256,) mean gradients to the right, left, down and up in 8x8 cells.

    Divided by the patch's contrast, so that light and skin do not matter.
    """
    if patch.shape != (PATCH_PX, PATCH_PX):
        shrinks = patch.shape[0] > PATCH_PX
        patch = cv2.resize(
            patch,
            (PATCH_PX, PATCH_PX),
            interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR,
        )
    _, contrast = cv2.meanStdDev(patch)
    scale = 1.0 / (float(contrast[0, 0]) + 5.0)
    planes = np.empty((PATCH_PX, PATCH_PX, 4), np.float32)
    for index, (dx, dy) in enumerate(((1, 0), (0, 1))):
        slope = cv2.Sobel(patch, cv2.CV_32F, dx, dy, ksize=1, scale=scale)
        rising = np.maximum(slope, 0.0, out=planes[:, :, 2 * index])
        np.subtract(rising, slope, out=planes[:, :, 2 * index + 1])
    cells = cv2.resize(planes, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    features: Float32 = cells.transpose(2, 0, 1).reshape(-1)
    return features


@functools.cache
def _shipped_net() -> OcclusionNet:
    """Load the shipped weights once."""
    return load_net(model_dir() / 'data' / 'occlusion.npz')


def load_net(path: Path) -> OcclusionNet:
    """Load weights.

    :raises ModelError: missing, corrupt or of other shapes.
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = ('hidden', 'hidden_bias', 'out', 'out_bias')
            return OcclusionNet(*(arrays[name].astype(np.float32) for name in names))
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ModelError(
            f'{path}: expected the weights of the occlusion net, not readable: {error}; '
            'install the package again'
        ) from None
