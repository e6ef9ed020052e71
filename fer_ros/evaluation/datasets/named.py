"""Photos whose names tell everything: who, which expression, and more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fer_ros.evaluation.datasets.folder import Folder, is_image
from fer_ros.evaluation.datasets.samples import Media, Sample


def named_images(folder: Folder, pattern: re.Pattern[str], example: str) -> Iterator[Sample]:
    """Yield every image below the root whose name fits; what else lies there is left alone.

    :param pattern: with the groups ``person`` and ``key`` (of the class); the others become the
        sample's groups.
    :param example: a name that fits, for whoever has none.
    """
    found = False
    for path in sorted(folder.root.rglob('*')):
        match = pattern.match(path.name) if is_image(path) else None
        if match is None:
            continue
        found = True
        groups = match.groupdict()
        yield Sample(
            name=str(path.relative_to(folder.root)),
            media=Media.IMAGE,
            paths=(path,),
            label=folder.layout.own_class(groups.pop('key')),
            person=groups.pop('person'),
            groups=groups,
        )
    if not found:
        raise folder.wrong(f'images with names like {example}')
