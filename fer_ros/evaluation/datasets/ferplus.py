"""FER+ (Barsoum et al. 2016): FER-2013 with ten votes a face, as published, in folders, as npz.

The label is what most of the ten chose (protocol A); ``fer-ros eval static`` has protocol B too.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np

from fer_ros.evaluation.datasets.fer2013 import CSV_PLACES, pixels_of
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Media, OwnClass, Sample
from fer_ros.evaluation.ferplus import COLUMNS, load_faces
from fer_ros.types import Roi, UInt8


def read_csv(folder: Folder) -> Iterator[Sample]:
    """Yield the rows of ``fer2013new.csv`` with the pixels of the same row of ``fer2013.csv``."""
    votes_path = folder.file('fer2013new.csv')
    faces_path = folder.file(*CSV_PLACES)
    own_names = {own: name for name, own in folder.layout.splits.items()}
    both = zip_longest(
        folder.rows(votes_path, ('Usage', *COLUMNS)), folder.rows(faces_path, ('pixels',))
    )
    for index, (voted, face) in enumerate(both):
        if voted is None or face is None:
            raise folder.wrong(
                f'as many rows in {votes_path.name} as in {faces_path.name}',
                f'only {index} in one of them',
            )
        line, row = voted
        split = own_names.get(row['Usage'], row['Usage'])
        if folder.wants(split):
            yield Sample(
                name=f'fer{index:07d}',
                media=Media.IMAGE,
                pixels=pixels_of(folder, faces_path, face[0], face[1]['pixels']),
                label=_voted(folder, votes_path, line, [row[name] for name in COLUMNS]),
                split=split,
            )


def read_folders(folder: Folder) -> Iterator[Sample]:
    """Yield the images of ``FER2013Train/`` and so on, as the authors' scripts write them."""
    own = folder.splits()
    places = {split: folder.maybe(f'{name}/label.csv') for split, name in own.items()}
    if not any(places.values()):
        raise folder.wrong(f'the file {next(iter(own.values()))}/label.csv')
    for split, path in places.items():
        if path is not None:
            yield from _of_folder(folder, path, split)


def _of_folder(folder: Folder, path: Path, split: str) -> Iterator[Sample]:
    """Yield the rows of a ``label.csv``: file, box in brackets, ten votes; it has no header."""
    for line, row in enumerate(csv.reader(path.read_text(encoding='utf-8').splitlines()), 1):
        try:
            name, box, *votes = row
            left, top, right, bottom = map(float, box.strip('() ').split(','))
        except ValueError as error:
            raise folder.line_error(path, line, error) from None
        yield Sample(
            name=Path(name).stem,
            media=Media.IMAGE,
            paths=(path.parent / name,),
            label=_voted(folder, path, line, votes),
            box_px=Roi(left, top, right - left, bottom - top),
            split=split,
        )


def _voted(folder: Folder, path: Path, line: int, votes: Sequence[str]) -> OwnClass:
    """Return what most of the votes of a row are for."""
    try:
        counts = np.array([int(float(value)) for value in votes], np.uint8)
    except ValueError as error:
        raise folder.line_error(path, line, error) from None
    if len(counts) != len(COLUMNS):
        raise folder.wrong(f'{len(COLUMNS)} votes in line {line} of {path.name}', str(len(counts)))
    return _winner(folder, counts)


def _winner(folder: Folder, counts: UInt8) -> OwnClass:
    """Return the class with most of the votes (10,); without any it is unknown."""
    return folder.layout.own_class(COLUMNS[counts.argmax()] if counts.any() else 'unknown')


def read_npz(folder: Folder) -> Iterator[Sample]:
    """Yield the faces of ``ferplus_valid.npz`` and so on, or of one npz of that format."""
    if folder.root.is_file():
        yield from _of_npz(folder, folder.root, '')
        return
    paths = [
        (split, folder.root / own)
        for split, own in folder.splits().items()
        if (folder.root / own).is_file()
    ]
    if not paths:
        raise folder.wrong(f'one of {", ".join(folder.splits().values())}')
    for split, path in paths:
        yield from _of_npz(folder, path, split)


def _of_npz(folder: Folder, path: Path, split: str) -> Iterator[Sample]:
    faces = load_faces(path)
    for index, (image, votes) in enumerate(zip(faces.images, faces.votes)):
        yield Sample(
            name=f'{path.stem}/{index:07d}',
            media=Media.IMAGE,
            pixels=image,
            label=_winner(folder, votes),
            split=split,
        )
