"""CK+ (Lucey et al. 2010): sequences, their last frames, and the 48x48 copy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from fer_ros.evaluation.datasets.class_folders import class_folders
from fer_ros.evaluation.datasets.folder import Folder, images, subfolders
from fer_ros.evaluation.datasets.samples import UNLABELLED, Media, OwnClass, Sample, UnitTable

PEAKS = 3  # last frames of a sequence, as most papers take them
_LEVELS = 5  # A to E


def read_sequences(folder: Folder) -> Iterator[Sample]:
    """Yield the 593 sequences from neutral to the peak; 327 of them have an emotion."""
    base = folder.folder('cohn-kanade-images', 'extended-cohn-kanade-images/cohn-kanade-images')
    labels = folder.folder('Emotion', 'Emotion_labels/Emotion')
    units = folder.maybe('FACS', 'FACS_labels/FACS')
    sequences = [place for person in subfolders(base) for place in subfolders(person)]
    if not any(map(images, sequences)):
        raise folder.wrong(f'images in {base.name}/S005/001/')
    for place in sequences:
        frames = images(place)
        if not frames:
            continue
        part = Path(place.parent.name) / place.name
        yield Sample(
            name=str(part),
            media=Media.FRAMES,
            paths=tuple(frames),
            label=_emotion(folder, labels / part),
            units=None if units is None else _units(folder, units / part, len(frames)),
            person=place.parent.name,
        )


def read_peaks(folder: Folder) -> Iterator[Sample]:
    """Yield the last three frames of sequences with an emotion, and their first, neutral one."""
    for sequence in read_sequences(folder):
        if sequence.label is UNLABELLED:
            continue
        neutral = folder.layout.own_class('0')
        peaks = sequence.paths[1:][-PEAKS:]
        for path, label in (
            (sequence.paths[0], neutral),
            *((path, sequence.label) for path in peaks),
        ):
            last = path == sequence.paths[-1]
            yield replace(
                sequence,
                name=path.stem,
                media=Media.IMAGE,
                paths=(path,),
                label=label,
                units=_last(sequence.units) if last else None,
            )


def read_48(folder: Folder) -> Iterator[Sample]:
    """Yield the 981 crops of 48 pixels, in a folder a class."""

    def named(sample: Sample) -> Sample:
        return replace(sample, person=sample.paths[0].name.partition('_')[0])

    base = folder.maybe('CK+48') or folder.root
    yield from class_folders(folder, base, named=named)


def _emotion(folder: Folder, place: Path) -> OwnClass:
    """Return the class of a sequence; most have none."""
    for path in sorted(place.glob('*_emotion.txt')) if place.is_dir() else ():
        text = path.read_text(encoding='utf-8').strip()
        try:
            return folder.layout.own_class(str(int(float(text))))
        except ValueError as error:
            raise folder.wrong(f'one number in {path.name}', str(error)) from None
    return UNLABELLED


def _units(folder: Folder, place: Path, frames: int) -> UnitTable | None:
    """Return the units at the peak; a unit without a strength (0) counts as shown."""
    for path in sorted(place.glob('*_facs.txt')) if place.is_dir() else ():
        rows = [
            line.split() for line in path.read_text(encoding='utf-8').splitlines() if line.strip()
        ]
        try:
            found = {int(float(code)): float(strength) for code, strength in rows}
        except ValueError as error:
            raise folder.wrong(
                f'a code and a strength a line in {path.name}', str(error)
            ) from None
        intensity = np.full((frames, len(found)), np.nan, np.float32)
        intensity[-1] = [min(strength, _LEVELS) / _LEVELS or 1.0 for strength in found.values()]
        return UnitTable(tuple(found), intensity, graded=0 not in found.values())
    return None


def _last(units: UnitTable | None) -> UnitTable | None:
    return None if units is None else replace(units, intensity=units.intensity[-1:])
