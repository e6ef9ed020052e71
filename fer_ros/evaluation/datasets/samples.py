"""What every data set is made of: samples with their labels, whatever the files look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import MappingProxyType

import numpy as np

from fer_ros.errors import DataError
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Float32, Roi, UInt8

NO_GROUPS: Mapping[str, str] = MappingProxyType({})


class Media(str, Enum):
    """How a sample is stored."""

    IMAGE = 'image'  # one image file, or its pixels
    FRAMES = 'frames'  # a clip as image files in order
    VIDEO = 'video'  # a clip as one file


class Framing(str, Enum):
    """What the images of a set show."""

    SCENE = 'scene'  # as a camera saw it: the face has to be found
    CROP = 'crop'  # cut to the face by the authors


@dataclass(frozen=True, slots=True)
class OwnClass:
    """A class of a data set, and what it is among ours.

    :param name: as the set calls it.
    :param emotion: one of the eight emotions, or None for a class that we lack.
    :param second: the other emotion of a compound class, or None.
    """

    name: str
    emotion: str | None = None
    second: str | None = None

    def __post_init__(self) -> None:
        """Check that the emotions are ours."""
        for value in (self.emotion, self.second):
            if value is not None and value not in EMOTIONS:
                raise DataError(
                    f"class '{self.name}': expected one of {list(EMOTIONS)}, found {value!r}"
                )


UNLABELLED = OwnClass('')


@dataclass(frozen=True, slots=True, eq=False)
class UnitTable:
    """Labels of action units, one row a frame.

    :param codes: FACS codes of the columns.
    :param intensity: (F, A) float32 in 0..1 (FACS A..E = 0.2..1.0); NaN where nothing is labelled.
    :param graded: whether the strength was labelled, not just that a unit shows.
    """

    codes: tuple[int, ...]
    intensity: Float32
    graded: bool

    def __post_init__(self) -> None:
        """Check shape and range."""
        shape = self.intensity.shape
        if len(shape) != 2 or shape[1] != len(self.codes) or self.intensity.dtype != np.float32:
            raise DataError(
                f'UnitTable.intensity: expected (frames, {len(self.codes)}) float32, found '
                f'{shape} {self.intensity.dtype}'
            )
        known = self.intensity[~np.isnan(self.intensity)]
        if known.size and not (known.min() >= 0 and known.max() <= 1):
            raise DataError(
                f'UnitTable.intensity: expected 0..1, found {known.min():g}..{known.max():g}'
            )


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One labelled image or clip; nothing is decoded before it is asked for.

    :param name: unique in its set and the same on every machine.
    :param paths: the image, the frames in order, or the video; empty where ``pixels`` are given.
    :param pixels: (H, W) uint8 of an image that the set keeps in a table, or None.
    :param label: the set's class.
    :param valence, arousal: -1..1, or None where not labelled.
    :param units: action units, a row for each frame (one for an image), or None.
    :param box_px: the labelled face in the image, or None.
    :param aligned: the authors' own crop of the same face, or None.
    :param person: who it is, or ''.
    :param split: train, valid, test, or '' where the set has no splits.
    :param fold: 1.., or None where the set has no folds.
    :param groups: more columns to tell groups apart, by name.
    """

    name: str
    media: Media
    paths: tuple[Path, ...] = ()
    pixels: UInt8 | None = None
    label: OwnClass = UNLABELLED
    valence: float | None = None
    arousal: float | None = None
    units: UnitTable | None = None
    box_px: Roi | None = None
    aligned: Path | None = None
    person: str = ''
    split: str = ''
    fold: int | None = None
    groups: Mapping[str, str] = field(default_factory=lambda: NO_GROUPS)

    def __post_init__(self) -> None:
        """Check that there is something to look at, and the ranges."""
        if not self.paths and self.pixels is None:
            raise DataError(f'{self.name}: expected files or pixels, found neither')
        if self.media is not Media.FRAMES and len(self.paths) > 1:
            raise DataError(f'{self.name}: expected one file, found {len(self.paths)}')
        for name, value in (('valence', self.valence), ('arousal', self.arousal)):
            if value is not None and not -1.0 <= value <= 1.0:
                raise DataError(f'{self.name}: {name}: expected -1..1, found {value!r}')
