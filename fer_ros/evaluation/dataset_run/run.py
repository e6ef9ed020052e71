"""Runs the chain over a data set and measures what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

from fer_ros.errors import ConfigError, DataError, FrameError, SourceError
from fer_ros.evaluation.dataset_run.answers import write_answers
from fer_ros.evaluation.dataset_run.figures import report_of
from fer_ros.evaluation.dataset_run.groups import Columns
from fer_ros.evaluation.dataset_run.readings import Reading, SampleReader
from fer_ros.evaluation.dataset_run.report import DatasetReport
from fer_ros.evaluation.dataset_run.scored import Scored
from fer_ros.evaluation.datasets import DataSet, Sample

Progress = Callable[[Iterable[Sample]], Iterable[Sample]]


def read_samples(
    dataset: DataSet,
    samples: Sequence[Sample],
    reader: SampleReader,
    progress: Progress | None = None,
) -> tuple[Scored, list[str]]:
    """Run the chain on samples; return what it says, and why the others could not be read.

    :param progress: wraps the samples, to show how far it is.
    :raises DataError: none of them can be read.
    """
    read: list[tuple[Sample, Reading]] = []
    failures: list[str] = []
    for sample in progress(samples) if progress else samples:
        try:
            read.append((sample, reader.read(sample)))
        except (FrameError, SourceError) as error:
            failures.append(str(error))
    if not read:
        raise DataError(
            f'{dataset.root}: expected images or clips of {dataset.layout.title} that can be '
            f'read, found {len(failures)} that can not; the first: {failures[0]}'
        )
    return Scored.of(dataset.layout, reader.labels, read), failures


def evaluate_dataset(
    dataset: DataSet,
    samples: Sequence[Sample],
    reader: SampleReader,
    *,
    columns: Columns | None = None,
    by: Sequence[str] = (),
    answers: Path | None = None,
    progress: Progress | None = None,
) -> DatasetReport:
    """Measure the chain on a data set.

    :param samples: of the set, all or some.
    :param columns: more columns to tell groups apart, from :func:`read_columns`.
    :param by: columns to show groups by; by default those with 2 to 12 values.
    :param answers: CSV to write what was said of every labelled sample.
    :param progress: wraps the samples, to show how far it is.
    :raises DataError: nothing in it can be read, or no such column.
    """
    found, failures = read_samples(dataset, samples, reader, progress)
    if answers is not None:
        write_answers(answers, found)
    return report_of(dataset, reader.model, found, failures, columns=columns or {}, by=by)


def evenly(samples: Sequence[Sample], limit: int | None) -> Sequence[Sample]:
    """Return so many samples, evenly over the list, which is sorted by class in most sets.

    :raises ConfigError: the limit is below 1.
    """
    if limit is not None and limit < 1:
        raise ConfigError(f'limit: expected 1 or more, found {limit}')
    if limit is None or limit >= len(samples):
        return samples
    return [
        samples[index] for index in np.linspace(0, len(samples) - 1, limit).round().astype(int)
    ]
