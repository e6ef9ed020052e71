"""Figures by groups: columns of the set itself, and of a file of the user's."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fer_ros.errors import DataError
from fer_ros.evaluation.dataset_run.scored import Scored
from fer_ros.evaluation.datasets import Sample
from fer_ros.evaluation.metrics import Figure, Grouped, accuracy, by_group, mean_recall

MAX_GROUPS = 12  # columns with more values are shown only when they are asked for

Columns = Mapping[str, Mapping[str, str]]  # by column: by name of a sample or person


def grouped(
    found: Scored, columns: Columns, by: Sequence[str]
) -> dict[str, dict[str, Grouped]] | None:
    """Return accuracy, UAR and detection rate end to end by the values of each column.

    :param by: columns to show; by default those with 2 to 12 values.
    :raises DataError: no such column, or one that fits no sample.
    """
    scored = np.flatnonzero(found.labels >= 0).tolist()
    known = _columns([found.samples[row] for row in scored], columns)
    unknown = [name for name in by if name not in known]
    if unknown:
        raise DataError(
            f'groups: expected columns of {sorted(known)}, found {unknown}; give a CSV with them'
        )
    people = None if found.people is None else [found.people[row] for row in scored]
    shown = by or [
        name for name, values in known.items() if 1 < len(set(values) - {''}) <= MAX_GROUPS
    ]
    answers, labels, classes = found.answers[scored], found.labels[scored], len(found.classes)
    figures: dict[str, Figure] = {
        'accuracy': lambda rows: accuracy(answers[rows], labels[rows]),
        'uar': lambda rows: mean_recall(answers[rows], labels[rows], classes),
        'found': lambda rows: float((answers[rows] >= 0).mean()),
    }
    groups = {
        column: {
            name: by_group(figure, known[column], clusters=people)
            for name, figure in figures.items()
        }
        for column in shown
    }
    return groups or None


def _columns(samples: Sequence[Sample], columns: Columns) -> dict[str, list[str]]:
    """Return every column that is known: of the set, of the user's file, person and split."""
    names = sorted({name for sample in samples for name in sample.groups})
    known = {name: [sample.groups.get(name, '') for sample in samples] for name in names}
    for name, values in columns.items():
        known[name] = [
            values.get(sample.name) or values.get(sample.person, '') for sample in samples
        ]
        if samples and not any(known[name]):
            raise DataError(
                f"groups: expected rows for samples like '{samples[0].name}' or people like "
                f"'{samples[0].person}' in the column '{name}', found {list(values)[:3]}"
            )
    known['split'] = [sample.split for sample in samples]
    known['person'] = [sample.person for sample in samples]
    return {name: values for name, values in known.items() if any(values)}


def read_columns(path: Path) -> dict[str, dict[str, str]]:
    """Read a CSV whose first column is ``name`` (of a sample) or ``person``, the others groups.

    :raises DataError: it is not of that form.
    """
    try:
        with path.open(newline='', encoding='utf-8-sig') as stream:
            reader = csv.reader(stream)
            header = [name.strip() for name in next(reader, [])]
            rows = [list(map(str.strip, row)) for row in reader if row]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f'{path}: expected a CSV of groups, found: {error}') from None
    if len(header) < 2 or header[0] not in ('name', 'person'):
        raise DataError(
            f"{path}: expected the columns 'name' or 'person' and then groups, found {header}"
        )
    return {
        column: {row[0]: row[place] for row in rows if place < len(row)}
        for place, column in enumerate(header)
        if place
    }
