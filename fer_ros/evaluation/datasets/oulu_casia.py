"""Oulu-CASIA (Zhao et al. 2011): 80 people, six emotions, three lights, two cameras."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fer_ros.evaluation.datasets.folder import Folder, images, subfolders
from fer_ros.evaluation.datasets.samples import Media, Sample

IMAGING = {'VL': 'visible', 'NI': 'near infrared'}


def read(folder: Folder) -> Iterator[Sample]:
    """Yield the sequences below any of OriginalImg/, VL/ or Strong/.

    Most papers take VL/Strong alone: name that folder.
    """
    base = folder.maybe('OriginalImg', 'B_OriginalImg/OriginalImg', 'B_OriginalImg') or folder.root
    people = sorted(path for path in base.rglob('P[0-9][0-9][0-9]') if path.is_dir())
    if not people:
        raise folder.wrong('folders P001/ .. P080/ of people')
    for person in people:
        for place in subfolders(person):
            if frames := images(place):
                yield Sample(
                    name=str(place.relative_to(folder.root)),
                    media=Media.FRAMES,
                    paths=tuple(frames),
                    label=folder.layout.own_class(place.name),
                    person=person.name,
                    groups=_recording(place),
                )


def _recording(place: Path) -> dict[str, str]:
    """Return camera and light, which the path names."""
    *_, camera, light, _person, _emotion = ('', '', *place.parts)
    known = {
        'camera': IMAGING.get(camera, ''),
        'light': light.lower() if camera in IMAGING else '',
    }
    return {name: value for name, value in known.items() if value}
