from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.cli.main import main
from fer_ros.errors import DataError
from fer_ros.evaluation.jitter import evaluate_jitter, tremble
from fer_ros.evaluation.metrics import flips


def test_flips_by_hand() -> None:
    assert flips(['a', 'a', 'b', 'b', 'a', 'c']) == 3
    assert flips(['a']) == flips([]) == 0


def test_the_camera_trembles_within_its_bounds() -> None:
    pixels = np.zeros((81, 121, 3), np.uint8)
    cv2.circle(pixels, (60, 40), 4, (255,) * 3, -1)  # about the middle: a turn leaves it there
    frames = list(tremble(pixels, 40, seed=3))
    assert [frame.stamp_ns for frame in frames] == sorted({frame.stamp_ns for frame in frames})
    rows, columns = np.mgrid[:81, :121]
    places = []
    for frame in frames:
        weights = np.where(frame.pixels[:, :, 0] > 128, 1.0, 0.0)
        places.append([(weights * axis).sum() / weights.sum() for axis in (columns, rows)])
    away = np.array(places) - (60, 40)
    assert np.abs(away[0]).max() < 0.3  # the first frame is as it is
    assert 1.5 < np.abs(away).max() < 2.4
    assert np.abs(away.mean(axis=0)).max() < 0.6
    again = list(tremble(pixels, 2, seed=3))
    np.testing.assert_array_equal(again[1].pixels, frames[1].pixels)
    assert (frames[0].pixels[:20] != 0).any()  # a sensor's noise


def test_a_still_face_keeps_its_label(tmp_path: Path) -> None:
    data = pytest.importorskip('skimage.data', reason='scikit-image brings a free portrait')
    portrait = cv2.cvtColor(data.astronaut()[:260, 120:360], cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(tmp_path / 'portrait.png'), portrait)
    report = evaluate_jitter(tmp_path, frames=6)
    assert [face.photo for face in report.faces] == ['portrait.png']
    assert report.steps == 5
    assert report.missed == 0
    assert report.faces[0].label == 'happiness'
    assert report.raw == report.smoothed == 0.0
    assert report.shortfalls() == []
    assert 'portrait.png' in report.to_text()


def test_refusals_are_one_line(tmp_path: Path) -> None:
    (tmp_path / 'faceless').mkdir()
    cv2.imwrite(str(tmp_path / 'faceless' / 'grey.png'), np.full((64, 64, 3), 90, np.uint8))
    with pytest.raises(DataError, match='expected faces in 1 photos, found none'):
        evaluate_jitter(tmp_path / 'faceless', frames=2)
    with pytest.raises(DataError, match='expected photos of people, found none'):
        evaluate_jitter(tmp_path, frames=2)
    with pytest.raises(DataError, match='frames: expected two or more, found 1'):
        evaluate_jitter(tmp_path, frames=1)


def test_the_command_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['eval', 'jitter', '--data', str(tmp_path), '--json']) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert 'expected photos of people, found none' in err
    assert len(err.splitlines()) == 1
