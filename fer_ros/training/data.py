"""Batches of FER+ faces, aligned as the run time aligns them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from fer_ros.alignment import Landmarker
from fer_ros.errors import DataError
from fer_ros.evaluation.ferplus import VotedFaces, load_faces, majority, vote_shares
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.static import logits_of
from fer_ros.evaluation.stills import aligned, alignments, locate_stills
from fer_ros.recognition.static import StaticRecogniser, softmax
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.augment import AugmentConfig, augment
from fer_ros.training.kept import kept
from fer_ros.types import Float32, Float64, UInt8

_RARE = 0.03


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Faces, where they are in their images, and the distribution to learn.

    :param landmarks_px: (N, L, 3) in pixels of the image, NaN where the mesh found no face.
    :param frame_to_aligned: (N, 2, 3).
    :param targets: (N, 8), rows sum to 1.
    """

    faces: VotedFaces
    landmarks_px: Float32
    frame_to_aligned: Float64
    targets: Float32

    def __len__(self) -> int:
        """Return how many faces there are."""
        return len(self.targets)

    def take(self, rows: NDArray[np.int64]) -> Split:
        """Return the faces of some rows."""
        return Split(
            VotedFaces(self.faces.images[rows], self.faces.votes[rows]),
            self.landmarks_px[rows],
            self.frame_to_aligned[rows],
            self.targets[rows],
        )


def load_split(
    path: Path, landmarker: Landmarker, cache: Path, size_px: int, *, drop_single: bool
) -> Split:
    """Read a split of FER+ and leave out what most annotators could not read.

    :param cache: npz in which the landmarks are kept, since finding them takes minutes.
    """
    cutting = partial(track, description=f'framing {path.stem}')
    faces = framed(load_faces(path), cutting)
    readable = majority(faces.votes) >= 0
    if not readable.any():
        raise DataError(
            f'{path}: expected faces with votes for an emotion, found {len(readable)} faces '
            'without; check the order of the columns'
        )
    landmarks = _landmarks(faces, landmarker, cache, path.stem)
    faces, landmarks = faces.take(readable), landmarks[readable]
    matrices = alignments(landmarks, faces.images.shape[1], size_px)
    return Split(faces, landmarks, matrices, vote_shares(faces.votes, drop_single))


def _landmarks(faces: VotedFaces, landmarker: Landmarker, cache: Path, name: str) -> Float32:
    """Read landmarks from the cache, or find and keep them."""

    def find() -> Float32:
        looking = partial(track, description=f'landmarks of {name}')
        return locate_stills(faces.images, landmarker, progress=looking)

    return kept(cache, 'landmarks', (len(faces.images), None, 3), find)


def teacher_answers(split: Split, teachers: Sequence[StaticRecogniser]) -> Float32:
    """Return the teachers' mean distributions (N, 8); the votes' own where there is no teacher."""
    if not teachers:
        return split.targets
    total = np.zeros_like(split.targets)
    for teacher in track(teachers, 'asking the teachers'):
        size_px = teacher.engine.manifest.input.width
        total += softmax(logits_of(crops(split, size_px), teacher))
    return (total / len(teachers)).astype(np.float32)


def distilled(split: Split, answers: Iterable[tuple[Float32, float]]) -> Split:
    """Blend distributions (N, 8), each by its share, into what is to be learned."""
    shares = list(answers)
    targets = (1 - sum(share for _, share in shares)) * split.targets
    for answer, share in shares:
        targets = targets + share * answer
    return replace(split, targets=targets.astype(np.float32))


def sharpened(split: Split, power: float) -> Split:
    """Raise what is to be learned to a power; rows still sum to 1."""
    raised = split.targets.astype(np.float64) ** power
    targets = raised / raised.sum(axis=1, keepdims=True)
    return replace(split, targets=targets.astype(np.float32))


def crops(split: Split, size_px: int) -> UInt8:
    """Return the (N, size_px, size_px) crops as the run time would make them."""
    return aligned(split.faces.images, split.frame_to_aligned, size_px)


def rows_of_epoch(split: Split, rare_repeat: int) -> NDArray[np.int64]:
    """Return the rows that an epoch shows, those of rare classes (below 3 %) several times."""
    labels = majority(split.faces.votes)
    shares = np.bincount(labels, minlength=len(EMOTIONS)) / len(labels)
    repeats = np.where(shares[labels] < _RARE, rare_repeat, 1)
    return np.repeat(np.arange(len(labels)), repeats)


def batches(
    split: Split,
    size_px: int,
    batch_size: int,
    config: AugmentConfig,
    rng: np.random.Generator,
    rows_of_epoch: NDArray[np.int64],
) -> Iterator[tuple[UInt8, Float32]]:
    """Yield one epoch: augmented crops (B, S, S) and targets (B, 8); the last few are left out."""
    order = rng.permutation(rows_of_epoch)
    for start in range(0, len(order) - batch_size + 1, batch_size):
        rows = order[start : start + batch_size]
        faces = [
            augment(split.faces.images[i], split.frame_to_aligned[i], size_px, config, rng)
            for i in rows
        ]
        yield np.stack(faces), split.targets[rows]
