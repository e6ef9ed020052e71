"""RaFD (Langner et al. 2010): 67 people, eight expressions, five cameras, three gazes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.named import named_images
from fer_ros.evaluation.datasets.samples import Sample

_NAME = re.compile(
    r'Rafd(?P<camera_deg>\d{3})_(?P<person>\d+)_(?P<ethnicity>[A-Za-z]+)_(?P<gender>[a-z]+)'
    r'_(?P<key>[a-z]+)_(?P<gaze>[a-z]+)'
)


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the photos."""
    yield from named_images(folder, _NAME, 'Rafd090_01_Caucasian_female_angry_frontal.jpg')
