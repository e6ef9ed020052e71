"""Answers to every sample in a file, so that two versions can be compared on the same faces."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_ros.errors import DataError
from fer_ros.evaluation.dataset_run.scored import Scored, places
from fer_ros.evaluation.metrics import Labels, answers_of
from fer_ros.evaluation.model_comparison import ModelComparison, compared

COLUMNS = ('name', 'person', 'label', 'end_to_end', 'aligned')
MISSED = 'missed'
PROTOCOLS = {'end_to_end': 'end to end', 'aligned': 'aligned alone'}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said of one sample; ``missed`` where nothing was, '' where nothing was asked."""

    person: str
    label: str
    end_to_end: str
    aligned: str


def write_answers(path: Path, found: Scored) -> None:
    """Write a CSV with a row for each sample that has a label."""
    aligned = answers_of(found.aligned)
    with path.open('w', newline='', encoding='utf-8') as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for row, sample in enumerate(found.samples):
            if found.labels[row] >= 0:
                name = f'{sample.name}@{sample.fold}' if sample.fold else sample.name
                said, alone = found.answers[row], aligned[row]
                writer.writerow(
                    [
                        name,
                        sample.person,
                        found.classes[found.labels[row]],
                        MISSED if said < 0 else found.classes[said],
                        '' if alone < 0 else found.classes[alone],
                    ]
                )


def read_answers(path: Path) -> dict[str, Answer]:
    """Read what :func:`write_answers` wrote, by name.

    :raises DataError: it is not such a file.
    """
    try:
        with path.open(newline='', encoding='utf-8') as stream:
            header, *rows = csv.reader(stream)
            answers = {name: Answer(*cells) for name, *cells in rows}
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise DataError(
            f'{path}: expected answers of fer-ros eval dataset --answers, found: {error}'
        ) from None
    if tuple(header) != COLUMNS or not answers:
        raise DataError(
            f'{path}: expected the columns {list(COLUMNS)} and rows of answers, found {header} '
            f'and {len(answers)} rows'
        )
    return answers


def compare_answers(a: Path, b: Path) -> ModelComparison:
    """Compare two files of answers to the same data set.

    :raises DataError: they are not of the same samples and labels.
    """
    in_a, in_b = read_answers(a), read_answers(b)
    names = sorted(in_a)
    other = in_a.keys() ^ in_b.keys()
    differ = other or {name for name in names if in_a[name].label != in_b[name].label}
    if differ:
        raise DataError(
            f'{b}: expected answers to the {len(names)} samples of {a}, found {len(differ)} that '
            f"are missing, new or labelled otherwise, '{min(differ)}' among them; run both with "
            'the same data set, split and limit'
        )
    classes = sorted({one.label for one in in_a.values()} | _said(in_a) | _said(in_b))
    labels = places([in_a[name].label for name in names], classes)
    people = [in_a[name].person for name in names]
    return ModelComparison(
        a.stem,
        b.stem,
        {
            title: compared(
                _column(in_a, names, protocol, classes),
                _column(in_b, names, protocol, classes),
                labels,
                len(classes),
                people=people if all(people) else None,
            )
            for protocol, title in PROTOCOLS.items()
            if all(getattr(one, protocol) for one in (*in_a.values(), *in_b.values()))
        },
    )


def _said(answers: Mapping[str, Answer]) -> set[str]:
    said = {value for one in answers.values() for value in (one.end_to_end, one.aligned)}
    return said - {'', MISSED}


def _column(
    answers: Mapping[str, Answer], names: Sequence[str], protocol: str, classes: Sequence[str]
) -> Labels:
    said = [getattr(answers[name], protocol) for name in names]
    return np.asarray(places(said, classes))
