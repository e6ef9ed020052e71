from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from fer_ros.detection.squares import Pyramid, Square, cover, whole_square


def test_whole_square_is_centred_on_the_frame():
    assert whole_square(1280, 720) == Square(0, -280, 1280)
    assert whole_square(480, 640) == Square(-80, 0, 640)


def test_a_720p_frame_is_covered_by_two_squares_of_its_height():
    assert cover(1280, 720, 720, 0.2) == [Square(0, 0, 720), Square(560, 0, 720)]


def test_cover_of_tiles_row_by_row():
    # 640 = 320 + 320 leaves no overlap: a third column; 480 - 320 = 160 is one more row.
    tiles = cover(640, 480, 320, 0.2)
    assert [(tile.x, tile.y) for tile in tiles] == [
        (0, 0), (160, 0), (320, 0), (0, 160), (160, 160), (320, 160),
    ]  # fmt: skip


@pytest.mark.parametrize(('width', 'height'), [(1280, 720), (640, 480), (1000, 667), (500, 500)])
@pytest.mark.parametrize('share', [1.0, 0.66, 0.3])
def test_neighbours_overlap_and_reach_every_edge(width, height, share):
    side, overlap = share * min(width, height), 0.2
    tiles = cover(width, height, side, overlap)
    for axis, length in (('x', width), ('y', height)):
        starts = sorted({getattr(tile, axis) for tile in tiles})
        assert starts[0] == pytest.approx(0)
        assert starts[-1] + side == pytest.approx(length)
        assert all(b - a <= side * (1 - overlap) + 1e-9 for a, b in pairwise(starts))


def gradient(height, width):
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, x * 0 + 200], axis=2).astype(np.uint8)


def test_a_cut_shows_the_pixels_of_its_square():
    cut = Pyramid(gradient(100, 200)).cut(Square(30, 20, 16), 16)
    np.testing.assert_array_equal(cut[0, 0], [30, 20, 200])
    np.testing.assert_array_equal(cut[15, 15], [45, 35, 200])


@pytest.mark.parametrize('side', [24, 32, 40, 48])
def test_a_smaller_cut_averages_and_does_not_shift(side):
    # Pixel i of the cut covers side/16 pixels of the frame from i * side/16 on; the value of
    # the frame at x is 4 * (x - 0.5).
    frame = gradient(60, 60)
    frame[:, :, 0] *= 4
    cut = Pyramid(frame).cut(Square(6, 8, side), 16)
    expected = 4 * (6 + (np.arange(16) + 0.5) * side / 16 - 0.5)
    np.testing.assert_allclose(cut[4, :, 0], expected, atol=1.01)
    assert abs((cut[4, :, 0] - expected).mean()) < 0.6


def test_beyond_the_frame_is_black():
    cut = Pyramid(gradient(90, 160)).cut(whole_square(160, 90), 16)
    # 160 x 90 in 16 x 16: rows 3.5 .. 12.5 show the frame.
    assert (cut[:3] == 0).all()
    assert (cut[13:] == 0).all()
    assert (cut[4:12, :, 2] == 200).all()


def test_halving_keeps_what_skipping_would_lose():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 200
    cut = Pyramid(stripes).cut(Square(0, 0, 64), 16)
    assert (cut == 100).all()


@pytest.mark.parametrize('shape', [(1, 1), (1, 50), (50, 1), (3, 700)])
def test_tiny_frames_are_cut_without_a_word(shape):
    pixels = np.full((*shape, 3), 9, np.uint8)
    cut = Pyramid(pixels).cut(whole_square(shape[1], shape[0]), 192)
    assert cut.shape == (192, 192, 3)
    assert 0 < cut.max() <= 9


def test_odd_frames_are_halved():
    cut = Pyramid(np.full((721, 1281, 3), 77, np.uint8)).cut(Square(0, 0, 720), 192)
    assert (cut == 77).all()
