"""A frame on the device: colours converted, halved again and again, all levels in one buffer.

Crops of different sizes read different levels; with all of them in one buffer that is one gather
for all crops, whatever their levels, and the same kernels every time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fer_ros.errors import FrameError
from fer_ros.taxonomy import DropReason
from fer_ros.types import UInt8

# Halvings: the tenth of a frame of 4K is 3 pixels.
_LEVELS = 8
# ITU-R BT.601, 16..235, as OpenCV has it.
_Y, _RV, _GV, _GU, _BU = 1.164, 1.596, -0.813, -0.391, 2.018
_PACKED = {'rgb8': 3, 'bgr8': 3, 'rgba8': 4, 'bgra8': 4, 'mono8': 1}
_YUV422 = {
    'yuv422': (1, 0, 2), 'uyvy': (1, 0, 2), 'yuv422_yuy2': (0, 1, 3), 'yuyv': (0, 1, 3),
}  # fmt: skip
_YUV420 = {'nv12': (0, 1), 'nv21': (1, 0)}
ENCODINGS = (*_PACKED, *_YUV422, *_YUV420)


@dataclass(frozen=True, slots=True)
class Levels:
    """Where each level of a frame lies in the buffer.

    :param starts: index of its first pixel.
    """

    starts: tuple[int, ...]
    widths: tuple[int, ...]
    heights: tuple[int, ...]
    total: int

    @classmethod
    def of(cls, width: int, height: int) -> Levels:
        """Halve a frame as often as makes sense."""
        sizes = [(width, height)]
        while len(sizes) <= _LEVELS and min(sizes[-1]) >= 2:
            sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
        starts = np.cumsum([0, *(w * h for w, h in sizes)]).tolist()
        widths, heights = zip(*sizes)
        return cls(tuple(starts[:-1]), widths, heights, starts[-1])


class Atlas:
    """All levels of frames of one size: (P, 3) uint8 RGB at an address that never changes."""

    def __init__(self, width: int, height: int, encoding: str, device: torch.device) -> None:
        """Make room for frames of a size and encoding."""
        self.levels = Levels.of(width, height)
        self.encoding = encoding
        self._size = width, height
        # A row over: gathers that count beyond the edge by one still read something.
        self.pixels = torch.zeros((self.levels.total + 1, 3), dtype=torch.uint8, device=device)
        self.raw = torch.zeros(raw_size(width, height, encoding), dtype=torch.uint8, device=device)
        pinned = device.type == 'cuda'
        self._staging = torch.zeros(self.raw.shape, dtype=torch.uint8, pin_memory=pinned)

    def upload(self, data: UInt8) -> None:
        """Copy the bytes of a frame, as its camera sent them, to the device."""
        self._staging.copy_(torch.from_numpy(data.reshape(-1)))
        self.raw.copy_(self._staging, non_blocking=True)

    def fill(self) -> None:
        """Convert the colours of what was uploaded and make the levels."""
        width, height = self._size
        self._level(0).copy_(to_rgb(self.raw, self.encoding, width, height))
        for index in range(1, len(self.levels.starts)):
            self._level(index).copy_(halved(self._level(index - 1)))

    def _level(self, index: int) -> Tensor:
        """Return one level, (H, W, 3)."""
        start, levels = self.levels.starts[index], self.levels
        width, height = levels.widths[index], levels.heights[index]
        return self.pixels[start : start + width * height].view(height, width, 3)


def raw_size(width: int, height: int, encoding: str) -> int:
    """Return how many bytes a frame without padding has.

    :raises FrameError: an encoding that is converted on the CPU only.
    """
    if encoding in _PACKED:
        return width * height * _PACKED[encoding]
    if encoding in _YUV422:
        return width * height * 2
    if encoding in _YUV420:
        return width * height * 3 // 2
    raise FrameError(
        f'image: expected one of {", ".join(ENCODINGS)} on the device, found {encoding!r}; decode '
        'it first',
        DropReason.BAD_ENCODING.value,
    )


def to_rgb(raw: Tensor, encoding: str, width: int, height: int) -> Tensor:
    """Return (H, W, 3) uint8 RGB of the bytes of a frame."""
    if encoding in _PACKED:
        pixels = raw.view(height, width, _PACKED[encoding])
        if encoding == 'mono8':
            return pixels.expand(height, width, 3)
        return pixels[..., :3] if encoding.startswith('rgb') else pixels[..., :3].flip(-1)
    if encoding in _YUV422:
        pairs = raw.view(height, width // 2, 4)
        first, u, v = _YUV422[encoding]
        luma = pairs[..., first::2].reshape(height, width)
        return _from_yuv(luma, *(pairs[..., i].repeat_interleave(2, dim=1) for i in (u, v)))
    luma = raw[: width * height].view(height, width)
    chroma = raw[width * height :].view(height // 2, width // 2, 2)
    chroma = chroma.repeat_interleave(2, dim=0).repeat_interleave(2, dim=1)
    return _from_yuv(luma, *(chroma[..., i] for i in _YUV420[encoding]))


def _from_yuv(luma: Tensor, u: Tensor, v: Tensor) -> Tensor:
    y = (luma.float() - 16).clamp_min(0) * _Y
    u, v = u.float() - 128, v.float() - 128
    rgb = torch.stack([y + _RV * v, y + _GV * v + _GU * u, y + _BU * u], dim=-1)
    return rgb.round().clamp(0, 255).to(torch.uint8)


def halved(pixels: Tensor) -> Tensor:
    """Return (H, W, 3) uint8 at half the size, each pixel the mean of four."""
    height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
    corners = [pixels[y:height:2, x:width:2].to(torch.int16) for y in (0, 1) for x in (0, 1)]
    return ((corners[0] + corners[1] + corners[2] + corners[3] + 2) >> 2).to(torch.uint8)
