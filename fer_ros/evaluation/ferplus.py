"""Faces with the votes of ten annotators: FER+ (Barsoum et al. 2016) and npz files like it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.evaluation.metrics import Labels
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Float32, UInt8

COLUMNS = (*EMOTIONS, 'unknown', 'NF')
CONTEMPT = EMOTIONS.index('contempt')


@dataclass(frozen=True, slots=True, eq=False)
class VotedFaces:
    """Grey square faces and how annotators voted.

    :param images: (N, S, S) uint8.
    :param votes: (N, 10) uint8, in the order of ``COLUMNS``.
    """

    images: UInt8
    votes: UInt8

    def __post_init__(self) -> None:
        """Check that faces and votes fit."""
        images, votes = self.images, self.votes
        square = images.ndim == 3 and images.shape[1] == images.shape[2] > 0
        if not square or images.dtype != np.uint8 or not len(images):
            raise DataError(
                'images: expected (N, S, S) uint8 with one face or more, found '
                f'{images.shape} {images.dtype}; store square grey faces'
            )
        if votes.shape != (len(images), len(COLUMNS)) or votes.dtype != np.uint8:
            raise DataError(
                f'votes: expected ({len(images)}, {len(COLUMNS)}) uint8, found '
                f'{votes.shape} {votes.dtype}; store one row of votes per face'
            )

    def take(self, rows: NDArray[np.bool_]) -> VotedFaces:
        """Return the faces of a mask."""
        return VotedFaces(self.images[rows], self.votes[rows])


def load_faces(path: Path) -> VotedFaces:
    """Read an npz with ``images``, ``votes`` and (where it has them) ``columns``.

    :raises DataError: one line that names the file, what was expected and found.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            missing = {'images', 'votes'} - set(archive.files)
            if missing:
                raise DataError(
                    f'expected the arrays images and votes, found {sorted(archive.files)}; '
                    'see the format of FER+ in the documentation'
                )
            columns = archive['columns'].tolist() if 'columns' in archive.files else None
            if columns not in (None, list(COLUMNS)):
                raise DataError(
                    f'columns: expected {list(COLUMNS)}, found {columns}; reorder the votes'
                )
            return VotedFaces(archive['images'], archive['votes'])
    except FileNotFoundError:
        raise DataError(f'{path}: expected an npz of voted faces, found none') from None
    except DataError as error:
        raise DataError(f'{path}: {error}') from None
    except Exception as error:  # what zipfile, zlib and NumPy raise for a broken file is no family
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise DataError(
            f'{path}: expected an npz of voted faces, found a file that is not one: {reason}'
        ) from None


def majority(votes: UInt8) -> Labels:
    """Return (N,) labels of protocol A: most of the ten votes; -1: unknown, no face, no vote."""
    winner = votes.argmax(axis=1)
    known = (winner < len(EMOTIONS)) & votes.any(axis=1)
    return np.where(known, winner, -1).astype(np.int64)


def absolute_majority(votes: UInt8) -> Labels:
    """Return (N,) labels of protocol B, the authors' reader: over half of the votes.

    A single vote for something counts as none; -1 where nothing has over half of the rest, or
    where that is unknown or no face.
    """
    firm = np.where(votes > 1, votes, 0).astype(np.int64)
    winner = firm.argmax(axis=1)
    decided = 2 * firm.max(axis=1) > firm.sum(axis=1)
    return np.where(decided & (winner < len(EMOTIONS)), winner, -1)


def vote_shares(votes: UInt8, drop_single: bool) -> Float32:
    """Return (N, 8) shares of the emotions; where no vote is for one, all are alike.

    :param drop_single: a vote that nobody shares counts as none, where others are left.
    """
    emotions = votes[:, : len(EMOTIONS)].astype(np.float32)
    if drop_single:
        firm = np.where(emotions > 1, emotions, 0)
        emotions = np.where(firm.sum(axis=1, keepdims=True) > 0, firm, emotions)
    total = emotions.sum(axis=1, keepdims=True)
    uniform = np.float32(1 / len(EMOTIONS))
    shares: Float32 = np.where(total > 0, emotions / np.maximum(total, 1), uniform)
    return shares.astype(np.float32)
