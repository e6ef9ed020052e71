"""BP4D (Zhang et al. 2014): occurrence of units in the coded frames, strength of five of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_ros.evaluation.datasets.folder import Folder, images
from fer_ros.evaluation.datasets.samples import Media, Sample, UnitTable
from fer_ros.evaluation.datasets.unit_tables import side_by_side, strengths

_UNKNOWN = 9


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the coded frames of each person and task.

    Strengths replace occurrences where their files are there.
    """
    tables = folder.folder('AUCoding/AU_OCC', 'AUCoding/AUCoding/AU_OCC', 'AU_OCC', 'AUCoding')
    base = folder.folder('2D+3D', 'BP4D/2D+3D', 'Sequences')
    strong = folder.maybe('AUCoding/AU_INT', 'AU_INT', 'AU-Intensity-Codes3.0')
    found = sorted(tables.glob('[FM][0-9][0-9][0-9]_T*.csv'))
    if not found:
        raise folder.wrong(f'files like F001_T1.csv in {tables.name}/')
    for path in found:
        person, _, task = path.stem.partition('_')
        numbers, units = _units(folder, path, strong)
        place = base / person / task
        there = {int(image.stem): image for image in images(place)} if place.is_dir() else {}
        # Where no frame is, the first keeps its place: whoever reads it counts it as unreadable.
        there = there or {numbers[0]: place / f'{numbers[0]}.jpg'}
        kept = [row for row, number in enumerate(numbers) if number in there]
        if not kept:
            raise folder.wrong(f'frames of {path.name} in {base.name}/{person}/{task}/')
        yield Sample(
            name=path.stem,
            media=Media.FRAMES,
            paths=tuple(there[numbers[row]] for row in kept),
            units=UnitTable(units.codes, units.intensity[kept], units.graded),
            person=person,
            groups={'gender': 'female' if person[0] == 'F' else 'male', 'task': task},
        )


def _units(folder: Folder, path: Path, strong: Path | None) -> tuple[list[int], UnitTable]:
    """Return frame numbers and the units in them."""
    try:
        cells = np.loadtxt(path, delimiter=',', ndmin=2, dtype=np.float32)
    except ValueError as error:
        raise folder.wrong(f'a table of numbers in {path.name}', str(error)) from None
    numbers = [int(value) for value in cells[1:, 0]]
    codes = [int(value) for value in cells[0, 1:]]
    columns = {}
    for place, code in enumerate(codes, 1):
        column = cells[1:, place].copy()
        column[column == _UNKNOWN] = np.nan
        if not np.isnan(column).all():
            columns[code] = column
    graded = False
    for code in list(columns):
        name = f'AU{code:02d}'
        file = None if strong is None else strong / name / f'{path.stem}_{name}.csv'
        if file is not None and file.is_file():
            rows = np.loadtxt(file, delimiter=',', ndmin=2, dtype=np.float32)
            columns[code] = strengths(rows, max(numbers))[np.array(numbers) - 1]
            graded = True
    return numbers, side_by_side(columns, graded)
