"""JPEG and PNG data to RGB, checked before it is decoded."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from fer_ros.errors import FrameError
from fer_ros.sources.buffers import MAX_PIXELS, as_bytes, require_size
from fer_ros.taxonomy import DropReason
from fer_ros.types import UInt8

_HEADS = {'jpeg': b'\xff\xd8\xff', 'png': b'\x89PNG\r\n\x1a\n'}
# Cameras pad images; an end marker further from the end belongs to a thumbnail.
_TAIL_BYTES = 1024
# SOF0..SOF15 hold the size; C4, C8 and CC are tables.
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def form_of(data: bytes) -> str:
    """Return what data says that it is: ``jpeg``, ``png`` or, of anything else, ''."""
    return next((form for form, head in _HEADS.items() if data.startswith(head)), '')


def decode_compressed(
    data: Any, format: str, *, max_pixels: int = MAX_PIXELS, upright: bool = False
) -> UInt8:
    """Return the pixels of a sensor_msgs/CompressedImage (JPEG or PNG) as (H, W, 3) RGB.

    :param data: bytes or anything with the buffer protocol.
    :param format: the message's; what the data itself says counts for more.
    :param upright: turn by the EXIF orientation, as photos want and calibrated cameras don't.
    :raises FrameError: ``bad_encoding``, ``bad_data`` or ``too_large``.
    """
    samples = as_bytes(data)
    head = samples[:8].tobytes()
    form = form_of(head)
    if 'compressedDepth' in format or not form:
        raise _refusal(format, head)
    end = b'IEND' if form == 'png' else b'\xff\xd9'
    if end not in samples[-_TAIL_BYTES:].tobytes():
        raise _damaged(format, samples.size, 'its end is missing')
    size = _png_size(samples) if form == 'png' else _jpeg_size(samples)
    if size is None:
        raise _damaged(format, samples.size, 'it says no size')
    require_size(*size, max_pixels)
    flags = cv2.IMREAD_COLOR | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        bgr = cv2.imdecode(samples, flags)
    except cv2.error:
        bgr = None
    if bgr is None:
        raise _damaged(format, samples.size, 'it can not be decoded')
    pixels: UInt8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return pixels


def _refusal(format: str, head: bytes) -> FrameError:
    """Tell data of another format from data that is not what its format says."""
    text = (
        f'compressed image: expected JPEG or PNG, found format {format!r} and data that begins '
        f"with {head.hex(' ') or 'nothing'}; set the publisher's format to jpeg or png"
    )
    claims = ('jpeg' in format or 'jpg' in format or 'png' in format) and 'Depth' not in format
    known = claims or not head
    reason = DropReason.BAD_DATA if known else DropReason.BAD_ENCODING
    return FrameError(text, reason.value)


def _damaged(format: str, size: int, why: str) -> FrameError:
    return FrameError(
        f'compressed image: expected a whole {format or "JPEG or PNG"} image, found {size} bytes '
        f'of which {why}; was it cut off?',
        DropReason.BAD_DATA.value,
    )


def _png_size(samples: UInt8) -> tuple[int, int] | None:
    """Return width and height of the IHDR chunk, which comes first."""
    if samples.size < 24:
        return None
    width, height = np.frombuffer(samples[16:24].tobytes(), '>u4').tolist()
    return width, height


def _jpeg_size(samples: UInt8) -> tuple[int, int] | None:
    """Return width and height of the first start of frame."""
    at, last = 2, samples.size - 9
    while at <= last and samples[at] == 0xFF:
        marker = int(samples[at + 1])
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _START_OF_FRAME:
            height, width = np.frombuffer(samples[at + 5 : at + 9].tobytes(), '>u2').tolist()
            return width, height
        at += 2 + int(samples[at + 2]) * 256 + int(samples[at + 3])
    return None
