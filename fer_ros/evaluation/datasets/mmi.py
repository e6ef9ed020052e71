"""MMI (Pantic et al. 2005): videos from neutral to an expression and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from fer_ros.evaluation.datasets.folder import Folder, subfolders, videos
from fer_ros.evaluation.datasets.samples import UNLABELLED, Media, OwnClass, Sample


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the videos of ``Sessions/<number>/`` with the emotion of the XML beside each.

    Sessions of single action units have no emotion.
    """
    sessions = subfolders(folder.folder('Sessions'))
    found = [path for session in sessions for path in videos(session)]
    if not found:
        raise folder.wrong('videos in Sessions/1/')
    for path in found:
        yield Sample(
            name=f'{path.parent.name}/{path.name}',
            media=Media.VIDEO,
            paths=(path,),
            label=_emotion(folder, path.with_suffix('.xml')),
            person=path.stem.partition('-')[0],
        )


def _emotion(folder: Folder, path: Path) -> OwnClass:
    """Return the class that ``<Metatag Name="Emotion" Value="4"/>`` names."""
    if not path.is_file():
        return UNLABELLED
    try:
        tags = ElementTree.parse(path).getroot().iter('Metatag')
    except ElementTree.ParseError as error:
        raise folder.wrong(f'XML in {path.name}', str(error)) from None
    for tag in tags:
        if tag.get('Name') == 'Emotion':
            key = tag.get('Value', '')
            # Codes after the six emotions are other states.
            return folder.layout.classes.get(key) or OwnClass(f'code {key}')
    return UNLABELLED
