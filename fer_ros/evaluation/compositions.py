"""Clips composed from stills: what a static model says of faces that come to life.

No labelled video is at hand, so time is made: real faces, morphed from neutral to one emotion and
back along a drawn course, shaken, blurred, covered and dropped as a robot's camera does, and
recognised frame by frame by the real net. The same makes training clips (of FER+ Training) and
held-out ones (of Valid, whose people were never seen).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment import Landmarker
from fer_ros.errors import DataError
from fer_ros.evaluation.courses import Course, draw_course
from fer_ros.evaluation.ferplus import VotedFaces, absolute_majority, load_faces
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.metrics.classes import Labels
from fer_ros.evaluation.morph import AlignedStill, Morph
from fer_ros.evaluation.shaky_camera import draw_disturbance, draw_stamps, photograph
from fer_ros.evaluation.stills import aligned, alignments, locate_stills
from fer_ros.recognition.static import StaticRecogniser, softmax
from fer_ros.types import Float32, Float64, UInt8

NS_PER_S = 1_000_000_000
_BATCH = 32

Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """One clip as a temporal model gets it, and its truth.

    :param stamps_ns: (T,) of the frames.
    :param probabilities: (T, 8) float32 of the static model.
    :param quality: (T,) 0 .. 1.
    """

    course: Course
    stamps_ns: tuple[int, ...]
    probabilities: Float32
    quality: Float64

    @property
    def times_s(self) -> Float64:
        """Seconds of the frames."""
        return np.asarray(self.stamps_ns, np.float64) / NS_PER_S

    @property
    def strength(self) -> Float64:
        """True strength in each frame, 0 .. 1."""
        return self.course.strength(self.times_s)


class Gallery:
    """Stills whose annotators agree, neutral ones and expressive ones."""

    def __init__(self, faces: VotedFaces, landmarks_px: Float32 | None = None) -> None:
        """Take the faces; landmarks (N, L, 3) where they are known already."""
        self._faces = faces
        self._landmarks = landmarks_px
        self._labels: Labels = absolute_majority(faces.votes)
        self._readable: NDArray[np.bool_] = np.ones(len(self._labels), bool)
        if landmarks_px is not None:
            self._readable[:] = np.isfinite(landmarks_px).all(axis=(1, 2))
        if not self._rows(neutral=True).size or not self._rows(neutral=False).size:
            raise DataError(
                'faces: expected neutral and expressive ones that most annotators agree on, '
                'found none of one kind; use a set like FER+'
            )

    def _rows(self, *, neutral: bool) -> Labels:
        wanted = self._labels == 0 if neutral else self._labels > 0
        return np.flatnonzero(wanted & self._readable)

    def draw(
        self, landmarker: Landmarker | None, size_px: int, rng: np.random.Generator
    ) -> tuple[AlignedStill, AlignedStill]:
        """Draw a neutral face and an expressive one."""
        pair = []
        for neutral in (True, False):
            still = None
            while still is None:
                row = int(rng.choice(self._rows(neutral=neutral)))
                still = self._still(row, landmarker, size_px)
            pair.append(still)
        return pair[0], pair[1]

    def _still(self, row: int, landmarker: Landmarker | None, size_px: int) -> AlignedStill | None:
        """Return one face, or None where the landmarker does not find it."""
        image = self._faces.images[row : row + 1]
        if self._landmarks is not None:
            points = self._landmarks[row : row + 1]
        elif landmarker is not None:
            points = locate_stills(image, landmarker)
        else:
            raise DataError('Gallery: expected landmarks or a landmarker, found neither')
        if not points.size or not np.isfinite(points).all():
            self._readable[row] = False
            return None
        matrix = alignments(points, image.shape[1], size_px)
        moved = points[0, :, :2] @ matrix[0, :, :2].T + matrix[0, :, 2]
        pixels = aligned(image, matrix, size_px)[0]
        return AlignedStill(pixels, moved.astype(np.float32), int(self._labels[row]))


def load_gallery(path: Path, landmarks_px: Float32 | None = None) -> Gallery:
    """Read voted faces; raises DataError where they are none."""
    try:
        faces = load_faces(path)
        return Gallery(faces if landmarks_px is not None else framed(faces), landmarks_px)
    except DataError as error:
        text = str(error)
        raise DataError(text if str(path) in text else f'{path}: {text}') from None


def compose(
    gallery: Gallery,
    recogniser: StaticRecogniser,
    landmarker: Landmarker | None,
    count: int,
    *,
    seed: int,
    progress: Progress | None = None,
) -> Iterator[Composition]:
    """Yield clips; the same seed gives the same.

    :param landmarker: needed where the gallery has no landmarks yet.
    """
    size_px = recogniser.engine.manifest.input.width
    numbers: Iterable[int] = range(count)
    for number in progress(numbers) if progress else numbers:
        rng = np.random.default_rng([seed, number])
        neutral, expressive = gallery.draw(landmarker, size_px, rng)
        yield _composed(Morph(neutral, expressive), expressive.label, recogniser, rng)


def _composed(
    morph: Morph, label: int, recogniser: StaticRecogniser, rng: np.random.Generator
) -> Composition:
    """Render one clip and let the static model see it."""
    course = draw_course(label, rng)
    stamps_ns = draw_stamps(course.length_s, rng)
    times_s = np.asarray(stamps_ns, np.float64) / NS_PER_S
    how = draw_disturbance(times_s, rng)
    strengths = course.strength(times_s).tolist()
    crops = [
        photograph(morph.face(strength, float(how.lids[index])), how, index, rng)
        for index, strength in enumerate(strengths)
    ]
    return Composition(course, tuple(stamps_ns), _recognised(crops, recogniser), how.quality(rng))


def _recognised(crops: Sequence[UInt8], recogniser: StaticRecogniser) -> Float32:
    """Return (T, K) calibrated probabilities of grey crops."""
    rows = []
    for start in range(0, len(crops), _BATCH):
        shown = [cv2.cvtColor(c, cv2.COLOR_GRAY2RGB) for c in crops[start : start + _BATCH]]
        rows.append(recogniser.logits(shown)[0])
    return softmax(np.concatenate(rows), recogniser.engine.manifest.temperature)
