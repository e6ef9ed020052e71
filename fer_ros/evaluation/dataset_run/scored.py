"""Samples that were read, as arrays that metrics take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fer_ros.evaluation.dataset_run.readings import Reading
from fer_ros.evaluation.datasets import Layout, Sample
from fer_ros.evaluation.metrics import Labels, answers_of
from fer_ros.types import Float32, Float64

MIN_PEOPLE = 5  # fewer, drawn again and again, tell nothing of others


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Samples that were read, as arrays.

    Answers are classes that both sides have, as papers on a set score it.

    :param classes: names of the columns.
    :param scores: (N, K) end to end; a row of NaN is a face that was missed.
    :param aligned: (N, K) of the recogniser alone; a row of NaN has no labelled face.
    :param labels: (N,) places among the classes; -1 where there is none, or a compound one.
    :param all_right: (N,) whether the label is the strongest of all classes of the model.
    :param people: who each is, or None where that is not known of each, or they are too few to be
        drawn from.
    """

    samples: Sequence[Sample]
    readings: Sequence[Reading]
    classes: tuple[str, ...]
    scores: Float64
    aligned: Float64
    labels: Labels
    all_right: Labels
    people: Sequence[str] | None
    answers: Labels = field(init=False)

    def __post_init__(self) -> None:
        """Take the strongest class of each row."""
        object.__setattr__(self, 'answers', answers_of(self.scores))

    @classmethod
    def of(
        cls, layout: Layout, labels: Sequence[str], read: Sequence[tuple[Sample, Reading]]
    ) -> Scored:
        """Put together what was read.

        :param labels: the classes of the model's scores.
        """
        samples, readings = zip(*read)
        classes = tuple(name for name in labels if name in layout.emotions)
        kept = [labels.index(name) for name in classes]
        scores = _rows([one.scores for one in readings], len(labels))
        truth = [None if one.label.second else one.label.emotion for one in samples]
        wanted = np.array([labels.index(one) if one in labels else -1 for one in truth])
        people = [one.person for one in samples]
        return cls(
            samples=samples,
            readings=readings,
            classes=classes,
            scores=scores[:, kept],
            aligned=_rows([one.aligned for one in readings], len(labels))[:, kept],
            labels=places(truth, classes),
            all_right=np.where(wanted >= 0, answers_of(scores) == wanted, -1),
            people=people if all(people) and len(set(people)) >= MIN_PEOPLE else None,
        )


def places(names: Sequence[str | None], classes: Sequence[str]) -> Labels:
    """Return where names are among the classes, -1 for others."""
    place = {name: index for index, name in enumerate(classes)}
    return np.array([-1 if name is None else place.get(name, -1) for name in names], np.int64)


def _rows(scores: Sequence[Float32 | None], width: int) -> Float64:
    """Return (N, K) scores; rows of NaN where there are none."""
    rows = np.full((len(scores), width), np.nan)
    for index, row in enumerate(scores):
        if row is not None:
            rows[index] = row
    return rows
