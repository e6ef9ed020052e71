"""ExpW (Zhang et al. 2018): scenes of the web with a box a face."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Media, Sample
from fer_ros.types import Roi


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the lines of ``label.lst``: image, face, top, left, right, bottom, sureness, class."""
    labels = folder.file('label/label.lst', 'data/label/label.lst', 'label.lst')
    base = folder.folder('image/origin', 'data/image/origin', 'origin')
    for name, face, *numbers, key in folder.lines(labels, words=8):
        try:
            top, left, right, bottom = map(float, numbers[:4])
        except ValueError:
            raise folder.wrong(
                f'numbers for the box of {name} in {labels.name}', repr(numbers)
            ) from None
        yield Sample(
            name=f'{name}#{face}',
            media=Media.IMAGE,
            paths=(base / name,),
            label=folder.layout.own_class(key),
            box_px=Roi(left, top, right - left, bottom - top),
        )
