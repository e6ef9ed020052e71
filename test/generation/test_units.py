import numpy as np
import pytest

from fer_ros.errors import ConfigError, DataError
from fer_ros.generation.units import CHANNELS, INDEX, as_pose, channels_of, vector
from fer_ros.types import AuPose


def test_a_code_names_both_sides_and_a_side_one() -> None:
    assert [CHANNELS[i] for i in channels_of(12)] == ['12L', '12R']
    assert [CHANNELS[i] for i in channels_of('12R')] == ['12R']
    assert [CHANNELS[i] for i in channels_of('26')] == ['26']


def test_a_sides_own_entry_goes_before_that_of_both() -> None:
    for units in ({'12L': 0.2, 12: 0.9}, {12: 0.9, '12L': 0.2}):
        found = vector(units)
        assert found[INDEX['12L']] == 0.2
        assert found[INDEX['12R']] == 0.9
        assert np.count_nonzero(found) == 2


@pytest.mark.parametrize(
    ('units', 'words'),
    [
        ({'99': 0.5}, "unit '99': expected a FACS code"),
        ({'26L': 0.5}, "unit '26L'"),
        ({12: 1.5}, 'unit 12: expected a number in [0, 1], found 1.5'),
        ({12: float('nan')}, 'found nan'),
        ({12: True}, 'found True'),
    ],
)
def test_refuses_what_is_no_unit(units: dict, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(ConfigError) as error:
        vector(units)
    assert words in str(error.value)


def test_a_pose_tells_both_sides() -> None:
    pose = as_pose(vector({'12L': 0.2, '12R': 0.7, 26: 0.4}), stamp_ns=5)
    assert (pose.left[12], pose.right[12], pose.left[26], pose.right[26]) == (0.2, 0.7, 0.4, 0.4)
    assert pose.intensity(12) == 0.7
    assert pose.intensity(99) == 0.0


def test_a_pose_is_checked_when_it_is_made() -> None:
    with pytest.raises(DataError, match='one side only'):
        AuPose(0, {12: 0.1}, {})
    with pytest.raises(DataError, match=r'left\[12\]'):
        AuPose(0, {12: 1.1}, {12: 1.0})
