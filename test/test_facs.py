from __future__ import annotations

import math

import pytest
from made_faces import face, pose, quality

from fer_ros.facs import gaze_units, head_units, visibility_units
from fer_ros.taxonomy import QualityFlag
from fer_ros.types import ActionUnit

REST = ActionUnit(0.0, 0.75)


@pytest.mark.parametrize(
    ('angles', 'shown', 'at_rest'),
    [
        # FACS: 51 head left, 52 right, 53 up, 54 down, 55 tilt left, 56 tilt right.
        ({'yaw_rad': math.radians(30)}, 51, 52),
        ({'yaw_rad': -math.radians(30)}, 52, 51),
        ({'pitch_rad': math.radians(30)}, 54, 53),
        ({'pitch_rad': -math.radians(30)}, 53, 54),
        ({'roll_rad': math.radians(30)}, 56, 55),
        ({'roll_rad': -math.radians(30)}, 55, 56),
    ],
)
def test_sides_of_the_head(angles: dict[str, float], shown: int, at_rest: int) -> None:
    units = head_units(face(head_pose=pose(**angles)))
    assert sorted(units) == [51, 52, 53, 54, 55, 56]
    assert units[shown].intensity == pytest.approx(0.5)
    assert units[at_rest] == REST
    assert sum(unit.intensity for unit in units.values()) == pytest.approx(0.5)
    assert {unit.confidence for unit in units.values()} == {0.75}


def test_beyond_60_degrees_is_full_intensity() -> None:
    units = head_units(face(head_pose=pose(yaw_rad=math.radians(85))))
    assert units[51] == ActionUnit(1.0, 0.75)


def test_a_head_that_faces_us_is_at_rest() -> None:
    assert set(head_units(face(head_pose=pose())).values()) == {REST}


def test_without_a_pose_there_are_no_units() -> None:
    assert head_units(face()) == {}


def test_sides_of_the_eyes() -> None:
    # FACS: 61 eyes left, 62 right, 63 up, 64 down; 30 degrees are 1.
    units = gaze_units(math.radians(15), -math.radians(6), 0.5)
    assert {code: round(unit.intensity, 6) for code, unit in units.items()} == {
        61: 0.5,
        62: 0.0,
        63: 0.2,
        64: 0.0,
    }
    units = gaze_units(-math.radians(45), math.radians(3), 0.5)
    assert {code: round(unit.intensity, 6) for code, unit in units.items()} == {
        61: 0.0,
        62: 1.0,
        63: 0.0,
        64: 0.1,
    }


@pytest.mark.parametrize(
    ('flags', 'brows', 'lower'),
    [
        (QualityFlag.NONE, 0.0, 0.0),
        (QualityFlag.OCCLUDED_UPPER, 1.0, 0.0),
        (QualityFlag.OCCLUDED_LOWER | QualityFlag.DARK, 0.0, 1.0),
    ],
)
def test_what_is_not_visible(flags: QualityFlag, brows: float, lower: float) -> None:
    # FACS: 70 brows and forehead not visible, 72 lower face not visible.
    units = visibility_units(face(quality=quality(0.5, flags)))
    assert {code: unit.intensity for code, unit in units.items()} == {
        70: brows,
        71: brows,
        72: lower,
        73: min(brows, lower),
    }
    assert {unit.confidence for unit in units.values()} == {0.75}
