"""From what the chain read in samples to the figures of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from fer_ros.evaluation.dataset_run.groups import Columns, grouped
from fer_ros.evaluation.dataset_run.readings import Reading
from fer_ros.evaluation.dataset_run.report import DatasetReport, agreement, class_figures
from fer_ros.evaluation.dataset_run.scored import Scored, places
from fer_ros.evaluation.dataset_run.units import unit_figures
from fer_ros.evaluation.datasets import DataSet, Sample
from fer_ros.evaluation.metrics import (
    SizeBin,
    accuracy,
    found_only,
    mean_recall,
    rate_by_size,
    top_two,
)
from fer_ros.types import Float64


def report_of(
    dataset: DataSet,
    model: str,
    found: Scored,
    failures: Sequence[str],
    *,
    columns: Columns,
    by: Sequence[str],
) -> DatasetReport:
    """Return the figures of the samples that were read.

    :param failures: why the other samples could not be read.
    :raises DataError: a column of ``by`` is not known.
    """
    layout = dataset.layout
    units, not_estimated = unit_figures(found)
    known = np.where(np.isfinite(found.aligned).all(axis=1), found.labels, -1)
    everything = found.all_right[found.all_right >= 0]
    return DatasetReport(
        dataset=layout.name,
        title=layout.title,
        source=layout.source,
        notes=layout.notes,
        model=model,
        split=dataset.split,
        samples=len(found.samples) + len(failures),
        left_out=_left_out(found.samples),
        unlabelled=sum(not one.label.name for one in found.samples) if found.classes else 0,
        lacking=layout.lacking if found.classes else (),
        unreadable=len(failures),
        unreadable_first=failures[0] if failures else '',
        interval_over='people' if found.people else 'samples',
        end_to_end=class_figures(found.scores, found.labels, found.classes, found.people),
        found_only=class_figures(
            found.scores, found_only(found.answers, found.labels), found.classes, found.people
        ),
        aligned=class_figures(found.aligned, known, found.classes, found.people),
        accuracy_of_all_answers=float(everything.mean()) if len(everything) else None,
        compound=_compound(found),
        abstained=_abstained(found.readings),
        valence=agreement(*_numbers(found, 'valence')),
        arousal=agreement(*_numbers(found, 'arousal')),
        units=units,
        units_not_estimated=not_estimated,
        detection=_detection(found),
        folds=_folds(found),
        groups=grouped(found, columns, by),
    )


def _left_out(samples: Sequence[Sample]) -> dict[str, int]:
    """Count samples of each class that we lack."""
    names = [one.label.name for one in samples if one.label.name and not one.label.emotion]
    return dict(Counter(names).most_common())


def _compound(found: Scored) -> dict[str, float] | None:
    """Return how often the two emotions of a compound class are the two strongest."""
    of = [one.label for one in found.samples]
    second = places([one.second for one in of], found.classes)
    first = places([one.emotion if one.second else None for one in of], found.classes)
    if not (first >= 0).any():
        return None
    shares = {'end to end': top_two(found.scores, first, second)}
    if np.isfinite(found.aligned).any():
        shares['aligned alone'] = top_two(found.aligned, first, second)
    return shares


def _abstained(readings: Sequence[Reading]) -> float | None:
    seen = [bool(one.abstained) for one in readings if one.scores is not None]
    return float(np.mean(seen)) if seen else None


def _numbers(found: Scored, name: str) -> tuple[Float64, Float64]:
    """Return valence or arousal as found and as labelled; NaN where there is none."""
    labelled = [getattr(sample, name) for sample in found.samples]
    return (
        np.array([getattr(reading, name) for reading in found.readings], np.float64),
        np.array([np.nan if value is None else value for value in labelled], np.float64),
    )


def _detection(found: Scored) -> list[SizeBin]:
    """Return the detection rate by width of the labelled box."""
    boxes = [one.box_px for one in found.samples]
    widths = np.array([np.nan if box is None else box.width for box in boxes], np.float64)
    return rate_by_size(widths, np.array([one.scores is not None for one in found.readings]))


def _folds(found: Scored) -> dict[int, dict[str, float]] | None:
    """Return accuracy and UAR of each fold, where there are folds and classes."""
    of = np.array([one.fold or 0 for one in found.samples])
    numbers = sorted(set(of.tolist()) - {0})
    if not numbers or not (found.labels >= 0).any():
        return None
    figures = {}
    for number in numbers:
        pair = found.answers[of == number], found.labels[of == number]
        figures[number] = {
            'WAR': accuracy(*pair),
            'UAR': mean_recall(*pair, len(found.classes)),
        }
    return figures
