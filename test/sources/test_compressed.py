from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from fer_ros.errors import FrameError
from fer_ros.sources.compressed import decode_compressed

# Left half red, right half blue, in BGR as OpenCV writes it.
BGR = np.zeros((16, 32, 3), np.uint8)
BGR[:, :16, 2] = 250
BGR[:, 16:, 0] = 250


def encoded(suffix: str) -> bytes:
    return cv2.imencode(suffix, BGR)[1].tobytes()


def exif_turned(jpeg: bytes, orientation: int) -> bytes:
    """Insert an EXIF segment with nothing but an orientation."""
    tiff = b'II*\0' + struct.pack('<IHHHIHHI', 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    segment = b'Exif\0\0' + tiff
    return jpeg[:2] + b'\xff\xe1' + struct.pack('>H', len(segment) + 2) + segment + jpeg[2:]


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
@pytest.mark.parametrize('form', ['', 'jpeg', 'bgr8; png compressed bgr8'])
def test_colours_come_out_as_rgb(suffix, form):
    pixels = decode_compressed(encoded(suffix), form)
    assert pixels.shape == (16, 32, 3)
    assert np.abs(pixels[8, 4].astype(int) - (250, 0, 0)).max() < 12
    assert np.abs(pixels[8, 28].astype(int) - (0, 0, 250)).max() < 12


def test_a_numpy_array_will_do():
    assert decode_compressed(np.frombuffer(encoded('.png'), np.uint8), 'png').shape == (16, 32, 3)


def test_grey_png_of_sixteen_bits():
    data = cv2.imencode('.png', np.full((4, 4), 0x8000, np.uint16))[1].tobytes()
    assert (decode_compressed(data, 'mono16; png compressed') == 0x80).all()


def test_cameras_are_not_turned_but_photos_are():
    data = exif_turned(encoded('.jpg'), 6)
    assert decode_compressed(data, 'jpeg').shape == (16, 32, 3)
    assert decode_compressed(data, 'jpeg', upright=True).shape == (32, 16, 3)


def test_padding_after_the_image():
    assert decode_compressed(encoded('.jpg') + bytes(64), 'jpeg').shape == (16, 32, 3)


def reason(data: bytes, form: str, **kwargs) -> str:
    with pytest.raises(FrameError) as error:
        decode_compressed(data, form, **kwargs)
    assert '\n' not in str(error.value)
    return error.value.reason


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
@pytest.mark.parametrize('share', [0.0, 0.02, 0.5, 0.99])
def test_cut_off(suffix, share):
    data = encoded(suffix)
    assert reason(data[: int(len(data) * share)], suffix[1:]) == 'bad_data'


@pytest.mark.parametrize('suffix', ['.png', '.jpg'])
def test_garbage_between_head_and_end(suffix):
    data = encoded(suffix)
    broken = data[:33] + b'\x55' * (len(data) - 45) + data[-12:]
    assert reason(broken, suffix[1:]) == 'bad_data'


def test_other_formats():
    assert reason(b'\0\0\0\1\x67\x42', 'h264') == 'bad_encoding'
    assert reason(encoded('.png'), '16UC1; compressedDepth png') == 'bad_encoding'
    assert reason(b'hello world', 'jpeg') == 'bad_data'


def test_a_bomb_is_refused_by_its_header():
    data = bytearray(encoded('.png'))
    data[16:24] = struct.pack('>II', 60_000, 60_000)
    assert reason(bytes(data), 'png') == 'too_large'
    assert reason(encoded('.jpg'), 'jpeg', max_pixels=511) == 'too_large'
    assert decode_compressed(encoded('.jpg'), 'jpeg', max_pixels=512).shape == (16, 32, 3)
