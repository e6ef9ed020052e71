from __future__ import annotations

import array

import cv2
import numpy as np
import pytest

from fer_ros.errors import FrameError
from fer_ros.sources.encodings import to_rgb

RGB = np.array([[[10, 20, 30], [40, 50, 60]], [[70, 80, 90], [100, 110, 120]]], np.uint8)
RED = (254, 0, 0)


def test_contiguous_rgb8_shares_the_buffer():
    data = RGB.tobytes()
    pixels = to_rgb(data, 'rgb8', 2, 2, 6)
    assert np.array_equal(pixels, RGB)
    assert np.shares_memory(pixels, np.frombuffer(data, np.uint8))


@pytest.mark.parametrize('wrap', [bytes, bytearray, memoryview, lambda b: array.array('B', b)])
def test_any_buffer_will_do(wrap):
    assert np.array_equal(to_rgb(wrap(RGB.tobytes()), 'rgb8', 2, 2, 6), RGB)


def test_bgr8_is_turned_round():
    assert np.array_equal(to_rgb(RGB[..., ::-1].tobytes(), 'bgr8', 2, 2, 6), RGB)


@pytest.mark.parametrize(('encoding', 'order'), [('rgba8', [0, 1, 2, 3]), ('bgra8', [2, 1, 0, 3])])
def test_alpha_is_left_out(encoding, order):
    rgba = np.dstack([RGB, np.full((2, 2), 7, np.uint8)])[..., order]
    assert np.array_equal(to_rgb(rgba.tobytes(), encoding, 2, 2, 8), RGB)


def test_padding_of_rows_is_skipped():
    padded = np.full((2, 11), 255, np.uint8)
    padded[:, :6] = RGB.reshape(2, 6)
    assert np.array_equal(to_rgb(padded.tobytes(), 'rgb8', 2, 2, 11), RGB)


def test_step_zero_is_no_padding():
    assert np.array_equal(to_rgb(RGB.tobytes(), 'rgb8', 2, 2, 0), RGB)


def test_more_data_than_needed_is_ignored():
    assert np.array_equal(to_rgb(RGB.tobytes() + b'rest', 'rgb8', 2, 2, 6), RGB)


@pytest.mark.parametrize('encoding', ['mono8', '8UC1', 'Mono8 '])
def test_grey_becomes_three_channels(encoding):
    pixels = to_rgb(bytes([1, 2, 3, 4]), encoding, 2, 2, 2)
    assert pixels[..., 0].tolist() == [[1, 2], [3, 4]]
    assert (pixels == pixels[..., :1]).all()


@pytest.mark.parametrize('encoding', ['mono16', '16UC1'])
@pytest.mark.parametrize('order', ['<', '>'])
def test_sixteen_bit_grey_keeps_its_upper_byte(encoding, order):
    data = np.array([[0x0180, 0xFF01]], order + 'u2').tobytes()
    pixels = to_rgb(data, encoding, 2, 1, 4, order == '>')
    assert pixels[0, :, 0].tolist() == [0x01, 0xFF]


def test_twelve_bits_in_sixteen_are_not_black():
    data = np.array([[0x0FFF, 0x07F0]], '<u2').tobytes()
    assert to_rgb(data, 'mono16', 2, 1, 4)[0, :, 0].tolist() == [0xFF, 0x7F]


@pytest.mark.parametrize('encoding', ['yuv422', 'uyvy', 'yuv422_yuy2', 'yuyv'])
def test_packed_yuv(encoding):
    # BT.601, studio range: red is about Y 81, U 90, V 240.
    pair = [90, 81, 240, 81] if encoding in ('yuv422', 'uyvy') else [81, 90, 81, 240]
    pixels = to_rgb(bytes(pair * 2), encoding, 2, 2, 4)
    assert np.abs(pixels.astype(int) - RED).max() <= 3


@pytest.mark.parametrize(('encoding', 'chroma'), [('nv12', [90, 240]), ('nv21', [240, 90])])
def test_planar_yuv_with_padding(encoding, chroma):
    rows = [[81, 81, 81, 81, 0, 0]] * 2 + [chroma * 2 + [0, 0]]
    pixels = to_rgb(bytes(np.array(rows, np.uint8)), encoding, 4, 2, 6)
    assert pixels.shape == (2, 4, 3)
    assert np.abs(pixels.astype(int) - RED).max() <= 3


@pytest.mark.parametrize('pattern', ['rggb', 'bggr', 'gbrg', 'grbg'])
@pytest.mark.parametrize('bits', [8, 16])
def test_bayer_red_stays_red(pattern, bits):
    cell = np.array([200 if colour == 'r' else 0 for colour in pattern]).reshape(2, 2)
    mosaic = np.tile(cell, (4, 4)).astype(np.uint16 if bits == 16 else np.uint8)
    if bits == 16:
        mosaic <<= 8
    pixels = to_rgb(mosaic.tobytes(), f'bayer_{pattern}{bits}', 8, 8, 8 * bits // 8)
    assert pixels[3:5, 3:5].reshape(-1, 3).tolist() == [[200, 0, 0]] * 4


def refused(*args, **kwargs) -> FrameError:
    with pytest.raises(FrameError) as error:
        to_rgb(*args, **kwargs)
    return error.value


def test_unknown_encoding():
    error = refused(b'', 'jpeg2000', 2, 2, 6)
    assert error.reason == 'bad_encoding'
    assert "'jpeg2000'" in str(error)
    assert 'bgr8' in str(error)


@pytest.mark.parametrize('size', [(0, 0), (0, 2), (2, 0)])
def test_no_pixels(size):
    assert refused(b'', 'rgb8', *size, 0).reason == 'bad_data'


def test_data_shorter_than_its_rows():
    error = refused(RGB.tobytes()[:-1], 'rgb8', 2, 2, 6)
    assert error.reason == 'bad_data'
    assert '12 bytes' in str(error)
    assert 'found 11' in str(error)


def test_a_short_last_row_of_chroma():
    assert refused(bytes(4 * 2 + 3), 'nv12', 4, 2, 4).reason == 'bad_data'


def test_step_shorter_than_a_row():
    assert refused(bytes(99), 'bgr8', 2, 2, 5).reason == 'bad_data'


@pytest.mark.parametrize(
    ('encoding', 'size'), [('nv12', (4, 3)), ('nv12', (3, 4)), ('uyvy', (3, 2))]
)
def test_halved_chroma_needs_even_sizes(encoding, size):
    assert refused(bytes(99), encoding, *size, 6).reason == 'bad_data'


def test_no_data_at_all():
    assert refused(b'', 'rgb8', 2, 2, 6).reason == 'bad_data'


def test_data_that_is_no_buffer():
    assert refused('text', 'rgb8', 2, 2, 6).reason == 'bad_data'


def test_too_many_pixels_before_the_data_is_looked_at():
    assert refused(b'', 'rgb8', 7681, 4320, 7681 * 3).reason == 'too_large'
    assert refused(RGB.tobytes(), 'rgb8', 2, 2, 6, max_pixels=3).reason == 'too_large'


def test_eight_k_is_within_the_limit():
    assert to_rgb(bytes(7680 * 4320), 'mono8', 7680, 4320, 7680).shape == (4320, 7680, 3)


def test_opencv_agrees_on_a_whole_image():
    bgr = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    expected = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    assert np.array_equal(to_rgb(bgr.tobytes(), 'bgr8', 64, 48, 192), expected)
