from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from test_robustness import manifest_of, portrait

from fer_ros.alignment import Landmarker
from fer_ros.cli.main import main
from fer_ros.errors import DataError
from fer_ros.evaluation.adaptation import ROOMS, evaluate_adaptation, with_habit
from fer_ros.evaluation.stills import locate_stills
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import StaticRecogniser


@pytest.fixture(scope='module')
def landmarker() -> Landmarker:
    return Landmarker(load_engine(PipelineConfig().landmark_model, Task.FACE_LANDMARKS))


@pytest.fixture(scope='module')
def npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten neutral faces and fourteen others, all of them one smile: only the shapes count."""
    path = tmp_path_factory.mktemp('faces') / 'faces.npz'
    face = cv2.resize(portrait(), (48, 48), interpolation=cv2.INTER_AREA)
    votes = np.zeros((24, 10), np.uint8)
    votes[range(24), [0] * 10 + [1] * 12 + [4] * 2] = 10
    np.savez(path, images=np.stack([face] * 24), votes=votes)
    return path


def test_a_habit_moves_brows_and_corners_of_the_mouth(landmarker: Landmarker) -> None:
    image = portrait()
    points = locate_stills(image[None], landmarker)[0]
    apart = float(np.hypot(*(points[263, :2] - points[33, :2])))
    for habit, index in (((0.15, 0.0), 105), ((0.0, 0.15), 61)):
        moved = with_habit(image, points, np.array(habit))
        again = locate_stills(moved[None], landmarker)[0]
        # The mesh follows, if only in part, and the eyes stay where they are.
        assert again[index, 1] - points[index, 1] > 0.04 * apart
        assert abs(again[33, 1] - points[33, 1]) < 0.03 * apart
    np.testing.assert_array_equal(with_habit(image, points, np.zeros(2)), image)
    np.testing.assert_array_equal(with_habit(image, points[:0], np.ones(2)), image)


def test_figures_of_a_tiny_set(npz: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['eval', 'adaptation', '--npz', str(npz), '--people', '1', '--json']) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures['rooms']) == set(ROOMS)
    assert figures['people']['all']['n'] == figures['ordinary']['all']['n'] == 14
    assert figures['rooms']['cheerful']['n'] == 24
    # Every face is a smile, and is called one: right where the votes say so.
    assert figures['rooms']['cheerful']['plain'] == pytest.approx(0.7, abs=0.25)
    assert figures['rooms']['sober']['plain'] < 0.5


def test_too_few_faces_are_refused(landmarker: Landmarker, npz: Path, tmp_path: Path) -> None:
    with np.load(npz) as arrays:
        np.savez(tmp_path / 'few.npz', images=arrays['images'][:12], votes=arrays['votes'][:12])
    engine = load_engine(PipelineConfig().expression_model, Task.STATIC_EXPRESSION)
    with pytest.raises(DataError, match='expected 10 neutral faces and 14 others, found 10 and 2'):
        evaluate_adaptation(tmp_path / 'few.npz', StaticRecogniser(engine), landmarker)


def test_a_model_without_a_reference_is_one_line(
    npz: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = manifest_of(tmp_path, options={})
    assert main(['eval', 'adaptation', '--npz', str(npz), '--model', model]) == 2
    err = capsys.readouterr().err
    assert 'options.adaptation.prior: expected 8 numbers, found None' in err
    assert len(err.strip().splitlines()) == 1
