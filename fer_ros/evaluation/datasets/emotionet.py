"""EmotioNet (Benitez-Quiroz, Srinivasan & Martinez 2016): units of images of the web.

Columns as in the files of the 2017 challenge (Benitez-Quiroz et al. 2017, arXiv:1703.01210).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fer_ros.evaluation.datasets.folder import Folder
from fer_ros.evaluation.datasets.samples import Media, Sample, UnitTable

_UNITS = 60


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the images that lines of the challenge's text files name and that are there.

    An address, the original address, then one column for each of AU 1 to 60:
    0, 1, or 999 for unknown.
    """
    tables = sorted(folder.root.glob('*.txt')) or sorted(folder.root.glob('*/*.txt'))
    if not tables:
        raise folder.wrong('text files with a line an image')
    there = {
        path.name: path for path in folder.folder('images', 'Images').rglob('*') if path.is_file()
    }
    codes = tuple(range(1, _UNITS + 1))
    for table in tables:
        for address, _, *values in folder.lines(table, words=2 + _UNITS, separator='\t'):
            path = there.get(address.rpartition('/')[2])
            if path is None:
                continue
            shown = np.array([values[:_UNITS]], np.float32)
            shown[shown > 1] = np.nan
            yield Sample(
                name=path.name,
                media=Media.IMAGE,
                paths=(path,),
                units=UnitTable(codes, shown, graded=False),
            )
