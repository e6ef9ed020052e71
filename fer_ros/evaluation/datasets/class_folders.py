"""Samples in a folder for each class: FER-2013, SFEW, AFEW, CAER, CK+48, RAF-DB as on Kaggle."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from fer_ros.evaluation.datasets.folder import (
    Folder,
    images,
    listing,
    subfolders,
    unpacked,
    videos,
)
from fer_ros.evaluation.datasets.samples import Media, Sample

# Gives a sample what its file's name tells.
Named = Callable[[Sample], Sample]


def class_folders(
    folder: Folder, base: Path, *, split: str = '', named: Named | None = None
) -> Iterator[Sample]:
    """Yield the images or videos of ``base/<class>/``; other folders are an error."""
    media = folder.layout.media
    list_files = videos if media is Media.VIDEO else images
    found = [path for path in subfolders(base) if path.name.lower() in folder.layout.classes]
    if not found:
        wanted = ', '.join(folder.layout.classes)
        raise folder.wrong(f'a folder for each class ({wanted})', listing(base))
    for place in found:
        for path in list_files(place):
            sample = Sample(
                name=str(path.relative_to(folder.root)),
                media=media,
                paths=(path,),
                label=folder.layout.own_class(place.name),
                split=split,
            )
            yield named(sample) if named else sample


def split_folders(folder: Folder, named: Named | None = None) -> Iterator[Sample]:
    """Yield samples of ``<split>/<class>/``, of one split or of all that are there.

    The layout's splits name the folders, alternatives with a bar between them.
    """
    there = {name: _place(folder, own.split('|')) for name, own in folder.splits().items()}
    found = {name: place for name, place in there.items() if place is not None}
    if not found:
        places = [own.split('|')[0] + '/' for own in folder.splits().values()]
        raise folder.wrong(f'the folder {" or ".join(places)}')
    for name, place in found.items():
        yield from class_folders(folder, place, split=name, named=named)


def _place(folder: Folder, alternatives: Sequence[str]) -> Path | None:
    """Return the first place of a split that has classes, else the first that is there."""
    there = [folder.root / place for place in alternatives if (folder.root / place).is_dir()]
    places = [unpacked(place) for place in there]
    classes = folder.layout.classes
    return next(
        (place for place in places if any(p.name.lower() in classes for p in subfolders(place))),
        places[0] if places else None,
    )
