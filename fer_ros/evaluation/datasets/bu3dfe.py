"""BU-3DFE (Yin et al. 2006): 100 people, six expressions of four levels; its 2-D views."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.named import named_images
from fer_ros.evaluation.datasets.samples import Sample

# F0001_AN01WH_F2D.bmp: person, expression, its level, ethnicity.
_NAME = re.compile(r'(?P<person>[FM]\d{4})_(?P<key>[A-Z]{2})(?P<level>\d\d)(?P<ethnicity>..)_F2D')
_GENDERS = {'F': 'female', 'M': 'male'}


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the 2-D views."""
    for sample in named_images(folder, _NAME, 'F0001_AN01WH_F2D.bmp'):
        gender = _GENDERS[sample.person[0]]
        yield replace(sample, groups={**sample.groups, 'gender': gender})
