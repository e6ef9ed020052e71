"""Figures of a data set: end to end, where a face was found, aligned alone, and by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_ros.evaluation.metrics import (
    Grouped,
    Interval,
    Labels,
    Reliability,
    SizeBin,
    accuracy,
    answers_of,
    bootstrap_interval,
    ccc,
    confusion,
    f1,
    mean_known,
    mean_recall,
    pcc,
    recall,
    reliability,
    rmse,
)
from fer_ros.evaluation.plain import to_plain
from fer_ros.types import Float64


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """Figures of answers against labels of the classes that the set has.

    :param faces: scored ones.
    :param missed: those among them without an answer; they count as wrong.
    :param accuracy: WAR, with its interval.
    :param uar: mean recall, with its interval.
    :param f1: mean over the classes that occur.
    :param ece: expected calibration error of the probabilities as the chain gives them.
    :param reliability: the bins behind it: how often answers of each confidence are right.
    :param confusion: a row per label, a column per answer, in the order of ``recall``.
    """

    faces: int
    missed: int
    accuracy: Interval
    uar: Interval
    f1: float
    ece: float
    reliability: Reliability
    recall: Mapping[str, float]
    confusion: Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Valence or arousal against its labels, on the faces that were found."""

    faces: int
    ccc: float
    pcc: float
    rmse: float


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """One action unit over frames; a frame without a face is an error where the unit shows.

    :param shown: frames in which it is labelled as shown.
    :param f1: NaN where it is neither shown nor found.
    :param icc: ICC(3,1) of its strength where strengths are labelled, else NaN.
    """

    frames: int
    shown: int
    f1: float
    icc: float


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What was measured, on how much, and what was left out.

    :param split: '' for all.
    :param left_out: classes of the set that we lack, with how many samples each.
    :param unlabelled: samples without a class.
    :param lacking: our classes that the set lacks; they are no answers in the figures.
    :param unreadable: samples whose files could not be read, and why the first could not.
    :param interval_over: what the intervals resample: people where there are enough, else samples.
    :param found_only: end to end without the missed faces.
    :param aligned: the recogniser alone on the authors' crops or labelled boxes.
    :param accuracy_of_all_answers: end to end with the classes that the set lacks as answers too.
    :param compound: share of compound faces whose two emotions are the two strongest.
    :param abstained: share of the found faces that no label is vouched for.
    :param detection: detection rate by width of the labelled box.
    :param units_not_estimated: labelled codes that the chain does not estimate.
    :param folds: accuracy and UAR end to end of each fold.
    :param groups: by column: accuracy, UAR and detection rate end to end by the column's values.
    """

    dataset: str
    title: str
    source: str
    notes: str
    model: str
    split: str
    samples: int
    left_out: Mapping[str, int]
    unlabelled: int
    lacking: Sequence[str]
    unreadable: int
    unreadable_first: str
    interval_over: str
    end_to_end: ClassFigures | None = None
    found_only: ClassFigures | None = None
    aligned: ClassFigures | None = None
    accuracy_of_all_answers: float | None = None
    compound: Mapping[str, float] | None = None
    abstained: float | None = None
    valence: Agreement | None = None
    arousal: Agreement | None = None
    units: Mapping[int, UnitFigures] | None = None
    units_not_estimated: Sequence[int] = ()
    detection: Sequence[SizeBin] = ()
    folds: Mapping[int, Mapping[str, float]] | None = None
    groups: Mapping[str, Mapping[str, Grouped]] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; what was not measured is null."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def class_figures(
    scores: Float64, labels: Labels, classes: Sequence[str], people: Sequence[str] | None
) -> ClassFigures | None:
    """Return the figures of (N, K) scores; None where no face has a label.

    :param scores: columns in the order of ``classes``; a row of NaN is a miss.
    :param people: who each face is, or None: what the intervals resample.
    """
    scored = labels >= 0
    if not scored.any():
        return None
    scores, labels = scores[scored], labels[scored]
    people = None if people is None else [who for who, kept in zip(people, scored) if kept]
    answers = answers_of(scores)
    count = len(classes)
    recalls = recall(answers, labels, count)
    calibration = reliability(scores.astype(np.float32), labels)

    def uar(rows: Labels) -> float:
        return mean_recall(answers[rows], labels[rows], count)

    return ClassFigures(
        faces=len(labels),
        missed=int((answers < 0).sum()),
        accuracy=bootstrap_interval(
            lambda rows: accuracy(answers[rows], labels[rows]), len(labels), clusters=people
        ),
        uar=bootstrap_interval(uar, len(labels), clusters=people),
        f1=mean_known(f1(answers, labels, count)[np.unique(labels)]),
        ece=calibration.error,
        reliability=calibration,
        recall=dict(zip(classes, recalls.tolist())),
        confusion=confusion(answers, labels, count).tolist(),
    )


def agreement(found: Float64, wanted: Float64) -> Agreement | None:
    """Return how numbers agree; None where none is labelled or found."""
    both = np.isfinite(found) & np.isfinite(wanted)
    if not both.any():
        return None
    return Agreement(int(both.sum()), ccc(found, wanted), pcc(found, wanted), rmse(found, wanted))
