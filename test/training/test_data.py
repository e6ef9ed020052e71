from __future__ import annotations

import numpy as np

from fer_ros.evaluation.ferplus import VotedFaces, vote_shares
from fer_ros.training.augment import AugmentConfig
from fer_ros.training.data import Split, batches, rows_of_epoch


def split_of(labels: list[int]) -> Split:
    votes = np.zeros((len(labels), 10), np.uint8)
    votes[range(len(labels)), labels] = 10
    images = np.arange(len(labels), dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    matrices = np.broadcast_to(np.eye(2, 3), (len(labels), 2, 3)).copy()
    missed = np.full((len(images), 478, 3), np.nan, np.float32)
    return Split(VotedFaces(images, votes), missed, matrices, vote_shares(votes, drop_single=True))


def test_only_rare_classes_are_repeated() -> None:
    split = split_of([0] * 60 + [5] + [1] * 39)  # disgust is 1 %
    rows = rows_of_epoch(split, 3)
    assert np.bincount(rows)[60] == 3
    assert (np.delete(np.bincount(rows), 60) == 1).all()
    np.testing.assert_array_equal(rows_of_epoch(split, 1), np.arange(100))


def test_an_epoch_shows_each_row_once_with_its_own_target() -> None:
    split = split_of([0, 1, 2, 3] * 5)
    quiet = AugmentConfig(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0)
    rng = np.random.default_rng(1)
    seen = []
    for faces, targets in batches(split, 48, 8, quiet, rng, rows_of_epoch(split, 1)):
        assert faces.shape == (8, 48, 48)
        rows = faces[:, 0, 0]
        np.testing.assert_array_equal(targets.argmax(axis=1), rows % 4)
        seen += rows.tolist()
    assert len(seen) == len(set(seen)) == 16  # two batches of eight; four rows are left out
