from __future__ import annotations

import math

import numpy as np
import pytest

from fer_ros.recognition.resample import grid, observed, unseen

HALF = np.array([0.5, 0.5], np.float32)


def test_a_frame_is_its_logarithms_its_weight_and_a_one() -> None:
    step = observed(np.array([0.25, 0.75], np.float32), 0.8, 3)
    assert step.index == 3
    assert step.features == pytest.approx([math.log(0.25), math.log(0.75), 0.8, 1.0])
    assert step.features.dtype == np.float32


def test_frames_of_one_step_count_by_their_weight() -> None:
    one = observed(HALF, 0.9, 0)
    other = observed(np.array([0.1, 0.9], np.float32), 0.3, 0)
    # Three parts of the first, one of the second; the mean weight is 0.6.
    expected = [
        (3 * math.log(0.5) + math.log(0.1)) / 4,
        (3 * math.log(0.5) + math.log(0.9)) / 4,
        0.6,
        1.0,
    ]
    assert one.joined(other).features == pytest.approx(expected, rel=1e-5)


def test_probabilities_of_none_and_frames_of_no_weight_stay_finite() -> None:
    step = observed(np.array([0.0, 1.0], np.float32), 0.0, 0)
    assert step.features == pytest.approx([math.log(1e-4), 0.0, 0.05, 1.0])


def test_a_step_without_a_frame_says_so() -> None:
    assert unseen(2).tolist() == [0.0, 0.0, 0.0, 0.0]


def test_steps_are_counted_from_the_first_frame() -> None:
    ms = 1_000_000
    stamps = tuple(stamp * ms for stamp in (1000, 1039, 1040, 1200, 1201))
    assert grid(stamps, 40 * ms) == [0, 0, 1, 5, 5]
