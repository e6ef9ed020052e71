"""JAFFE (Lyons et al. 1998): 213 photos of ten women."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.named import named_images
from fer_ros.evaluation.datasets.samples import Sample

# KA.AN1.39.tiff: person, expression, its repetition, number.
_NAME = re.compile(r'(?P<person>[A-Z]{2})\.(?P<key>[A-Z]{2})\d\.\d+')


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the photos."""
    yield from named_images(folder, _NAME, 'KA.AN1.39.tiff')
