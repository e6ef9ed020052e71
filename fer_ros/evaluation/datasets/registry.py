"""Data sets by name: what is known, and how a folder of it is read."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_ros.errors import ConfigError, FerError
from fer_ros.evaluation.datasets import (
    afew,
    affectnet,
    bosphorus,
    bp4d,
    bu3dfe,
    caer,
    ckplus,
    dfew,
    disfa,
    emotionet,
    expw,
    fer2013,
    ferplus,
    ferv39k,
    jaffe,
    mafw,
    mmi,
    oulu_casia,
    rafd,
    rafdb,
    sfew,
)
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.layout import Layout, load_layout
from fer_ros.evaluation.datasets.samples import Sample

Reader = Callable[[Folder], Iterator[Sample]]

READERS: Mapping[str, Reader] = {
    'fer2013': fer2013.read_csv,
    'fer2013-folders': fer2013.read_folders,
    'ferplus': ferplus.read_csv,
    'ferplus-folders': ferplus.read_folders,
    'ferplus-npz': ferplus.read_npz,
    'rafdb': rafdb.read_basic,
    'rafdb-compound': rafdb.read_compound,
    'rafdb-folders': rafdb.read_folders,
    'affectnet': affectnet.read_csv,
    'affectnet-annotations': affectnet.read_annotations,
    'expw': expw.read,
    'sfew': sfew.read,
    'jaffe': jaffe.read,
    'ckplus': ckplus.read_sequences,
    'ckplus-peaks': ckplus.read_peaks,
    'ckplus-48': ckplus.read_48,
    'oulu-casia': oulu_casia.read,
    'mmi': mmi.read,
    'rafd': rafd.read,
    'bu3dfe': bu3dfe.read,
    'bosphorus': bosphorus.read,
    'emotionet': emotionet.read,
    'disfa': disfa.read,
    'bp4d': bp4d.read,
    'afew': afew.read,
    'caer': caer.read,
    'caer-s': caer.read,
    'dfew': dfew.read,
    'ferv39k': ferv39k.read,
    'mafw': mafw.read,
}


@dataclass(frozen=True, slots=True)
class DataSet:
    """A part of a data set on this machine; iterate to read its samples.

    :param split: '' for all.
    """

    layout: Layout
    root: Path
    split: str
    folds: tuple[int, ...]

    def __iter__(self) -> Iterator[Sample]:
        """Read the samples from the beginning; raises LayoutError where the tree is wrong."""
        folder = Folder(self.root, self.layout, self.split, self.folds)
        found = False
        try:
            for sample in READERS[self.layout.name](folder):
                found = True
                yield sample
        except FerError:
            raise
        except (OSError, ValueError, csv.Error) as error:  # whatever else a file may hold
            raise folder.wrong('readable labels', ' '.join(str(error).split())) from None
        if not found:
            part = f'samples of the split {self.split}' if self.split else 'samples'
            raise folder.wrong(part)


def layout_of(name: str) -> Layout:
    """Return what is known of a data set.

    :raises ConfigError: there is no loader of that name.
    """
    if name not in READERS:
        raise ConfigError(f'data set: expected one of {", ".join(READERS)}, found {name!r}')
    return load_layout(name)


def open_dataset(
    name: str, root: Path, *, split: str | None = None, fold: int | None = None
) -> DataSet:
    """Choose a part of a data set in a folder; nothing is read yet.

    :param root: the folder that the layout calls ROOT.
    :param split: train, valid or test, 'all', or None for the one that figures are reported on.
    :param fold: one of the set's folds, or None for all, one after the other.
    :raises ConfigError: no such data set, split or fold.
    """
    layout = layout_of(name)
    return DataSet(
        layout, root.expanduser(), layout.chosen_split(split), layout.chosen_folds(fold)
    )


def counted(dataset: DataSet) -> dict[str, Any]:
    """Count the samples of a data set by split, class and fold; no picture is opened.

    :return: ``samples``, ``people``, ``missing`` files, and counts by value.
    """
    samples = list(dataset)
    paths = {path for sample in samples for path in sample.paths}
    return {
        'samples': len(samples),
        'people': len({sample.person for sample in samples} - {''}),
        'missing_files': sum(not path.is_file() for path in paths),
        'splits': dict(Counter(sample.split for sample in samples if sample.split)),
        'folds': dict(Counter(sample.fold for sample in samples if sample.fold)),
        'classes': dict(Counter(sample.label.name for sample in samples if sample.label.name)),
        'unlabelled': sum(not sample.label.name for sample in samples),
        'with_units': sum(sample.units is not None for sample in samples),
        'with_box': sum(sample.box_px is not None for sample in samples),
    }
