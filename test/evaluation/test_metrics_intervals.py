"""Intervals, groups and paired tests: by hand where that is possible, else against theory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.evaluation.metrics import (
    accuracy,
    bootstrap_interval,
    by_group,
    mcnemar,
    paired_difference,
)


def figure_of(right: np.ndarray) -> Callable[[np.ndarray], float]:
    return lambda rows: float(right[rows].mean())


def test_the_interval_of_a_share_is_that_of_theory() -> None:
    right = np.arange(400) < 300  # .75, standard error sqrt(.75 * .25 / 400) = .02165
    interval = bootstrap_interval(figure_of(right), 400, resamples=2000)
    assert interval.value == 0.75
    assert interval.low == pytest.approx(0.75 - 1.96 * 0.02165, abs=0.006)
    assert interval.high == pytest.approx(0.75 + 1.96 * 0.02165, abs=0.006)
    assert interval == bootstrap_interval(figure_of(right), 400, resamples=2000)
    assert interval != bootstrap_interval(figure_of(right), 400, resamples=2000, seed=1)


def test_pictures_of_one_person_are_no_independent_evidence() -> None:
    right = np.repeat([True, False, True, False], 100)
    people = np.repeat(['a', 'b', 'c', 'd'], 100).tolist()
    alone = bootstrap_interval(figure_of(right), 400)
    by_person = bootstrap_interval(figure_of(right), 400, clusters=people)
    assert (by_person.low, by_person.high) == (0.0, 1.0)
    assert alone.high - alone.low < 0.12


def test_no_rows_are_refused() -> None:
    with pytest.raises(DataError, match='expected one row or more'):
        bootstrap_interval(figure_of(np.ones(3, bool)), 0)


def test_groups_have_figures_gap_and_interval() -> None:
    right = np.array([True] * 90 + [False] * 10 + [True] * 60 + [False] * 40 + [True] * 5)
    column = ['young'] * 100 + ['old'] * 100 + ['', None, '', None, '']
    found = by_group(figure_of(right), column)
    assert list(found.groups) == ['old', 'young']
    assert found.groups['old'].count == 100
    assert found.groups['old'].figure.value == pytest.approx(0.6)
    assert found.groups['young'].figure.value == pytest.approx(0.9)
    assert found.unknown == 5
    gap = found.gap
    assert gap is not None
    assert (gap.best, gap.worst) == ('young', 'old')
    assert gap.difference.value == pytest.approx(0.3)
    assert gap.ratio == pytest.approx(2 / 3)
    # The standard error of the difference is sqrt(.9 * .1 / 100 + .6 * .4 / 100) = .0574.
    assert gap.difference.low == pytest.approx(0.3 - 1.96 * 0.0574, abs=0.02)
    assert gap.difference.high == pytest.approx(0.3 + 1.96 * 0.0574, abs=0.02)


def test_one_group_has_no_gap() -> None:
    assert by_group(figure_of(np.ones(3, bool)), ['a', 'a', 'a']).gap is None


def pair(only_a: int, only_b: int, both: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return answers of two models whose labels are all 0."""
    a = np.array([0] * only_a + [1] * only_b + [0] * both)
    b = np.array([1] * only_a + [0] * only_b + [0] * both)
    return a, b, np.zeros(len(a), np.int64)


def test_mcnemar_by_hand() -> None:
    # Six discordant faces, one of A: P(X <= 1) = (1 + 6) / 64; mid-p takes half of P(X = 1) off.
    found = mcnemar(*pair(1, 5, both=3))
    assert (found.only_a, found.only_b) == (1, 5)
    assert found.p_exact == pytest.approx(2 * 7 / 64)
    assert found.p_mid == pytest.approx((2 * 7 - 6) / 64)
    even = mcnemar(*pair(2, 2))
    assert even.p_exact == 1.0
    assert even.p_mid == pytest.approx(1 - 6 / 16 / 2)
    same = mcnemar(*pair(0, 0, both=4))
    assert (same.p_exact, same.p_mid) == (1.0, 1.0)


def test_mcnemar_leaves_out_what_has_no_label_and_takes_many_faces() -> None:
    a, b, labels = pair(1, 5)
    assert mcnemar(a, b, np.where(np.arange(6) == 0, -1, labels)).only_a == 0
    many = mcnemar(*pair(2400, 2600))
    # Normal approximation: z = 200 / sqrt(5000) = 2.83, p = .0047.
    assert many.p_mid == pytest.approx(0.0047, abs=0.0002)


def test_the_interval_of_a_difference_is_paired() -> None:
    a, b, labels = pair(20, 60, both=320)
    found = paired_difference(accuracy, a, b, labels)
    assert (found.a, found.b) == (pytest.approx(340 / 400), pytest.approx(380 / 400))
    assert found.b_minus_a.value == pytest.approx(0.1)
    # Of the difference of one face: variance 80 / 400 - .1^2 = .19, so se = .0218.
    assert found.b_minus_a.low == pytest.approx(0.1 - 1.96 * 0.0218, abs=0.01)
    assert found.is_clear
    assert not paired_difference(accuracy, *pair(20, 22, both=300)).is_clear
