from __future__ import annotations

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.evaluation.courses import Course, draw_course

SMILE = Course(1, 0.8, (1.0, 2.0), (3.0, 3.5), 4.0)


def test_strength_by_hand() -> None:
    # 3 u^2 - 2 u^3 at a quarter of the way is 0.15625.
    times = np.array([0.0, 1.0, 1.25, 1.5, 2.0, 2.5, 3.25, 3.5, 4.0])
    expected = 0.8 * np.array([0.0, 0.0, 0.15625, 0.5, 1.0, 1.0, 0.5, 0.0, 0.0])
    assert SMILE.strength(times) == pytest.approx(expected)


def test_it_begins_at_a_tenth_and_is_full_at_nine_tenths() -> None:
    stamps = np.array([SMILE.onset_s, SMILE.apex_s, SMILE.offset_s, SMILE.end_s])
    assert SMILE.strength(stamps) == pytest.approx(0.8 * np.array([0.1, 0.9, 0.9, 0.1]))
    assert stamps.tolist() == sorted(stamps.tolist())
    assert SMILE.moves


def test_still_courses_have_no_event() -> None:
    neutral = Course(0, 0.0, (0.0, 0.0), (2.0, 2.0), 2.0)
    held = Course(1, 0.8, (0.0, 0.0), (2.0, 2.0), 2.0)
    times = np.array([0.0, 1.0, 1.9])
    assert neutral.strength(times).tolist() == [0.0, 0.0, 0.0]
    assert held.strength(times).tolist() == [0.8, 0.8, 0.8]
    assert not neutral.moves
    assert not held.moves


def test_drawn_courses_are_of_all_kinds() -> None:
    drawn = [draw_course(3, np.random.default_rng(seed)) for seed in range(200)]
    moving = [course for course in drawn if course.moves]
    assert 110 < len(moving) < 160
    assert {course.label for course in moving} == {3}
    assert all(course.end_s < course.length_s for course in moving)
    assert draw_course(3, np.random.default_rng(5)) == drawn[5]


def test_times_out_of_order_are_refused() -> None:
    with pytest.raises(DataError, match='expected times in order'):
        Course(1, 0.8, (2.0, 1.0), (3.0, 3.5), 4.0)
