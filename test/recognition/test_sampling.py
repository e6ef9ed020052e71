from __future__ import annotations

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.recognition.sampling import Sampling, chosen, random, tim, uniform


def test_uniform_by_hand() -> None:
    # Segments of two frames; the middle of each is where its second begins.
    assert uniform(8, 4) == [1, 3, 5, 7]
    assert uniform(3, 6) == [0, 0, 1, 1, 2, 2]
    assert uniform(1, 3) == [0, 0, 0]
    assert uniform(100, 1) == [50]


def test_random_stays_in_its_segment_and_repeats() -> None:
    first = random(32, 16, np.random.default_rng(5))
    assert all(2 * index <= frame <= 2 * index + 1 for index, frame in enumerate(first))
    assert first == random(32, 16, np.random.default_rng(5))
    assert first != random(32, 16, np.random.default_rng(6))


def test_choosing_is_a_single_one() -> None:
    assert chosen([2, 0], 3).tolist() == [[0, 0, 1], [1, 0, 0]]


def test_tim_gives_frames_back() -> None:
    assert tim(7, 7) == pytest.approx(np.eye(7), abs=1e-9)
    # From 5 to 9: every second moment is a frame.
    assert tim(5, 9)[::2] == pytest.approx(np.eye(5), abs=1e-9)


def test_tim_of_two_frames_by_hand() -> None:
    # n = 2, k = 1: y(t) = sin(pi t + pi/4): y(1/2) = sin(135 deg), y(1) = sin(225 deg), and half
    # way, at t = 3/4, sin(180 deg) = 0: the mean of both.
    assert tim(2, 3) == pytest.approx(np.array([[1, 0], [0.5, 0.5], [0, 1]]), abs=1e-9)


@pytest.mark.parametrize(('there', 'wanted'), [(1, 16), (4, 16), (30, 16), (16, 16), (50, 16)])
@pytest.mark.parametrize('how', list(Sampling))
def test_weights_are_a_mixture(how: Sampling, there: int, wanted: int) -> None:
    weights = how.weights(there, wanted, seed=3)
    assert weights.shape == (wanted, there)
    assert weights.sum(axis=1) == pytest.approx(1.0)


def test_tim_follows_a_smooth_course() -> None:
    course = np.sin(np.linspace(0, 2, 12))
    finer = tim(12, 23) @ course
    assert finer == pytest.approx(np.sin(np.linspace(0, 2, 23)), abs=0.02)


@pytest.mark.parametrize('how', list(Sampling))
def test_a_clip_of_nothing_is_refused(how: Sampling) -> None:
    with pytest.raises(DataError, match='found 16 of 0'):
        how.weights(0, 16)
