"""DFEW (Jiang et al. 2020): clips of films in five folds."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.evaluation.datasets.clip import clip
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Sample


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the clips of five folds, whole videos before crops."""
    lists = folder.folder('EmoLabel_DataSplit', 'DFEW/EmoLabel_DataSplit')
    base = folder.folder('Clip', 'DFEW/Clip')
    for fold in folder.folds:
        for split, own in folder.splits().items():
            path = lists / own / f'set_{fold}.csv'
            if not path.is_file():
                raise folder.wrong(f'the file {lists.name}/{own}/set_{fold}.csv')
            for _, row in folder.rows(path, ('video_name', 'label')):
                number = int(float(row['video_name']))
                places = (
                    base / 'original' / f'{number}.mp4',
                    base / 'clip_224x224' / f'{number:05d}',
                    base / 'clip_224x224_16f' / f'{number:05d}',
                    base / 'clip_224x224_avi' / f'{number:05d}.avi',
                )
                label = folder.layout.own_class(row['label'])
                yield clip(f'{number:05d}', places, label, split, fold)
