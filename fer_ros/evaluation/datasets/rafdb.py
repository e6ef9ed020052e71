"""RAF-DB (Li, Deng & Du 2017), basic and compound, and the folders of its Kaggle copy.

Files, codes of classes and attributes as in the set's readme (version 1.1, with boxes).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fer_ros.evaluation.datasets.class_folders import split_folders
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Media, Sample
from fer_ros.types import Roi

# Lines 6 to 8 of a manual annotation, after five landmarks.
ATTRIBUTES = (
    ('gender', {'0': 'male', '1': 'female'}),
    ('race', {'0': 'Caucasian', '1': 'African-American', '2': 'Asian'}),
    ('age', {'0': '0-3', '1': '4-19', '2': '20-39', '3': '40-69', '4': '70+'}),
)
_LANDMARKS = 5


def read_basic(folder: Folder) -> Iterator[Sample]:
    """Yield the faces with one of seven emotions."""
    yield from _read(folder, 'basic')


def read_compound(folder: Folder) -> Iterator[Sample]:
    """Yield the faces with one of eleven pairs of emotions."""
    yield from _read(folder, 'compound')


def _read(folder: Folder, part: str) -> Iterator[Sample]:
    """Yield what ``list_patition_label.txt`` (the authors' spelling, mostly) names."""
    names = [f'EmoLabel/list_{word}_label.txt' for word in ('patition', 'partition')]
    labels = folder.file(*(f'{part}/{name}' for name in names), *names)
    base = labels.parent.parent
    scenes, crops = base / 'Image' / 'original', base / 'Image' / 'aligned'
    if not scenes.is_dir() and not crops.is_dir():
        raise folder.wrong('the folder Image/original/ or Image/aligned/')
    for file_name, key, *_ in folder.lines(labels, words=2):
        stem = Path(file_name).stem
        split = stem.partition('_')[0]
        if not folder.wants(split):
            continue
        aligned = crops / f'{stem}_aligned.jpg'
        yield Sample(
            name=stem,
            media=Media.IMAGE,
            paths=(scenes / file_name if scenes.is_dir() else aligned,),
            label=folder.layout.own_class(key),
            box_px=_box(base / 'Annotation' / 'boundingbox' / f'{stem}_boundingbox.txt')
            if scenes.is_dir()
            else None,
            aligned=aligned if crops.is_dir() else None,
            split=split,
            groups=_attributes(base / 'Annotation' / 'manual' / f'{stem}_manu_attri.txt'),
        )


def _box(path: Path) -> Roi | None:
    """Return the labelled face of a scene: left, top, right, bottom; None without its file."""
    if not path.is_file():
        return None
    try:
        left, top, right, bottom = map(float, path.read_text(encoding='utf-8').split())
        return Roi(left, top, right - left, bottom - top)
    except ValueError:
        return None


def _attributes(path: Path) -> dict[str, str]:
    """Return gender, race and age where they are annotated and sure."""
    if not path.is_file():
        return {}
    codes = path.read_text(encoding='utf-8').split('\n')[_LANDMARKS:]
    found = {name: names.get(code.strip(), '') for (name, names), code in zip(ATTRIBUTES, codes)}
    return {name: value for name, value in found.items() if value}


def read_folders(folder: Folder) -> Iterator[Sample]:
    """Yield the images of ``DATASET/train/1/`` and so on."""
    yield from split_folders(folder)
