"""SFEW 2.0 (Dhall et al. 2011, 2015): stills of films, with the authors' crops where they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fer_ros.evaluation.datasets.class_folders import split_folders
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Sample


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the stills of ``Val/Angry/`` and so on."""

    def with_crop(sample: Sample) -> Sample:
        path = sample.paths[0]
        return replace(sample, aligned=_crop(folder, path), groups={'film': _film(path)})

    yield from split_folders(folder, with_crop)


def _crop(folder: Folder, path: Path) -> Path | None:
    """Return the authors' crop of a still, which may be all that there is."""
    split = path.parent.parent.name
    if 'Aligned' in split:
        return path
    return folder.maybe(
        *(
            f'{inside}{split}_Aligned_Faces{extra}/{path.parent.name}/{path.stem}{suffix}'
            for inside in ('', f'{split}/')
            for extra in ('', '_new')
            for suffix in ('.png', '.jpg')
        )
    )


def _film(path: Path) -> str:
    """Return the film, which begins a still's name."""
    return path.stem.partition('_')[0]
