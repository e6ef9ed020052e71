from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.evaluation.ferplus import (
    VotedFaces,
    absolute_majority,
    load_faces,
    majority,
    vote_shares,
)
from fer_ros.evaluation.metrics import accuracy
from fer_ros.evaluation.static import report, without_contempt
from fer_ros.evaluation.stills import alignments
from fer_ros.taxonomy import EMOTIONS

#                  neu hap sur sad ang dis fea con unk  NF
VOTES = np.array([[4, 0, 0, 3, 1, 1, 1, 0, 0, 0],  # 4 of the 7 votes that are not alone
                  [0, 5, 5, 0, 0, 0, 0, 0, 0, 0],  # a tie: the first, and no majority
                  [2, 0, 0, 0, 0, 0, 0, 3, 5, 0],  # most can not tell
                  [0, 0, 0, 0, 0, 0, 0, 0, 1, 9],  # no face
                  [0, 0, 0, 0, 1, 0, 0, 8, 1, 0],  # contempt
                  [3, 3, 0, 0, 0, 0, 0, 0, 4, 0]], np.uint8)  # fmt: skip


def test_protocol_a_takes_most_votes() -> None:
    assert majority(VOTES).tolist() == [0, 1, -1, -1, 7, -1]


def test_protocol_b_wants_over_half_of_the_votes_that_are_not_alone() -> None:
    assert absolute_majority(VOTES).tolist() == [0, -1, -1, -1, 7, -1]


def test_targets_are_shares_of_the_emotions() -> None:
    np.testing.assert_allclose(vote_shares(VOTES, drop_single=False)[0, :4], [0.4, 0, 0, 0.3])
    np.testing.assert_allclose(
        vote_shares(VOTES, drop_single=True)[0], [4 / 7, 0, 0, 3 / 7, 0, 0, 0, 0], rtol=1e-6
    )
    np.testing.assert_allclose(vote_shares(VOTES, drop_single=True)[3], 1 / 8)


def one_hot(answers: list[int], height: float = 1.0) -> np.ndarray:
    return np.eye(8, dtype=np.float32)[answers] * np.float32(height)


def test_contempt_is_left_out_as_label_and_as_answer() -> None:
    logits = one_hot([7, 7, 2]) + one_hot([2, 3, 0], 0.5)
    answers, labels = without_contempt(logits, np.array([2, 7, -1]))
    assert answers.tolist() == [2, 3, 2]  # the second best where the best is contempt
    assert labels.tolist() == [2, -1, -1]
    assert accuracy(answers, labels) == 1.0


def test_a_missed_face_is_only_scaled() -> None:
    missed = np.full((1, 478, 3), np.nan, np.float32)
    np.testing.assert_allclose(alignments(missed, 96, 48)[0], [[0.5, 0, 0], [0, 0.5, 0]])


def saved(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ('arrays', 'text'),
    [
        ({'images': np.zeros((2, 48, 48), np.uint8)}, 'expected the arrays images and votes'),
        (
            {'images': np.zeros((2, 48, 40), np.uint8), 'votes': np.zeros((2, 10), np.uint8)},
            r'images: expected \(N, S, S\) uint8',
        ),
        (
            {'images': np.zeros((2, 48, 48)), 'votes': np.zeros((2, 10), np.uint8)},
            'found .* float64',
        ),
        (
            {'images': np.zeros((2, 48, 48), np.uint8), 'votes': np.zeros((3, 10), np.uint8)},
            r'votes: expected \(2, 10\) uint8',
        ),
        (
            {
                'images': np.zeros((1, 48, 48), np.uint8),
                'votes': np.zeros((1, 10), np.uint8),
                'columns': np.array(EMOTIONS[::-1] + ('unknown', 'NF')),
            },
            'columns: expected',
        ),
    ],
)
def test_a_bad_npz_is_one_line(tmp_path: Path, arrays: dict, text: str) -> None:
    with pytest.raises(DataError, match=text) as caught:
        load_faces(saved(tmp_path / 'bad.npz', **arrays))
    assert str(caught.value).startswith(str(tmp_path / 'bad.npz'))
    assert '\n' not in str(caught.value)


def test_no_npz_at_all_is_one_line(tmp_path: Path) -> None:
    (tmp_path / 'text.npz').write_text('not an archive')
    with pytest.raises(DataError, match='a file that is not one'):
        load_faces(tmp_path / 'text.npz')
    with pytest.raises(DataError, match='found none'):
        load_faces(tmp_path / 'none.npz')
    whole = saved(tmp_path / 'whole.npz', images=np.zeros((9, 48, 48), np.uint8))
    (tmp_path / 'cut.npz').write_bytes(whole.read_bytes()[:-400])
    with pytest.raises(DataError, match='a file that is not one'):
        load_faces(tmp_path / 'cut.npz')


class Oracle:
    """Answers with the brightness of the face: class 0 is darkest."""

    class engine:  # noqa: N801
        class manifest:  # noqa: N801
            id = 'oracle'
            labels = EMOTIONS
            options = {'parameters': 12}  # noqa: RUF012

    def logits(self, crops: list) -> tuple[np.ndarray, np.ndarray]:
        answers = [int(crop.mean()) // 32 for crop in crops]
        return one_hot(answers, 5.0), np.zeros((len(crops), 4), np.float32)


def test_the_report_has_the_keys_and_figures_of_the_protocols() -> None:
    votes = np.zeros((4, 10), np.uint8)
    votes[range(4), [0, 1, 7, 3]] = 10
    images = np.stack([np.full((48, 48), value, np.uint8) for value in (0, 40, 230, 130)])
    figures = report(VotedFaces(images, votes), images, Oracle()).to_dict()  # type: ignore[arg-type]
    assert list(figures) == [
        'n', 'A8', 'B8', 'A7', 'B7', 'UAR_A7', 'UAR_A8', 'ECE', 'per_class_recall', 'params',
        'ms_per_face_1core',
    ]  # fmt: skip
    assert figures['n'] == 4
    assert figures['A8'] == pytest.approx(75.0)
    assert figures['A7'] == pytest.approx(100 * 2 / 3)
    assert figures['params'] == 12
    assert figures['per_class_recall']['sadness'] == 0.0
    assert figures['per_class_recall']['fear'] is None


def test_what_no_face_is_scored_by_has_no_figure() -> None:
    """Five votes of ten are no majority for B8, and contempt is no class of A7 and B7."""
    votes = np.zeros((1, 10), np.uint8)
    votes[0, [7, 0, 3]] = 4, 3, 3
    images = np.zeros((1, 48, 48), np.uint8)
    figures = report(VotedFaces(images, votes), images, Oracle()).to_dict()  # type: ignore[arg-type]
    assert figures['A8'] == 0.0
    assert [figures[name] for name in ('B8', 'A7', 'B7', 'UAR_A7')] == [None] * 4
