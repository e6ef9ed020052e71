"""MMI (Pantic et al. 2005): videos from neutral to an expression and back.

Codes of emotions and views as the XML files of its sessions have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from fer_ros.evaluation.datasets.folder import Folder, subfolders, videos
from fer_ros.evaluation.datasets.samples import UNLABELLED, Media, OwnClass, Sample

VIEWS = {'0': 'front', '1': 'side', '2': 'front and side'}


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
            groups=_view(folder, path.with_name('session.xml')),
        )


def _emotion(folder: Folder, path: Path) -> OwnClass:
    """Return the class that ``<Metatag Name="Emotion" Value="4"/>`` names."""
    for tag in _tags(folder, path, 'Metatag'):
        if tag.get('Name') == 'Emotion':
            key = tag.get('Value', '')
            # Codes after the six emotions are other states.
            return folder.layout.classes.get(key) or OwnClass(f'code {key}')
    return UNLABELLED


def _view(folder: Folder, path: Path) -> dict[str, str]:
    """Return what the ``view`` of a session's track says, nothing where it says none."""
    for tag in _tags(folder, path, 'track'):
        if tag.get('view') in VIEWS:
            return {'view': VIEWS[tag.get('view', '')]}
    return {}


def _tags(folder: Folder, path: Path, name: str) -> Iterator[ElementTree.Element]:
    """Yield the tags of a name in a file; none where it is not there."""
    if not path.is_file():
        return
    try:
        yield from ElementTree.parse(path).getroot().iter(name)
    except ElementTree.ParseError as error:
        raise folder.wrong(f'XML in {path.name}', str(error)) from None
