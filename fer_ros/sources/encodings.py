"""Image data of ROS messages as RGB pixels (encodings of sensor_msgs/image_encodings)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from fer_ros.errors import FrameError
from fer_ros.taxonomy import DropReason
from fer_ros.types import UInt8

MAX_PIXELS = 7680 * 4320

Convert = Callable[[Any], Any]


def _colour(code: int) -> Convert:
    return lambda image: cv2.cvtColor(image, code)


def _sixteen_bit(image: Any) -> Any:
    """Stretch 16-bit grey to its own range: such cameras rarely use all of it."""
    low, high = int(image.min()), int(image.max())
    scaled = (image.astype(np.float32) - low) * (255.0 / max(high - low, 1))
    return cv2.cvtColor(scaled.astype(np.uint8), cv2.COLOR_GRAY2RGB)


# Encoding: channels and type of one pixel as stored, and what makes RGB of it.
_PACKED: dict[str, tuple[int, str, Convert]] = {
    'rgb8': (3, 'u1', lambda image: image),
    '8uc3': (3, 'u1', _colour(cv2.COLOR_BGR2RGB)),
    'bgr8': (3, 'u1', _colour(cv2.COLOR_BGR2RGB)),
    'rgba8': (4, 'u1', _colour(cv2.COLOR_RGBA2RGB)),
    'bgra8': (4, 'u1', _colour(cv2.COLOR_BGRA2RGB)),
    '8uc4': (4, 'u1', _colour(cv2.COLOR_BGRA2RGB)),
    'mono8': (1, 'u1', _colour(cv2.COLOR_GRAY2RGB)),
    '8uc1': (1, 'u1', _colour(cv2.COLOR_GRAY2RGB)),
    'mono16': (1, 'u2', _sixteen_bit),
    '16uc1': (1, 'u2', _sixteen_bit),
    'yuv422': (2, 'u1', _colour(cv2.COLOR_YUV2RGB_UYVY)),
    'uyvy': (2, 'u1', _colour(cv2.COLOR_YUV2RGB_UYVY)),
    'yuv422_yuy2': (2, 'u1', _colour(cv2.COLOR_YUV2RGB_YUY2)),
    'yuyv': (2, 'u1', _colour(cv2.COLOR_YUV2RGB_YUY2)),
    # OpenCV names a Bayer pattern by its second row's second and third pixel.
    'bayer_rggb8': (1, 'u1', _colour(cv2.COLOR_BayerBG2RGB)),
    'bayer_bggr8': (1, 'u1', _colour(cv2.COLOR_BayerRG2RGB)),
    'bayer_gbrg8': (1, 'u1', _colour(cv2.COLOR_BayerGR2RGB)),
    'bayer_grbg8': (1, 'u1', _colour(cv2.COLOR_BayerGB2RGB)),
}
# Half-size colour planes below the brightness plane: 3/2 of the rows.
_PLANAR: dict[str, Convert] = {
    'nv12': _colour(cv2.COLOR_YUV2RGB_NV12),
    'nv21': _colour(cv2.COLOR_YUV2RGB_NV21),
}
ENCODINGS = (*_PACKED, *_PLANAR)


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
    """Return the data of a sensor_msgs/Image as (height, width, 3) uint8 RGB.

    :param data: anything with the buffer protocol; rgb8 without padding is not copied.
    :param step: bytes of one row, padding included; 0 is taken for no padding.
    :raises FrameError: unknown encoding, too few bytes, no or too many pixels.
    """
    _check_size(width, height, max_pixels)
    name = encoding.strip().lower()
    planar = name in _PLANAR
    if not planar and name not in _PACKED:
        raise FrameError(
            f'encoding: expected one of {", ".join(ENCODINGS)}, found {encoding!r}; '
            'convert the image in the camera driver',
            DropReason.BAD_ENCODING.value,
        )
    channels, kind, convert = (1, 'u1', _PLANAR[name]) if planar else _PACKED[name]
    if (planar and (width % 2 or height % 2)) or (channels == 2 and width % 2):
        raise FrameError(
            f'{name}: expected an even size, found {width}x{height}', DropReason.BAD_DATA.value
        )
    rows = height * 3 // 2 if planar else height
    pixel_bytes = channels * int(kind[1])
    image = _rows(data, rows, width * pixel_bytes, step or width * pixel_bytes)
    typed = image.view(np.dtype(('>' if is_bigendian else '<') + kind))
    shaped = typed.reshape(rows, width, channels) if channels > 1 else typed
    return np.ascontiguousarray(convert(shaped), np.uint8)


def decode_compressed(data: Any, form: str, *, max_pixels: int = MAX_PIXELS) -> UInt8:
    """Return the data of a sensor_msgs/CompressedImage (JPEG or PNG) as (H, W, 3) uint8 RGB."""
    buffer = np.frombuffer(data, np.uint8)
    try:
        bgr = cv2.imdecode(buffer, cv2.IMREAD_COLOR) if buffer.size else None
    except cv2.error:
        bgr = None
    if bgr is None:
        raise FrameError(
            f'compressed image: expected JPEG or PNG, found {buffer.size} bytes of '
            f'{form.strip() or "unnamed"!r} that do not decode',
            DropReason.BAD_DATA.value,
        )
    _check_size(bgr.shape[1], bgr.shape[0], max_pixels)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _check_size(width: int, height: int, max_pixels: int) -> None:
    """Refuse an image without pixels, and one too large to be meant."""
    if width <= 0 or height <= 0:
        raise FrameError(
            f'image: expected a positive size, found {width}x{height}', DropReason.BAD_DATA.value
        )
    if width * height > max_pixels:
        raise FrameError(
            f'image: expected at most {max_pixels} pixels, found {width}x{height}; '
            'raise max_pixels or scale the image down',
            DropReason.TOO_LARGE.value,
        )


def _rows(data: Any, rows: int, row_bytes: int, step: int) -> UInt8:
    """Return (rows, row_bytes) of data whose rows are ``step`` bytes apart."""
    buffer = np.frombuffer(data, np.uint8)
    if step < row_bytes or buffer.size < step * (rows - 1) + row_bytes:
        raise FrameError(
            f'image data: expected {rows} rows of {row_bytes} bytes, found {buffer.size} bytes '
            f'in steps of {step}',
            DropReason.BAD_DATA.value,
        )
    if step == row_bytes:
        return buffer[: rows * row_bytes].reshape(rows, row_bytes)
    padded = np.lib.stride_tricks.as_strided(buffer, (rows, row_bytes), (step, 1))
    return np.ascontiguousarray(padded)
