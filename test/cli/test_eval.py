from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fer_ros.cli.main import main
from fer_ros.taxonomy import EMOTIONS

FIGURES = {
    'n', 'A8', 'B8', 'A7', 'B7', 'UAR_A7', 'UAR_A8', 'ECE', 'per_class_recall', 'params',
    'ms_per_face_1core',
}  # fmt: skip


def votes(*winners: int) -> np.ndarray:
    """Give eight votes to each face's winner and two to the next emotion."""
    rows = np.zeros((len(winners), 10), np.uint8)
    for row, winner in zip(rows, winners):
        row[winner], row[(winner + 1) % 8] = 8, 2
    return rows


def images(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (count, 48, 48)).astype(np.uint8)


def test_figures_of_a_tiny_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / 'tiny.npz'
    # Three faces with an emotion, one that is unknown, one that is no face.
    np.savez(path, images=images(5), votes=votes(0, 1, 1, 8, 9))
    assert main(['eval', 'static', '--npz', str(path), '--json']) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == FIGURES
    assert figures['n'] == 3
    for name in ('A8', 'B8', 'A7', 'B7'):
        assert figures[name] in (0.0, pytest.approx(100 / 3), pytest.approx(200 / 3), 100.0)
    recalls = figures['per_class_recall']
    assert list(recalls) == list(EMOTIONS)
    assert [name for name in EMOTIONS if recalls[name] is not None] == ['neutral', 'happiness']
    assert figures['UAR_A8'] == pytest.approx((recalls['neutral'] + recalls['happiness']) / 2)
    assert 0.0 <= figures['ECE'] <= 1.0
    assert figures['ms_per_face_1core'] > 0.0
    assert main(['eval', 'static', '--npz', str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == FIGURES


@pytest.mark.parametrize(
    ('arrays', 'words'),
    [
        ({'images': images(2)}, 'expected the arrays images and votes'),
        ({'images': images(2), 'votes': votes(1)}, 'votes: expected (2, 10) uint8, found (1, 10)'),
        ({'images': images(2)[:, :40], 'votes': votes(1, 2)}, 'images: expected (N, S, S) uint8'),
        (
            {'images': images(2).astype(float), 'votes': votes(1, 2)},
            'images: expected (N, S, S) uint8',
        ),
        ({'images': images(0), 'votes': votes()}, 'one face or more'),
        ({'images': images(2), 'votes': votes(8, 9)}, 'expected faces with votes for an emotion'),
        (
            {'images': images(1), 'votes': votes(1), 'columns': np.array(['a', 'b'])},
            'columns: expected',
        ),
        (
            {'images': np.array([object()]), 'votes': votes(1)},
            'found a file that is not one',
        ),
    ],
)
def test_a_bad_set_is_one_line(
    tmp_path: Path,
    arrays: dict[str, np.ndarray],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / 'bad.npz'
    np.savez(path, **arrays)
    refused(path, words, capsys)


@pytest.mark.parametrize('content', [b'', b'no npz at all', b'PK\x03\x04 a broken zip'])
def test_a_broken_file_is_one_line(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'broken.npz'
    path.write_bytes(content)
    refused(path, 'expected an npz of voted faces', capsys)


def test_a_truncated_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / 'cut.npz'
    np.savez(path, images=images(3), votes=votes(1, 2, 3))
    path.write_bytes(path.read_bytes()[:3000])
    refused(path, 'expected an npz of voted faces', capsys)


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused(tmp_path / 'none.npz', 'expected an npz of voted faces, found none', capsys)


def test_a_model_of_another_task_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['eval', 'static', '--npz', 'any.npz', '--model', 'facemesh-478']) == 2
    err = capsys.readouterr().err
    assert 'expected a model for static_expression, found face_landmarks' in err
    assert len(err.splitlines()) == 1


def refused(path: Path, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['eval', 'static', '--npz', str(path), '--json']) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith(f'fer-ros eval: {path}: ')
    assert words in err
    assert len(err.strip().splitlines()) == 1, err
