"""DISFA (Mavadati et al. 2013): strength of twelve units in every frame of 27 videos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_ros.evaluation.datasets.folder import Folder, subfolders, videos
from fer_ros.evaluation.datasets.samples import Media, Sample, UnitTable
from fer_ros.evaluation.datasets.unit_tables import side_by_side, strengths


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the left camera's videos with twelve units, 0 to 5, in every frame.

    The layout's folds are people: three parts, as most papers take them.
    """
    labels = folder.folder('ActionUnit_Labels')
    cameras = folder.folder('Videos_LeftCamera', 'Video_LeftCamera')
    by_person = {_person(path): path for path in videos(cameras)}
    folds = {person: fold for fold, names in folder.layout.people.items() for person in names}
    for place in subfolders(labels):
        fold = folds.get(place.name)
        if fold is not None and fold not in folder.folds:
            continue
        # Where it is missing it keeps its place: whoever reads it counts it as unreadable.
        path = by_person.get(place.name, cameras / f'LeftVideo{place.name}_comp.avi')
        yield Sample(
            name=place.name,
            media=Media.VIDEO,
            paths=(path,),
            units=_units(folder, place),
            person=place.name,
            fold=fold,
        )


def _person(path: Path) -> str:
    found = re.search(r'SN\d{3}', path.name)
    return found.group() if found else ''


def _units(folder: Folder, place: Path) -> UnitTable:
    """Read ``SN001_au1.txt`` and so on: frame from 1, strength."""
    columns = {}
    for path in sorted(place.glob('*_au*.txt')):
        code = int(path.stem.rpartition('_au')[2])
        try:
            rows = np.loadtxt(path, delimiter=',', ndmin=2, dtype=np.float32)
        except ValueError as error:
            raise folder.wrong(f'"frame,strength" lines in {path.name}', str(error)) from None
        columns[code] = strengths(rows, int(rows[-1, 0]))
    if not columns:
        raise folder.wrong(f'files like {place.name}_au1.txt in {place.name}/')
    return side_by_side(columns, graded=True)
