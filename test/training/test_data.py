from __future__ import annotations

import numpy as np

from fer_ros.evaluation.ferplus import VotedFaces, vote_shares
from fer_ros.training.augment import AugmentConfig
from fer_ros.training.data import Split, batches, distilled, rows_of_epoch, sharpened


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


def test_sharper_targets_come_nearer_to_the_majority() -> None:
    votes = np.zeros((1, 10), np.uint8)
    votes[0, :2] = 6, 3
    split = Split(
        VotedFaces(np.zeros((1, 48, 48), np.uint8), votes),
        np.full((1, 478, 3), np.nan, np.float32),
        np.eye(2, 3)[None],
        vote_shares(votes, drop_single=True),
    )
    np.testing.assert_allclose(sharpened(split, 2.0).targets[0, :2], [0.8, 0.2], rtol=1e-6)
    np.testing.assert_allclose(sharpened(split, 1.0).targets, split.targets, rtol=1e-6)


def test_answers_are_blended_by_their_shares() -> None:
    split = split_of([0, 1])
    answer = np.full((2, 8), 1 / 8, np.float32)
    blended = distilled(split, [(answer, 0.25), (answer, 0.25)]).targets
    np.testing.assert_allclose(blended[0], [0.5 + 1 / 16] + [1 / 16] * 7, rtol=1e-6)
