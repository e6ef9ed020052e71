from __future__ import annotations

import cv2
import numpy as np
import pytest

from fer_ros.evaluation import degrade
from fer_ros.evaluation.degrade import CLEAN, CONDITIONS, random_condition

MISSED = np.full((478, 3), np.nan, np.float32)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def edge() -> np.ndarray:
    """Return a face-sized square, dark on the left and light on the right."""
    image = np.full((48, 48), 50, np.uint8)
    image[:, 24:] = 200
    return image


def test_names_are_unique_and_the_first_is_the_face_as_it_is() -> None:
    names = [condition.name for condition in CONDITIONS]
    assert len(set(names)) == len(names)
    assert CONDITIONS[0] is CLEAN
    np.testing.assert_array_equal(CLEAN.apply(edge(), MISSED, rng()), edge())


def test_every_condition_repeats_with_its_seed() -> None:
    for condition in CONDITIONS:
        first, again = (condition.apply(edge(), MISSED, rng()) for _ in range(2))
        np.testing.assert_array_equal(first, again)
        assert first.dtype == np.uint8
        assert first.ndim == 2


def test_a_quarter_turn_clockwise() -> None:
    turned = degrade.turned(90.0)(edge(), MISSED, rng())
    assert turned[2:22].mean() == pytest.approx(50, abs=2)  # what was left is above
    assert turned[26:46].mean() == pytest.approx(200, abs=2)


def test_blur_is_told_for_a_face_of_48_px() -> None:
    # 10 % to 90 % of an edge span 2.56 sigma; twice the face has twice the blur.
    for side in (48, 96):
        image = cv2.resize(edge(), (side, side), interpolation=cv2.INTER_NEAREST)
        row = degrade.blurred(3.0)(image, MISSED, rng())[side // 2].astype(float)
        within = ((row > 65) & (row < 185)).sum()
        assert within == pytest.approx(2.56 * 3.0 * side / 48, abs=2)


def test_a_smear_goes_any_way_and_keeps_the_light() -> None:
    steps = []
    for seed in range(12):
        out = degrade.smeared(10.0)(edge(), MISSED, np.random.default_rng(seed))
        assert out.mean() == pytest.approx(edge().mean(), abs=3)
        steps.append(np.abs(np.diff(out[24].astype(int))).max())
    assert min(steps) < 30  # across the edge
    assert max(steps) > 70  # along it


def test_light() -> None:
    dark = degrade.darkened(0.1)(edge(), MISSED, rng())
    assert dark[:, 30:].mean() == pytest.approx(20, abs=0.5)
    assert dark[:, 30:].std() == pytest.approx(2.0, abs=0.2)
    assert (degrade.brightened(2.0)(edge(), MISSED, rng())[:, 30:] == 255).all()
    assert degrade.noisy(12.0)(edge(), MISSED, rng())[:, :20].std() == pytest.approx(12, abs=1)


def test_fewer_pixels() -> None:
    assert degrade.shrunk(16)(edge(), MISSED, rng()).shape == (16, 16)
    faint = (128 + np.indices((48, 48)).sum(axis=0) % 2 * 6).astype(np.uint8)
    assert np.ptp(degrade.compressed(10)(faint, MISSED, rng())) == 0
    assert np.ptp(degrade.compressed(100)(faint, MISSED, rng())) > 3


@pytest.mark.parametrize('tilt_deg', [0.0, 30.0])
def test_bars_are_where_the_landmarks_are(tilt_deg: float) -> None:
    image = np.full((96, 96), 128, np.uint8)
    cos, sin = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    points = np.zeros((478, 3), np.float32)
    upright = {33: (-20, -15), 263: (20, -15), 61: (-10, 15), 291: (10, 15), 152: (0, 30)}
    for index, (x, y) in upright.items():
        points[index, :2] = 48 + cos * x - sin * y, 48 + sin * x + cos * y
    eyes = degrade.eyes_hidden(image, points, rng()) != image
    mouth = degrade.mouth_hidden(image, points, rng()) != image

    def hit(mask: np.ndarray, index: int) -> bool:
        x, y = np.rint(points[index, :2]).astype(int)
        return bool(mask[y, x])

    assert [hit(eyes, index) for index in (33, 263, 61, 291)] == [True, True, False, False]
    assert [hit(mouth, index) for index in (33, 263, 61, 291)] == [False, False, True, True]


def test_a_missed_face_is_covered_where_faces_usually_are() -> None:
    image = np.full((48, 48), 128, np.uint8)
    assert (degrade.eyes_hidden(image, MISSED, rng())[16:20, 10:38] != 128).all()
    assert (degrade.mouth_hidden(image, MISSED, rng())[35:39, 18:30] != 128).all()
    assert (degrade.eyes_hidden(image, MISSED[:0], rng()) != 128).any()


def test_random_conditions_differ_and_cover_first() -> None:
    generator = rng()
    names = [random_condition(generator).name for _ in range(300)]
    singles = {name for name in names if '+' not in name}
    assert len(singles) == 11
    pairs = [name.split('+') for name in names if '+' in name]
    assert 40 < len(pairs) < 110
    covers = ('eyes_hidden', 'mouth_hidden')
    assert all(first in covers or second not in covers for first, second in pairs)
