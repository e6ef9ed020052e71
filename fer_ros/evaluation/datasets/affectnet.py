"""AffectNet (Mollahosseini, Hasani & Mahoor 2017): the CSV files, and one npy file a label.

Layout and codes as in the paper's section on annotation and the readme of the set; the file for
validation has no header, and some rows of the one for training no box (NULL).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from fer_ros.evaluation.datasets.folder import Folder, images
from fer_ros.evaluation.datasets.samples import Media, Sample
from fer_ros.types import Roi

BOX = ('face_x', 'face_y', 'face_width', 'face_height')
COLUMNS = (
    'subDirectory_filePath', *BOX, 'facial_landmarks', 'expression', 'valence', 'arousal',
)  # fmt: skip
NEEDED = tuple(name for name in COLUMNS if name != 'facial_landmarks')


def read_csv(folder: Folder) -> Iterator[Sample]:
    """Yield the rows of ``training.csv`` and ``validation.csv``."""
    wanted = {
        split: path
        for split, own in folder.splits().items()
        if (path := folder.maybe(own, f'Manually_Annotated_file_lists/{own}')) is not None
    }
    if not wanted:
        raise folder.wrong(f'the file {" or ".join(folder.splits().values())}')
    base = folder.folder(
        'Manually_Annotated_Images',
        'Manually_Annotated/Manually_Annotated_Images',
        'Manually_Annotated',
    )
    for split, path in wanted.items():
        for line, row in folder.rows(path, NEEDED, COLUMNS):
            try:
                valence, arousal = _known(row['valence']), _known(row['arousal'])
            except ValueError as error:
                raise folder.line_error(path, line, error) from None
            yield Sample(
                name=row['subDirectory_filePath'],
                media=Media.IMAGE,
                paths=(base / row['subDirectory_filePath'],),
                label=folder.layout.own_class(row['expression']),
                valence=valence,
                arousal=arousal,
                box_px=_box(row),
                split=split,
            )


def _box(row: Mapping[str, str]) -> Roi | None:
    """Return the labelled face, None where a row has none."""
    try:
        return Roi(*(float(row[name]) for name in BOX))
    except ValueError:
        return None


def read_annotations(folder: Folder) -> Iterator[Sample]:
    """Yield the images of ``val_set/images/`` with the npy files of ``val_set/annotations/``."""
    for split, own in folder.splits().items():
        if folder.split or folder.maybe(own):
            yield from _of_set(folder, folder.folder(f'{own}/images').parent, split)


def _of_set(folder: Folder, base: Path, split: str) -> Iterator[Sample]:
    annotations = base / 'annotations'
    if not annotations.is_dir():
        raise folder.wrong(f'the folder {base.name}/annotations/')
    for path in images(base / 'images'):
        expression, valence, arousal = (
            _stored(folder, annotations / f'{path.stem}_{kind}.npy')
            for kind in ('exp', 'val', 'aro')
        )
        yield Sample(
            name=f'{base.name}/{path.name}',
            media=Media.IMAGE,
            paths=(path,),
            label=folder.layout.own_class(str(int(float(expression)))),
            valence=_known(valence),
            arousal=_known(arousal),
            split=split,
        )


def _stored(folder: Folder, path: Path) -> str:
    """Return the one value of an npy file; some hold numbers, some text."""
    try:
        return str(np.load(path, allow_pickle=False).item())
    except (OSError, ValueError) as error:
        raise folder.wrong(
            f'one value in annotations/{path.name}', ' '.join(str(error).split())
        ) from None


def _known(text: str) -> float | None:
    """Return a value in -1..1; -2 stands for none."""
    value = float(text)
    return value if -1.0 <= value <= 1.0 else None
