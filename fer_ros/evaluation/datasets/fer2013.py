"""FER-2013 (Goodfellow et al. 2013): the CSV of the challenge, and the folders made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fer_ros.evaluation.datasets.class_folders import split_folders
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Media, Sample
from fer_ros.types import UInt8

SIDE_PX = 48
CSV_PLACES = ('fer2013.csv', 'fer2013/fer2013.csv', 'icml_face_data.csv')


def read_csv(folder: Folder) -> Iterator[Sample]:
    """Yield the rows of ``fer2013.csv``."""
    path = folder.file(*CSV_PLACES)
    own_names = {own: name for name, own in folder.layout.splits.items()}
    for index, (line, row) in enumerate(folder.rows(path, ('emotion', 'pixels', 'Usage'))):
        split = own_names.get(row['Usage'], row['Usage'])
        if not folder.wants(split):
            continue
        yield Sample(
            name=f'fer{index:07d}',
            media=Media.IMAGE,
            pixels=pixels_of(folder, path, line, row['pixels']),
            label=folder.layout.own_class(row['emotion']),
            split=split,
        )


def pixels_of(folder: Folder, path: Path, line: int, text: str) -> UInt8:
    """Return the (48, 48) image of a row."""
    try:
        values = np.array(text.split(), np.int64)
    except ValueError as error:
        raise folder.line_error(path, line, error) from None
    if values.size != SIDE_PX**2 or values.min() < 0 or values.max() > 255:
        raise folder.wrong(
            f'{SIDE_PX**2} numbers of 0..255 in line {line} of {path.name}', f'{values.size}'
        )
    return values.astype(np.uint8).reshape(SIDE_PX, SIDE_PX)


def read_folders(folder: Folder) -> Iterator[Sample]:
    """Yield the images of ``train/angry/`` and so on."""
    yield from split_folders(folder)
