"""AFEW (Dhall et al. 2012): clips of films."""

from __future__ import annotations

from collections.abc import Iterator

from fer_ros.evaluation.datasets.class_folders import split_folders
from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Sample


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the clips of ``Val_AFEW/Angry/`` and so on."""
    yield from split_folders(folder)
