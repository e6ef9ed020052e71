"""Crops of a frame on the device, all of them in one gather."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fer_ros.device.atlas import Levels
from fer_ros.inference.manifest import Colour, InputSpec
from fer_ros.types import Float64

_CUBIC = -0.75  # OpenCV's
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Where crops are read, on the device.

    :param level: (N, 3) int64: start, width and height of the level that a crop is read from.
    :param matrix: (N, 2, 3) float32, from pixels of the crop to pixels of the level, both with
        the centre of the first pixel at (0, 0).
    """

    level: Tensor
    matrix: Tensor

    def copy_from(self, level: NDArray[np.int64], matrix: Float64) -> None:
        """Take other crops, at most as many; the rest repeats the last one."""
        count = len(level)
        if count < len(self.level):
            rest = len(self.level) - count
            level = np.concatenate([level, np.repeat(level[-1:], rest, axis=0)])
            matrix = np.concatenate([matrix, np.repeat(matrix[-1:], rest, axis=0)])
        self.level.copy_(torch.from_numpy(level))
        self.matrix.copy_(torch.from_numpy(matrix.astype(np.float32)))

    @classmethod
    def room_for(cls, count: int, device: torch.device) -> Crops:
        """Make room."""
        level = torch.ones((count, 3), dtype=torch.int64, device=device)
        return cls(level, torch.zeros((count, 2, 3), device=device))


def on_levels(
    crop_to_frame: Float64, halvings: NDArray[np.int64], levels: Levels
) -> tuple[NDArray[np.int64], Float64]:
    """Return levels (N, 3) and matrices (N, 2, 3) of crops that are read from halved frames.

    :param crop_to_frame: (N, 2, 3), pixel centres at 0.5 on both sides.
    :param halvings: (N,) how often the frame is halved for each.
    """
    index = np.clip(halvings, 0, len(levels.starts) - 1)
    table = np.array([levels.starts, levels.widths, levels.heights], np.int64).T
    matrix = crop_to_frame / (2.0 ** index.astype(np.float64))[:, None, None]
    # To pixel centres at whole numbers on both sides.
    matrix[:, :, 2] += matrix[:, :, :2].sum(axis=2) / 2 - 0.5
    return table[index], matrix


def sample(pixels: Tensor, crops: Crops, size: int, *, cubic: bool, black: bool) -> Tensor:
    """Return (N, size, size, 3) float32 with whole values 0..255, as OpenCV's warps give.

    :param pixels: (P, 3) uint8, the buffer of an atlas.
    :param cubic: bicubic, else bilinear.
    :param black: what is beyond the frame is black, else its edge is repeated.
    """
    line = torch.arange(size, dtype=torch.float32, device=pixels.device)
    m = crops.matrix[:, :, None, None, :]
    place = m[..., 0] * line + m[..., 1] * line[:, None] + m[..., 2]  # (N, 2, size, size)
    whole = place.floor()
    weights = _cubic(place - whole) if cubic else _linear(place - whole)
    taps = range(-1, 3) if cubic else range(2)
    start, width, height = crops.level[:, :, None, None].unbind(1)
    x, y = whole.to(torch.int64).unbind(1)
    total = torch.zeros((*x.shape, 3), device=pixels.device)
    for row, wy in zip(taps, weights):
        for column, wx in zip(taps, weights):
            u, v = x + column, y + row
            index = start + v.clamp_min(0).minimum(height - 1) * width
            index = index + u.clamp_min(0).minimum(width - 1)
            weight = wx[:, 0] * wy[:, 1]
            if black:
                weight = weight * ((u >= 0) & (u < width) & (v >= 0) & (v < height))
            total += pixels[index].float() * weight[..., None]
    return total.round().clamp(0, 255)


def _linear(t: Tensor) -> list[Tensor]:
    return [1 - t, t]


def _cubic(t: Tensor) -> list[Tensor]:
    """Return the weights of four taps (Keys 1981)."""
    a = _CUBIC

    def near(x: Tensor) -> Tensor:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Tensor) -> Tensor:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return [far(t + 1), near(t), near(1 - t), far(2 - t)]


def as_input(crops: Tensor, spec: InputSpec) -> Tensor:
    """Return the (N, C, H, W) input of a net from (N, H, W, 3) RGB crops."""
    red, green, blue = crops.unbind(-1)
    if spec.colour is Colour.GRAY:
        r, g, b = _LUMA
        channels = [(r * red + g * green + b * blue).round()]
    else:
        channels = [red, green, blue] if spec.colour is Colour.RGB else [blue, green, red]
    # Numbers, not tensors: a CUDA graph can not record a copy from the host.
    scaled = [(one - mean) * (1.0 / std) for one, mean, std in zip(channels, spec.mean, spec.std)]
    return torch.stack(scaled, dim=1)
