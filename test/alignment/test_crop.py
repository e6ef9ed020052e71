from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from fer_ros.alignment.crop import ANCHORS, TEMPLATE, similarity_to_template, warp
from fer_ros.errors import DataError


def mesh_with(anchors_px: np.ndarray) -> np.ndarray:
    """A mesh whose anchors are here; all other points are far off and must not matter."""
    mesh = np.full((478, 3), 1e6, np.float32)
    mesh[ANCHORS, :2] = anchors_px
    return mesh


def test_a_face_on_the_template_is_left_as_it_is() -> None:
    matrix = similarity_to_template(mesh_with(TEMPLATE * 48), 48)
    np.testing.assert_allclose(matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-5)


def test_a_face_shifted_scaled_and_rolled_is_brought_back() -> None:
    # Ten times as large, turned by 90 degrees clockwise (x, y) -> (-y, x), moved by (600, 20).
    turned = np.column_stack((-TEMPLATE[:, 1], TEMPLATE[:, 0])) * 480 + (600, 20)
    matrix = similarity_to_template(mesh_with(turned), 48)
    # The inverse: u = (y - 20) / 10, v = (600 - x) / 10.
    np.testing.assert_allclose(matrix, [[0, 0.1, -2], [-0.1, 0, 60]], atol=1e-5)


def test_noise_of_the_anchors_is_averaged_out() -> None:
    moved = TEMPLATE * 48
    moved[0] += (9, 0)  # one of nine anchors, 9 px off, moves their mean by 1 px
    matrix = similarity_to_template(mesh_with(moved), 48)
    centre = matrix[:, :2] @ moved.mean(axis=0) + matrix[:, 2]
    np.testing.assert_allclose(centre, TEMPLATE.mean(axis=0) * 48, atol=1e-4)


@pytest.mark.parametrize('value', [math.nan, math.inf, 7.0])
def test_no_similarity_for_points_that_say_nothing(value: float) -> None:
    with pytest.raises(DataError, match='expected finite points that are apart'):
        similarity_to_template(np.full((478, 3), value, np.float32), 48)


def test_key_points_of_a_detector_are_no_mesh() -> None:
    with pytest.raises(DataError, match=r'468 or more.*found \(6, 2\)'):
        similarity_to_template(np.zeros((6, 2), np.float32), 48)


def test_the_identity_copies_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    np.testing.assert_array_equal(warp(image, np.eye(2, 3), 48), image)


def test_pixel_centres_are_at_one_half() -> None:
    # A shift by whole pixels moves pixels; mirrored ends show an offset of half a pixel.
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    shifted = warp(image, np.array([[1.0, 0, -2], [0, 1, -1]]), 4)
    np.testing.assert_array_equal(shifted, image[1:5, 2:6])
    quarter_turn = warp(image, np.array([[0.0, 1, 0], [-1, 0, 8]]), 8)
    np.testing.assert_array_equal(quarter_turn, np.rot90(image))


@pytest.mark.parametrize('low', [(0, 0), (37, 21)])
def test_a_large_face_is_averaged_and_not_sampled(low: tuple[int, int]) -> None:
    # Blocks of 8x8: fine stripes of mean 100 that sampling would show as 0 or 200, on a ramp.
    stripes = np.zeros((480, 640), np.uint8)
    stripes[::2] = 200
    matrix = np.array([[1 / 8, 0, -low[0] / 8], [0, 1 / 8, -low[1] / 8]])
    crop = warp(stripes, matrix, 48)
    assert np.abs(crop.astype(int) - 100).max() <= 1


def test_what_is_where_survives_a_strong_reduction() -> None:
    # A dot in a large frame lands where the matrix says, to a tenth of a pixel of the crop.
    frame = np.zeros((720, 1280), np.uint8)
    cv2.circle(frame, (700, 300), 30, 255, -1)
    angle, scale = math.radians(20), 48 / 400
    a = scale * complex(math.cos(angle), math.sin(angle))
    b = complex(20.25, 30.75) - a * complex(700.5, 300.5)  # centre of pixel (700, 300)
    matrix = np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
    crop = warp(frame, matrix, 48).astype(np.float64)
    rows, columns = np.mgrid[:48, :48] + 0.5
    assert (columns * crop).sum() / crop.sum() == pytest.approx(20.25, abs=0.1)
    assert (rows * crop).sum() / crop.sum() == pytest.approx(30.75, abs=0.1)


def test_the_edge_is_repeated_outside_of_the_frame() -> None:
    image = np.full((40, 40, 3), 77, np.uint8)
    for scale in (1.0, 0.1):
        outside = np.array([[scale, 0, 500.0], [0, scale, -900.0]])
        assert (warp(image, outside, 48) == 77).all()
