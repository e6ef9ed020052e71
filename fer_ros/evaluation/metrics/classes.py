"""Right and wrong classes: WAR, recall, UAR, precision, F1, confusion, the top two."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.types import Float32, Float64

Labels = NDArray[np.int64]


def answers_of(scores: Float32 | Float64) -> Labels:
    """Return the strongest class of each row of (N, K) scores; -1, a miss, where one is NaN."""
    if not scores.shape[1]:
        return np.full(len(scores), -1)
    missed = np.isnan(scores).any(axis=1)
    answers: Labels = np.where(missed, -1, np.nan_to_num(scores).argmax(axis=1))
    return answers


def accuracy(answers: Labels, labels: Labels) -> float:
    """Return the share of right answers among the faces with a label (WAR); 0 without any.

    Weighted average recall, as the field calls it: each class counts by its size.
    """
    _require_pairs(answers, labels)
    scored = labels >= 0
    return float((answers == labels)[scored].mean()) if scored.any() else 0.0


def recall(answers: Labels, labels: Labels, classes: int) -> Float64:
    """Return (K,) shares of each class that were found; NaN where it does not occur."""
    return _shares(np.diag(confusion(answers, labels, classes)), labels, classes)


def precision(answers: Labels, labels: Labels, classes: int) -> Float64:
    """Return (K,) shares of each answer that were right; NaN where it was never given."""
    _require_pairs(answers, labels)
    given = np.where(labels >= 0, answers, -1)
    return _shares(np.diag(confusion(answers, labels, classes)), given, classes)


def f1(answers: Labels, labels: Labels, classes: int) -> Float64:
    """Return (K,) harmonic means of precision and recall (van Rijsbergen 1979).

    2 TP / (2 TP + FP + FN); NaN where the class occurs neither as a label nor as an answer.
    """
    hits = np.diag(confusion(answers, labels, classes))
    given = _counts(np.where(labels >= 0, answers, -1), classes)
    both = given + _counts(labels, classes)
    return np.where(both > 0, 2 * hits / np.maximum(both, 1), np.nan)


def mean_known(values: Float64) -> float:
    """Return the mean of what is not NaN; 0 where all is."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else 0.0


def mean_recall(answers: Labels, labels: Labels, classes: int) -> float:
    """Return the mean recall of the classes that occur (UAR, Schuller et al. 2009)."""
    return mean_known(recall(answers, labels, classes))


def confusion(answers: Labels, labels: Labels, classes: int) -> Labels:
    """Return (K, K) counts, a row per label and a column per answer.

    Misses are in no column: a row's sum may be less than how often its label occurs.
    """
    _require_pairs(answers, labels)
    both = (labels >= 0) & (answers >= 0)
    cells = labels[both] * classes + answers[both]
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def top_two(scores: Float64, first: Labels, second: Labels) -> float:
    """Return the share of compound emotions whose two classes are the two strongest, in any order.

    Compound emotions: Du, Tao & Martinez 2014. A row of NaN is a miss, and wrong.

    :param scores: (N, K).
    :param first, second: (N,) the two classes; rows with a negative one are not scored.
    """
    _require_pairs(first, second)
    scored = (first >= 0) & (second >= 0)
    if not scored.any():
        return 0.0
    known = np.isfinite(scores).all(axis=1)
    strongest = np.sort(np.argsort(-scores, axis=1, kind='stable')[:, :2], axis=1)
    wanted = np.sort(np.stack([first, second], axis=1), axis=1)
    return float(((strongest == wanted).all(axis=1) & known)[scored].mean())


def found_only(answers: Labels, labels: Labels) -> Labels:
    """Return labels without those of missed faces: what is left of end-to-end once all is found.

    ``accuracy(answers, labels)`` counts misses as wrong; with these labels it does not.
    """
    _require_pairs(answers, labels)
    return np.where(answers >= 0, labels, -1)


def _require_pairs(answers: Labels, labels: Labels) -> None:
    """Refuse scores where class indices are expected."""
    if answers.ndim != 1 or answers.shape != labels.shape:
        raise DataError(
            f'answers: expected ({len(labels)},) class indices, one a label, found '
            f'{answers.shape}; take answers_of(scores) first'
        )


def _counts(values: Labels, classes: int) -> Labels:
    return np.bincount(values[values >= 0], minlength=classes)


def _shares(hits: Labels, of: Labels, classes: int) -> Float64:
    """Return hits by class as shares of how often it occurs; NaN where it does not."""
    counts = _counts(of, classes)
    return np.where(counts > 0, hits / np.maximum(counts, 1), np.nan)
