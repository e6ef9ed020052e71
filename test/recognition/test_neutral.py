"""A person's neutral: hand-computed steps, bounds, and people who never rest."""

import numpy as np
import pytest

from fer_ros.errors import ConfigError, DataError
from fer_ros.recognition.neutral import NeutralConfig, PersonNeutral

STEP_NS = 100_000_000


def follow(neutral: PersonNeutral, value: float, frames: int, rest: float = 1.0) -> float:
    for index in range(frames):
        mean, _ = neutral.update('a', np.array([value]), rest=rest, stamp_ns=index * STEP_NS)
    return float(mean[0])


def one(**config: float) -> PersonNeutral:
    return PersonNeutral(np.array([0.0]), np.array([1.0]), NeutralConfig(**config))


def test_the_first_frame_is_compared_with_the_population() -> None:
    mean, spread = one().update('a', np.array([0.5]), rest=1.0, stamp_ns=0)
    assert mean[0] == 0.0
    assert spread[0] == 1.0


def test_two_seconds_at_rest_weigh_as_much_as_the_population() -> None:
    neutral = one(prior_s=2.0)
    assert follow(neutral, 0.5, 21) == pytest.approx(0.25)  # 20 steps of 0.1 s
    _, spread = neutral.update('a', np.array([0.5]), rest=0.0, stamp_ns=3 * 10**9)
    assert spread[0] == pytest.approx(0.5**0.5)


def test_who_never_rests_keeps_the_populations_neutral() -> None:
    assert follow(one(), 3.0, 600, rest=0.0) == 0.0


def test_a_face_that_always_smiles_never_becomes_neutral() -> None:
    assert follow(one(bound_std=2.5), 9.0, 6000) == 2.5


def test_one_wild_frame_counts_as_two_deviations() -> None:
    wild, mild = one(), one()
    assert follow(wild, 50.0, 2) == follow(mild, 2.0, 2) > 0.0


def test_a_measurement_that_is_not_finite_teaches_nothing() -> None:
    neutral = one()
    before = follow(neutral, 0.5, 5)
    mean, _ = neutral.update('a', np.array([np.nan]), rest=1.0, stamp_ns=10**9)
    assert mean[0] == before


def test_faces_are_kept_apart_and_forgotten() -> None:
    neutral = one()
    follow(neutral, 0.5, 20)
    mean, _ = neutral.update('b', np.array([0.5]), rest=1.0, stamp_ns=0)
    assert mean[0] == 0.0
    neutral.forget(['a'])
    mean, _ = neutral.update('a', np.array([0.5]), rest=1.0, stamp_ns=9 * 10**9)
    assert mean[0] == 0.0


def test_refuses_what_it_can_not_use() -> None:
    with pytest.raises(DataError, match='positive deviations'):
        PersonNeutral(np.zeros(2), np.zeros(2))
    with pytest.raises(ConfigError, match='prior_s'):
        NeutralConfig(prior_s=0.0)
