"""Every metric against numbers that were worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.evaluation.metrics import (
    Event,
    EventIndex,
    accuracy,
    answers_of,
    binary_f1,
    calibration_error,
    ccc,
    confusion,
    cross_fitted_error,
    event_scores,
    f1,
    fit_temperature,
    flip_rate,
    found_only,
    icc_3_1,
    mean_known,
    mean_recall,
    pcc,
    precision,
    rate_by_size,
    recall,
    reliability,
    rmse,
    top_two,
)
from fer_ros.recognition.static import softmax

# Three classes; the last face has no label, the one before it was missed.
LABELS = np.array([0, 0, 0, 1, 1, 2, -1])
ANSWERS = np.array([0, 0, 1, 1, 0, -1, 2])


def test_accuracy_counts_a_miss_as_wrong_and_no_label_not_at_all() -> None:
    assert accuracy(ANSWERS, LABELS) == pytest.approx(3 / 6)
    assert accuracy(ANSWERS, found_only(ANSWERS, LABELS)) == pytest.approx(3 / 5)
    assert accuracy(ANSWERS, np.full(7, -1)) == 0.0


def test_answers_are_the_strongest_classes() -> None:
    scores = np.array([[0.1, 0.9], [0.9, 0.1], [np.nan, 0.5]])
    assert answers_of(scores).tolist() == [1, 0, -1]


def test_recall_precision_and_f1_by_hand() -> None:
    assert recall(ANSWERS, LABELS, 4) == pytest.approx([2 / 3, 1 / 2, 0, np.nan], nan_ok=True)
    assert mean_recall(ANSWERS, LABELS, 4) == pytest.approx((2 / 3 + 1 / 2) / 3)
    # Answered 0 three times (2 right), 1 twice (1 right), 2 only where there is no label.
    assert precision(ANSWERS, LABELS, 3) == pytest.approx([2 / 3, 1 / 2, np.nan], nan_ok=True)
    assert f1(ANSWERS, LABELS, 4) == pytest.approx([4 / 6, 2 / 4, 0, np.nan], nan_ok=True)
    assert mean_known(np.array([np.nan, np.nan])) == 0.0


def test_confusion_has_a_row_per_label_and_no_column_for_misses() -> None:
    assert confusion(ANSWERS, LABELS, 3).tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_scores_instead_of_answers_are_refused() -> None:
    with pytest.raises(DataError, match=r'expected \(7,\) class indices.*found \(7, 3\)'):
        accuracy(np.zeros((7, 3), np.int64), LABELS)


def test_the_top_two_fit_in_any_order() -> None:
    scores = np.array([[0.5, 0.4, 0.1], [0.1, 0.4, 0.5], [0.5, 0.1, 0.4], [np.nan] * 3, [1, 0, 0]])
    first, second = np.array([0, 1, 0, 0, 0]), np.array([1, 2, 1, 1, -1])
    # Right, right, wrong, missed, not compound.
    assert top_two(scores, first, second) == pytest.approx(2 / 4)


def test_calibration_error_by_hand() -> None:
    # Four answers at .9, half of them right: |.9 - .5|; six at .5 of which three are: no gap.
    probabilities = np.full((10, 8), 0.0, np.float32)
    probabilities[:4, 0], probabilities[:4, 1] = 0.9, 0.1
    probabilities[4:, 0], probabilities[4:, 1:3] = 0.5, 0.25
    labels = np.array([0, 0, 1, 1, 0, 0, 0, 1, 1, 1])
    assert calibration_error(probabilities, labels) == pytest.approx(0.4 * 0.4, abs=1e-6)
    diagram = reliability(probabilities, labels, bins=2)
    assert diagram.counts.tolist() == [0, 10]
    assert diagram.confidence[1] == pytest.approx(0.66)
    assert diagram.accuracy[1] == pytest.approx(0.5)
    assert np.isnan(diagram.accuracy[0])
    assert diagram.error == pytest.approx(0.16)


def test_a_missed_face_has_no_confidence() -> None:
    probabilities = np.array([[0.8, 0.2], [np.nan, np.nan]], np.float32)
    assert reliability(probabilities, np.array([0, 0])).counts.sum() == 1


def test_the_temperature_of_overconfident_logits_is_found() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 1.5, (20000, 8)).astype(np.float32)
    labels = (honest + rng.gumbel(size=honest.shape)).argmax(axis=1)  # drawn from softmax(honest)
    assert fit_temperature(honest * 3, labels) == pytest.approx(3.0, rel=0.04)
    assert calibration_error(softmax(honest * 3), labels) > 0.2
    assert cross_fitted_error(honest * 3, labels) < 0.02


def test_correlations_and_error_by_hand() -> None:
    found, wanted = np.array([1.0, 2.0, 3.0, np.nan]), np.array([2.0, 2.0, 5.0, 1.0])
    # Means 2 and 3; variances 2/3 and 2; covariance (-1*-1 + 0 + 1*2) / 3 = 1.
    assert pcc(found, wanted) == pytest.approx(1 / np.sqrt(2 / 3 * 2))
    assert ccc(found, wanted) == pytest.approx(2 / (2 / 3 + 2 + 1))
    assert rmse(found, wanted) == pytest.approx(np.sqrt((1 + 0 + 4) / 3))


def test_a_constant_has_no_correlation_but_a_concordance() -> None:
    flat, line = np.ones(3), np.array([0.0, 1.0, 2.0])
    assert np.isnan(pcc(flat, line))
    assert ccc(flat, line) == 0.0
    assert np.isnan(ccc(flat, flat))
    assert ccc(line, line) == pytest.approx(1.0)


def test_unit_f1_counts_missed_faces() -> None:
    found, wanted = np.array([1, 1, 0, -1, 0, 1]), np.array([1, 0, 1, 1, 0, -1])
    # TP 1, FP 1, FN 2: of the frame that was missed too.
    assert binary_f1(found, wanted) == pytest.approx(2 / (2 + 1 + 2))
    assert np.isnan(binary_f1(np.zeros(3, int), np.zeros(3, int)))


def test_icc_of_shrout_and_fleiss() -> None:
    # Judges 1 and 2 of their Table 2: two-way ANOVA by hand.
    first = np.array([9.0, 6.0, 8.0, 7.0, 10.0, 6.0])
    second = np.array([2.0, 1.0, 4.0, 1.0, 5.0, 2.0])
    # Sums 11 7 12 8 15 8: BMS = (667 / 2 - 61^2 / 12) / 5 = 4.6833; within total
    # 417 - 310.0833 = 106.9167 less 23.4167 between less 80.0833 of judges: EMS = 3.4167 / 5.
    between, residual = (23 + 5 / 12) / 5, (3 + 5 / 12) / 5
    assert icc_3_1(first, second) == pytest.approx((between - residual) / (between + residual))
    assert icc_3_1(first, first + 3) == pytest.approx(1.0)
    assert np.isnan(icc_3_1(first[:1], second[:1]))


def test_detection_rate_by_size() -> None:
    widths = np.array([20.0, 24.0, 31.0, 32.0, 500.0, np.nan])
    found = np.array([False, True, False, True, True, True])
    bins = rate_by_size(widths, found)
    assert [(one.from_px, one.faces, one.rate) for one in bins] == [
        (0, 1, 0.0), (24, 2, 0.5), (32, 1, 1.0), (192, 1, 1.0),
    ]  # fmt: skip


def test_flips_are_changes_per_step() -> None:
    assert flip_rate(np.array([0, 0, 1, 1, 0])) == pytest.approx(2 / 4)
    assert flip_rate(np.array([0, -1, 0, 1])) == pytest.approx(1 / 2)
    assert flip_rate(np.array([3])) == 0.0


def event(stamp_ms: int, kind: str = 'onset') -> Event:
    return Event(stamp_ms * 1_000_000, kind)


def test_events_are_matched_one_to_one() -> None:
    found = [event(100), event(190), event(900), event(1000, 'offset')]
    labelled = [event(200), event(1000), event(3000)]
    scores = event_scores(found, labelled, tolerance_ns=150_000_000)
    # 190-200 (late by -10) and 900-1000 (-100); 100 has no partner left, the offset is no onset.
    assert scores.matched == 2
    assert scores.precision == pytest.approx(2 / 4)
    assert scores.recall == pytest.approx(2 / 3)
    assert scores.timing_error_ms == pytest.approx(55.0)
    assert scores.delay_ms == pytest.approx(-55.0)
    none = event_scores([], labelled)
    assert np.isnan(none.precision)
    assert none.recall == 0.0


def test_events_that_cross_are_matched_as_many_as_can_be() -> None:
    """The nearest pair first (400, 450) would leave 100 and 700 alone: 1 of 2, not 2 of 2."""
    found, labelled = [event(100), event(450)], [event(400), event(700)]
    scores = event_scores(found, labelled, tolerance_ns=300_000_000)
    assert (scores.matched, scores.precision, scores.recall) == (2, 1.0, 1.0)
    assert scores.timing_error_ms == pytest.approx((300 + 250) / 2)
    assert scores.delay_ms == pytest.approx((-300 - 250) / 2)
    # Of two ways to match both, 10 + 10 ms goes before 30 + 30.
    close = event_scores([event(0), event(40)], [event(10), event(30)])
    assert close.timing_error_ms == pytest.approx(10.0)
    assert close.matched == 2


def test_events_side_by_side_are_matched_as_each_with_each_would_be() -> None:
    rng = np.random.default_rng(3)
    some, others = (
        [event(int(at), kind) for at, kind in zip(rng.integers(0, 20_000, 200), 'xyzz' * 50)]
        for _ in range(2)
    )
    index = EventIndex(others)
    for one in some:
        expected = {
            place
            for place, other in enumerate(others)
            if one.kind == other.kind and abs(one.stamp_ns - other.stamp_ns) <= 300_000_000
        }
        assert set(index.near(one, 300_000_000)) == expected
    # Many recordings taken together: each with each would be 10^9 pairs.
    many = [event(at * 10_000) for at in range(30_000)]
    scores = event_scores(many, many)
    assert (scores.precision, scores.recall, scores.timing_error_ms) == (1.0, 1.0, 0.0)
