"""A data set's report as text for people."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fer_ros.evaluation.dataset_run.report import ClassFigures, DatasetReport
from fer_ros.evaluation.metrics import Interval

_GROUP_FIGURES = {'accuracy': 'WAR', 'uar': 'UAR', 'found': 'found'}


def dataset_text(report: DatasetReport) -> str:
    """Return the report, a line a fact, in the order in which it should be read."""
    return '\n'.join(
        [*_head(report), *_classes(report), *_numbers(report), *_units(report), *_groups(report)]
    )


def _head(report: DatasetReport) -> Iterator[str]:
    part = f'split {report.split}' if report.split else 'all of it'
    yield f'{report.title}, {part}: {report.samples} samples, model {report.model}'
    yield f'  {report.source}'
    if report.notes:
        yield f'  {report.notes}'
    for name, count in report.left_out.items():
        yield f'left out: {count} of class {name!r}, which we lack'
    if report.unlabelled:
        yield f'left out: {report.unlabelled} without a class'
    if report.lacking and report.end_to_end:
        yield f'no answers, for the set lacks them: {", ".join(report.lacking)}'
    if report.unreadable:
        yield f'unreadable: {report.unreadable}; the first: {report.unreadable_first}'


def _classes(report: DatasetReport) -> Iterator[str]:
    shown = {
        'end to end': report.end_to_end,
        'where found': report.found_only,
        'aligned alone': report.aligned,
    }
    if report.end_to_end:
        yield (
            f'{"":14} {"faces":>6} {"missed":>6} {"WAR":>22} {"UAR":>22} {"F1":>6} {"ECE":>6}'
            f'   (95 % intervals over {report.interval_over})'
        )
    for name, figures in shown.items():
        if figures:
            yield (
                f'{name:14} {figures.faces:6d} {figures.missed:6d} {_interval(figures.accuracy)} '
                f'{_interval(figures.uar)} {figures.f1:6.3f} {figures.ece:6.3f}'
            )
    if report.end_to_end:
        yield from _confusion(report.end_to_end)
    if report.accuracy_of_all_answers is not None and report.lacking:
        yield f'with answers that the set lacks: WAR {report.accuracy_of_all_answers:.3f}'
    for name, value in (report.compound or {}).items():
        yield f'both emotions are the two strongest, {name}: {value:.3f}'
    if report.abstained is not None:
        yield f'abstained: {report.abstained:.3f} of the faces that were found'
    for fold, values in (report.folds or {}).items():
        yield f'fold {fold}: ' + '  '.join(f'{name} {value:.3f}' for name, value in values.items())


def _confusion(figures: ClassFigures) -> Iterator[str]:
    """Show recall and counts, a row a label."""
    names = list(figures.recall)
    yield f'{"label":14} {"recall":>6}  answers: ' + ' '.join(f'{name[:6]:>6}' for name in names)
    for name, row in zip(names, figures.confusion):
        value = figures.recall[name]
        yield f'{name:14} {_share(value):>6}           ' + ' '.join(f'{count:6d}' for count in row)


def _numbers(report: DatasetReport) -> Iterator[str]:
    for name, found in (('valence', report.valence), ('arousal', report.arousal)):
        if found:
            yield (
                f'{name}: CCC {_share(found.ccc)}  PCC {_share(found.pcc)}  '
                f'RMSE {_share(found.rmse)}  on {found.faces} faces'
            )
    for one in report.detection:
        yield f'found at {one.from_px:g}..{one.to_px:g} px: {one.rate:.3f} of {one.faces}'


def _units(report: DatasetReport) -> Iterator[str]:
    for code, found in (report.units or {}).items():
        yield (
            f'AU{code:<3d} F1 {_share(found.f1):>5}  ICC(3,1) {_share(found.icc):>6}  '
            f'shown in {found.shown} of {found.frames} frames'
        )
    if report.units_not_estimated:
        codes = ', '.join(f'AU{code}' for code in report.units_not_estimated)
        yield f'labelled, but not estimated: {codes}'


def _groups(report: DatasetReport) -> Iterator[str]:
    """Show a table for each column: a row a group, and a row for the gaps."""
    for column, figures in (report.groups or {}).items():
        first = next(iter(figures.values()))
        unknown = f', {first.unknown} unknown' if first.unknown else ''
        yield f'{f"by {column}{unknown}":28} {"faces":>6} ' + ' '.join(
            f'{_GROUP_FIGURES[name]:>22}' for name in figures
        )
        for value, one in first.groups.items():
            cells = [_interval(grouped.groups[value].figure) for grouped in figures.values()]
            yield f'  {value:26} {one.count:6d} ' + ' '.join(cells)
        cells = [_interval(one.gap.difference) if one.gap else '-' for one in figures.values()]
        yield f'  {"best - worst":26} {"":6} ' + ' '.join(f'{cell:>22}' for cell in cells)


def _interval(found: Interval) -> str:
    return f'{found.value:6.3f} [{found.low:.3f}, {found.high:.3f}]'


def _share(value: float) -> str:
    """Return a figure, or a dash where there is nothing to measure."""
    return '-' if np.isnan(value) else f'{value:.3f}'
