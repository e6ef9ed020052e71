"""Bosphorus (Savran et al. 2008): 105 people; its 2-D views with an emotion, and neutral."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.named import named_images
from fer_ros.evaluation.datasets.samples import Sample

# bs000_E_HAPPY_0.png; poses (PR, YR, CR), occlusions (O) and single units have no expression.
_NAME = re.compile(r'(?P<person>bs\d{3})_(?P<key>E_[A-Z]+|N_N)_\d+')


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the frontal views."""
    yield from named_images(folder, _NAME, 'bs000_E_HAPPY_0.png')
