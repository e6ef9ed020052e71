"""ROS image encodings and compressed images to RGB: one function each, for sources and nodes.

Names of encodings are those of ``sensor_msgs/image_encodings.hpp``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from fer_ros.errors import FrameError
from fer_ros.sources.buffers import MAX_PIXELS, as_bytes, require_size
from fer_ros.sources.compressed import decode_compressed
from fer_ros.taxonomy import DropReason
from fer_ros.types import UInt8

__all__ = ['MAX_PIXELS', 'decode_compressed', 'to_rgb']


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How one encoding lies in memory, and OpenCV's conversion of it to RGB.

    :param channels: samples per pixel of the packed plane.
    :param wide: samples are 16-bit.
    :param convert: code for ``cv2.cvtColor``; None where the samples are RGB already.
    :param chroma: rows are followed by half as many of interleaved chroma.
    """

    channels: int
    convert: int | None
    wide: bool = False
    chroma: bool = False

    @property
    def bytes_per_pixel(self) -> int:
        """Bytes per pixel of the first plane."""
        return self.channels * (2 if self.wide else 1)


# OpenCV names a Bayer pattern by the second row's second and third pixel, ROS by the first four.
_BAYER = {
    'rggb': cv2.COLOR_BayerBG2RGB,
    'bggr': cv2.COLOR_BayerRG2RGB,
    'gbrg': cv2.COLOR_BayerGR2RGB,
    'grbg': cv2.COLOR_BayerGB2RGB,
}

_UYVY = _Encoding(2, cv2.COLOR_YUV2RGB_UYVY)
_YUYV = _Encoding(2, cv2.COLOR_YUV2RGB_YUYV)

_ENCODINGS: Mapping[str, _Encoding] = MappingProxyType(
    {
        'rgb8': _Encoding(3, None),
        'bgr8': _Encoding(3, cv2.COLOR_BGR2RGB),
        '8uc3': _Encoding(3, cv2.COLOR_BGR2RGB),  # colour order unsaid: OpenCV's own
        'rgba8': _Encoding(4, cv2.COLOR_RGBA2RGB),
        'bgra8': _Encoding(4, cv2.COLOR_BGRA2RGB),
        '8uc4': _Encoding(4, cv2.COLOR_BGRA2RGB),
        'rgb16': _Encoding(3, None, wide=True),
        'bgr16': _Encoding(3, cv2.COLOR_BGR2RGB, wide=True),
        'mono8': _Encoding(1, cv2.COLOR_GRAY2RGB),
        '8uc1': _Encoding(1, cv2.COLOR_GRAY2RGB),
        'mono16': _Encoding(1, cv2.COLOR_GRAY2RGB, wide=True),
        '16uc1': _Encoding(1, cv2.COLOR_GRAY2RGB, wide=True),
        'yuv422': _UYVY,
        'uyvy': _UYVY,
        'yuv422_yuy2': _YUYV,
        'yuyv': _YUYV,
        'nv12': _Encoding(1, cv2.COLOR_YUV2RGB_NV12, chroma=True),
        'nv21': _Encoding(1, cv2.COLOR_YUV2RGB_NV21, chroma=True),
        **{f'bayer_{name}8': _Encoding(1, code) for name, code in _BAYER.items()},
        **{f'bayer_{name}16': _Encoding(1, code, wide=True) for name, code in _BAYER.items()},
    }
)


def to_rgb(
    data: Any,
    encoding: str,
    width: int,
    height: int,
    step: int,
    is_bigendian: bool = False,
    *,
    max_pixels: int = MAX_PIXELS,
) -> UInt8:
    """Return the pixels of a sensor_msgs/Image as (H, W, 3) uint8 RGB.

    Contiguous rgb8 is not copied: the result shares (and may not write) the buffer. 16-bit
    samples keep the eight highest bits that the image uses: many cameras fill 10 or 12 only.

    :param data: bytes or anything with the buffer protocol.
    :param step: bytes from one row to the next; 0 where rows have no padding.
    :raises FrameError: ``bad_encoding``, ``bad_data`` or ``too_large``.
    """
    layout = _ENCODINGS.get(encoding.strip().lower())
    if layout is None:
        raise FrameError(
            f'image: expected one of the encodings {", ".join(_ENCODINGS)}; found {encoding!r}; '
            "set the camera's driver to rgb8 or bgr8",
            DropReason.BAD_ENCODING.value,
        )
    require_size(width, height, max_pixels)
    samples = _samples(data, encoding, layout, width, height, step, is_bigendian)
    if layout.convert is None:
        return samples
    try:
        pixels: UInt8 = cv2.cvtColor(samples, layout.convert)
    except cv2.error as error:
        raise FrameError(
            f'image: expected {encoding} that can be converted, found {width}x{height}: '
            f'{error.err}',
            DropReason.BAD_DATA.value,
        ) from None
    return pixels


def _samples(
    data: Any,
    encoding: str,
    layout: _Encoding,
    width: int,
    height: int,
    step: int,
    is_bigendian: bool,
) -> UInt8:
    """Return the samples as (H, W) or (H, W, C) uint8 without padding, where possible a view."""
    row_bytes = width * layout.bytes_per_pixel
    step = step or row_bytes
    if step < row_bytes:
        raise FrameError(
            f'image: expected a step of at least {row_bytes} bytes for {width} pixels of '
            f"{encoding}, found {step}; correct the camera's driver",
            DropReason.BAD_DATA.value,
        )
    paired = layout.chroma or layout.channels == 2
    if (paired and width % 2) or (layout.chroma and height % 2):
        raise FrameError(
            f'image: expected an even size for {encoding}, found {width}x{height}; '
            "correct the camera's driver",
            DropReason.BAD_DATA.value,
        )
    lines = height * 3 // 2 if layout.chroma else height
    samples = as_bytes(data)
    if samples.size < lines * step:
        raise FrameError(
            f'image: expected {lines} rows of {step} = {lines * step} bytes for {width}x{height} '
            f'{encoding}, found {samples.size}; was the message cut off?',
            DropReason.BAD_DATA.value,
        )
    # Only padding, which OpenCV can not skip in every conversion, costs a copy.
    rows = np.ascontiguousarray(samples[: lines * step].reshape(lines, step)[:, :row_bytes])
    if layout.wide:
        wide = rows.view('>u2' if is_bigendian else '<u2')
        unused = max(int(wide.max()).bit_length() - 8, 0)
        rows = (wide >> unused).astype(np.uint8)
    return rows.reshape((lines, width) if layout.channels == 1 else (lines, width, -1))
