"""FERV39k (Wang et al. 2022): clips of 22 scenes, as crops of 224 pixels."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.evaluation.datasets.clip import clip
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Sample


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the clips."""
    lists = folder.folder('4_setups/All_scenes', 'FERV39k/4_setups/All_scenes')
    base = folder.folder('2_ClipsforFaceCrop', 'FERV39k/2_ClipsforFaceCrop')
    for split, own in folder.splits().items():
        path = lists / own
        if not path.is_file():
            raise folder.wrong(f'the file {lists.name}/{own}')
        for place, key, *_ in folder.lines(path, words=2):
            label = folder.layout.own_class(key)
            groups = {'scene': place.partition('/')[0]}
            yield clip(place, (base / place,), label, split, None, groups)
