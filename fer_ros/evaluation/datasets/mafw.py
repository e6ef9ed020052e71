"""MAFW (Liu et al. 2022): clips of eleven classes in five folds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fer_ros.evaluation.datasets.clip import clip
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Sample


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the clips with a single label."""
    part = 'Train & Test Set/single/no_caption'
    lists = folder.folder(part, f'train_test_set/{part}')
    base = folder.folder('data')
    for fold in folder.folds:
        for split, own in folder.splits().items():
            path = lists / f'set_{fold}' / own
            if not path.is_file():
                raise folder.wrong(f'the file set_{fold}/{own} in {lists.name}/')
            for name, key, *_ in folder.lines(path, words=2):
                places = (base / 'clips' / name, base / 'frames' / Path(name).stem)
                yield clip(name, places, folder.layout.own_class(key), split, fold)
