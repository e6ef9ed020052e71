from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from fer_ros.alignment import Landmarker
from fer_ros.cli.main import main
from fer_ros.errors import DataError
from fer_ros.evaluation.degrade import CLEAN, Condition, blurred, eyes_hidden, shrunk
from fer_ros.evaluation.robustness import (
    Figures,
    RobustnessReport,
    evaluate_robustness,
)
from fer_ros.evaluation.seen import prepared
from fer_ros.evaluation.stills import locate_stills
from fer_ros.evaluation.strangers import STRANGERS
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.inference.store import model_dir
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import StaticRecogniser
from fer_ros.taxonomy import EMOTIONS, QualityFlag

BLURRED = Condition('blurred', blurred(3.0))
SMALL = Condition('small', shrunk(16))


def portrait() -> np.ndarray:
    data = pytest.importorskip('skimage.data', reason='scikit-image brings a free portrait')
    grey = cv2.cvtColor(data.astronaut()[60:190, 160:290], cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, (96, 96), interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope='module')
def landmarker() -> Landmarker:
    return Landmarker(load_engine(PipelineConfig().landmark_model, Task.FACE_LANDMARKS))


@pytest.fixture(scope='module')
def recogniser() -> StaticRecogniser:
    return StaticRecogniser(load_engine(PipelineConfig().expression_model, Task.STATIC_EXPRESSION))


@pytest.fixture(scope='module')
def npz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three smiles, one of them labelled as anger, and no face at all."""
    path = tmp_path_factory.mktemp('faces') / 'faces.npz'
    faces = [np.roll(portrait(), shift, axis=1) for shift in (0, 3, -3)]
    votes = np.zeros((4, 10), np.uint8)
    votes[range(4), [1, 1, 4, 1]] = 10
    np.savez(path, images=np.stack([*faces, np.full((96, 96), 90, np.uint8)]), votes=votes)
    return path


def test_shares_of_a_tiny_set(
    npz: Path, landmarker: Landmarker, recogniser: StaticRecogniser
) -> None:
    report = evaluate_robustness(
        npz, recogniser, landmarker, conditions=(CLEAN, BLURRED, SMALL), seed=2
    )
    assert list(report.conditions) == ['clean', 'blurred', 'small']
    clean = report.conditions['clean']
    assert clean.n == report.faces == 4
    assert clean.not_found == 0.25
    assert clean.abstained >= 0.25
    assert clean.wrong_confident == 0.25  # the smile that is labelled as anger
    assert clean.accuracy_vouched == pytest.approx(2 / 3)
    assert report.conditions['blurred'].confidence < clean.confidence
    assert report.degraded.n == 8
    shares = report.conditions
    assert report.degraded.accuracy == pytest.approx(
        (shares['blurred'].accuracy + shares['small'].accuracy) / 2
    )
    assert report.shortfalls() == [
        f'wrong_confident: {report.degraded.wrong_confident:.4f} > 0.02'
    ] * (report.degraded.wrong_confident > 0.02)
    again = evaluate_robustness(
        npz, recogniser, landmarker, conditions=(CLEAN, BLURRED, SMALL), seed=2
    )
    assert again == report


def test_the_lead_of_confidence_by_hand() -> None:
    def figures(accuracy: float, confidence: float) -> Figures:
        return Figures(100, accuracy, confidence, 0.0, 0.0, 0.0, 0.0, 0.0, None)

    conditions = {'clean': figures(0.9, 0.85), 'dark': figures(0.7, 0.6), 'far': figures(0.6, 0.7)}
    report = RobustnessReport('model', 100, 0, conditions, figures(0.65, 0.65))
    assert report.confidence_lead('clean') == 0.0
    assert report.confidence_lead('dark') == pytest.approx(0.25 - 0.2)
    assert report.confidence_lead('far') == pytest.approx(0.15 - 0.3)
    assert report.to_dict()['conditions']['far']['confidence_lead'] == pytest.approx(-0.15)
    assert 'far' in report.to_text()


def test_a_face_is_judged_and_aligned_as_at_run_time(landmarker: Landmarker) -> None:
    image = portrait()
    points = locate_stills(image[None], landmarker)[0]
    face, found = prepared(image, points, 48)
    assert found
    assert face.pixels.shape == (48, 48, 3)
    assert face.quality.flags is QualityFlag.NONE
    small = shrunk(20)(image, points, np.random.default_rng(0))
    seen = locate_stills(small[None], landmarker)[0]
    assert prepared(small, seen, 48)[0].quality.flags & QualityFlag.LOW_RESOLUTION
    hidden = eyes_hidden(image, points, np.random.default_rng(0))
    again = prepared(hidden, locate_stills(hidden[None], landmarker)[0], 48)[0]
    assert again.quality.hidden_upper > face.quality.hidden_upper + 0.3
    unfound, found = prepared(image, points[:0], 48)
    assert not found
    assert unfound.quality.score == 0.0


def test_refusals(npz: Path, landmarker: Landmarker, recogniser: StaticRecogniser) -> None:
    with pytest.raises(DataError, match='faces: expected one or more, found 0'):
        evaluate_robustness(npz, recogniser, landmarker, faces=0)


def test_the_command_prints_every_figure(npz: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['eval', 'robustness', '--npz', str(npz), '--faces', '1', '--json']) == 0
    figures = json.loads(capsys.readouterr().out)
    names = set(figures['conditions'])
    assert {'clean', 'rotation_-45', 'rotation_+15', 'eyes_hidden', 'mouth_hidden'} <= names
    assert {'32px', '24px', '16px'} <= names
    row = figures['conditions']['16px']
    assert {'accuracy', 'confidence', 'wrong_confident', 'abstained', 'accuracy_vouched'} <= set(
        row
    )
    assert figures['degraded']['n'] == len(names) - 1


def manifest_of(folder: Path, **changes: object) -> str:
    """Copy the shipped model, with other words in its manifest."""
    shipped = model_dir() / f'{PipelineConfig().expression_model}.yaml'
    entries = yaml.safe_load(shipped.read_text(encoding='utf-8'))
    content = (model_dir() / entries['file']).read_bytes()
    (folder / entries['file']).write_bytes(content)
    assert hashlib.sha256(content).hexdigest() == entries['sha256']
    path = folder / 'own.yaml'
    path.write_text(yaml.safe_dump({**entries, **changes}), encoding='utf-8')
    return str(path)


@pytest.mark.parametrize('kind', ['static', 'robustness'])
@pytest.mark.parametrize(
    ('changes', 'words'),
    [
        ({'labels': list(EMOTIONS[::-1])}, 'expected the labels'),
        ({'labels': list(EMOTIONS[:7])}, 'expected 7 classes, one a label, found 8'),
        ({'sha256': '0' * 64}, 'is corrupt or another file: expected sha256 000000000000'),
        ({'options': {'certainty': {'heat': {'fog': 1}}}}, 'expected weights of'),
    ],
)
def test_a_wrong_manifest_is_one_line(
    kind: str,
    changes: dict[str, object],
    words: str,
    npz: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    model = manifest_of(tmp_path, **changes)
    before = sorted(tmp_path.iterdir())
    assert main(['eval', kind, '--npz', str(npz), '--model', model, '--json']) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert words in err
    assert len(err.strip().splitlines()) == 1, err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ('arrays', 'words'),
    [
        ({'images': np.zeros((2, 48, 48), np.uint8)}, 'expected the arrays images and votes'),
        (
            {'images': np.zeros((2, 48, 40), np.uint8), 'votes': np.ones((2, 10), np.uint8)},
            'images: expected (N, S, S) uint8',
        ),
        (
            {'images': np.zeros((2, 48, 48), np.uint8), 'votes': np.zeros((2, 10), np.uint8)},
            'expected faces with votes for an emotion',
        ),
    ],
)
def test_a_bad_npz_is_one_line(
    arrays: dict[str, np.ndarray],
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.savez(tmp_path / 'bad.npz', **arrays)
    assert main(['eval', 'robustness', '--npz', str(tmp_path / 'bad.npz'), '--json']) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith(f'fer-ros eval: {tmp_path / "bad.npz"}: ')
    assert words in err
    assert len(err.strip().splitlines()) == 1, err


def test_strangers_are_not_labelled_with_confidence(
    npz: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ['eval', 'robustness', '--npz', str(npz), '--strangers', '--json']
    assert main(words) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == {'negative', 'shuffled', 'static'}
    assert figures['static']['n'] == 4
    assert figures['static']['found'] == figures['static']['vouched'] == 0.0
    for row in figures.values():
        assert row['confident'] <= row['vouched'] <= row['found']


def test_strangers_are_made_of_faces() -> None:
    image = np.arange(16, dtype=np.uint8).reshape(4, 4)
    rng = np.random.default_rng(0)
    made = {one.name: one.apply(image, np.empty((0, 3), np.float32), rng) for one in STRANGERS}
    assert made['negative'][0, 0] == 255
    assert made['shuffled'][0].tolist() == [10, 11, 8, 9]
    assert (made['static'] != image).any()
