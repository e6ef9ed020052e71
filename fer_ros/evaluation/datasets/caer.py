"""CAER and CAER-S (Lee et al. 2019): clips of TV series, and stills of them."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.evaluation.datasets.class_folders import split_folders
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Sample


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the clips or stills of ``test/Anger/`` and so on."""
    yield from split_folders(folder)
