"""Drawn action units: what moves, what stays, what changes its light."""

from dataclasses import replace

import numpy as np
import pytest

from fer_ros.evaluation.au_warp import (
    DRAWN,
    LOWER_LID,
    LOWER_LIP,
    UPPER_LID,
    UPPER_LIP,
    Portrait,
    act,
    follow,
    half_field,
    mirrored,
    moved_points,
    relight,
    turn,
    ways,
)
from fer_ros.recognition.face_shape import neutral_face

RIGHT_CORNER, LEFT_CORNER = 61, 291


@pytest.fixture(scope='module')
def portrait() -> Portrait:
    """Return the mean face, 10 pixels a centimetre, on skin with soft texture."""
    points = neutral_face().points_cm * (10.0, -10.0, -10.0) + (128.0, 128.0, 0.0)
    y, x = np.mgrid[0:256, 0:256]
    skin = 140 + 30 * np.sin(x / 9.0) * np.cos(y / 11.0)
    return Portrait(skin.astype(np.uint8), points.astype(np.float32))


@pytest.mark.parametrize('code', DRAWN)
def test_every_unit_has_a_motion_that_is_its_own_halfs(code: int) -> None:
    if code == 43:
        return  # the lids close by what they are apart
    field = half_field(code)
    right = neutral_face().points_cm[:, 0] < -1.0
    left = neutral_face().points_cm[:, 0] > 1.0
    assert np.linalg.norm(field[right], axis=1).max() > 0.1
    assert np.linalg.norm(field[left], axis=1).max() < 0.02 * np.linalg.norm(field, axis=1).max()
    np.testing.assert_allclose(mirrored(mirrored(field)), field)


def test_a_half_smile_lifts_one_corner(portrait: Portrait) -> None:
    moved = moved_points(portrait, 12, 0.0, 1.0) - portrait.points_px
    assert moved[RIGHT_CORNER, 0] < -5.0  # outwards: to the image's left
    assert moved[RIGHT_CORNER, 1] < -3.0  # upwards
    assert np.abs(moved[LEFT_CORNER]).max() < 0.1


def test_motion_grows_with_strength(portrait: Portrait) -> None:
    half, full = (moved_points(portrait, 4, s, s) - portrait.points_px for s in (0.5, 1.0))
    np.testing.assert_allclose(2 * half, full, atol=1e-4)


def test_lids_meet_and_lips_part(portrait: Portrait) -> None:
    before = portrait.points_px
    closed = moved_points(portrait, 43, 1.0, 1.0)
    gap = closed[list(LOWER_LID), 1] - closed[list(UPPER_LID), 1]
    was = before[list(LOWER_LID), 1] - before[list(UPPER_LID), 1]
    assert np.abs(gap).max() < 0.1 * was.max()
    parted = moved_points(portrait, 25, 1.0, 1.0)
    opening = (parted[list(LOWER_LIP), 1] - parted[list(UPPER_LIP), 1])[5]
    assert opening > (before[list(LOWER_LIP), 1] - before[list(UPPER_LIP), 1])[5] + 5.0


def test_where_nothing_moves_the_image_stays(portrait: Portrait) -> None:
    image = follow(portrait, portrait.points_px.astype(np.float64))
    assert np.abs(image.astype(int) - portrait.pixels).max() <= 1


def test_an_open_mouth_is_dark(portrait: Portrait) -> None:
    image = act(portrait, 27, 1.0)
    inside = moved_points(portrait, 27, 1.0, 1.0)[[13, 14], :2].mean(axis=0).round().astype(int)
    assert image[inside[1], inside[0]] < 0.5 * np.median(portrait.pixels)


def test_a_frown_is_a_furrow_between_the_brows(portrait: Portrait) -> None:
    frown = act(portrait, 4, 1.0).astype(int)
    x, y = portrait.points_px[9, :2].round().astype(int)
    furrow = frown[y : y + 8, x - 8 : x + 9].mean(axis=0)
    assert furrow[[2, 3, 13, 14]].min() < furrow[8] - 10  # two lines, the middle is lighter


def test_people_furrow_in_different_ways(portrait: Portrait) -> None:
    x, y = portrait.points_px[9, :2].round().astype(int)

    def across(way: int) -> np.ndarray:
        frown = act(replace(portrait, way=way), 4, 1.0).astype(int)
        return frown[y : y + 8, x - 8 : x + 9].mean(axis=0)

    smooth = across(4)
    assert ways(4) == 4
    assert ways(1) == 1
    assert (across(2) - smooth)[8] < -10  # one line, in the middle
    assert (across(2) - smooth)[[2, 14]].min() > -3
    three = across(3) - smooth
    assert max(three[8], three[[2, 3]].min(), three[[13, 14]].min()) < -5
    np.testing.assert_array_equal(across(5), across(1))


def test_turning_keeps_the_middle_and_light_keeps_the_shape(portrait: Portrait) -> None:
    turned = turn(portrait, np.radians(20))
    assert turned.shape == portrait.pixels.shape
    assert np.abs(turned.astype(int) - portrait.pixels).mean() > 2.0
    lit = relight(portrait, 0.0, 0.5)
    assert lit[:, 200:].mean() > 1.3 * lit[:, :56].mean()
