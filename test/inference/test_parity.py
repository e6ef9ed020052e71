from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from fer_ros.errors import ConfigError, ModelError
from fer_ros.inference import parity
from fer_ros.inference.manifest import Manifest, Task, Tolerance, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.parity import Parity
from fer_ros.inference.store import find_manifest, model_dir, shipped


def shipped_manifest(name: str) -> Manifest:
    return load_manifest(model_dir() / f'{name}.yaml')


def test_landmarks_are_compared_where_there_is_a_face() -> None:
    manifest = shipped_manifest('facemesh-478')
    points = np.zeros((2, 478, 3), np.float32)
    moved = points.copy()
    moved[0, 7] = (0.3, 0.4, 99.0)  # depth does not count
    moved[1, :] = 50.0
    presence = np.array([[0.9], [0.1]], np.float32)
    found = parity.compare(manifest, (points, presence), (moved, presence - 0.01))
    assert found.landmark_px == pytest.approx(0.5)
    assert found.score == pytest.approx(0.01)
    assert found.probability is None


def test_boxes_are_compared_where_there_is_a_face() -> None:
    manifest = shipped_manifest('blazeface-short')
    boxes = np.zeros((1, 896, 16), np.float32)
    logits = np.full((1, 896), -20.0, np.float32)
    logits[0, 5] = 3.0
    others = boxes.copy()
    others[0, 5, :4] = (0.25, 0.0, 0.5, 0.0)  # the right edge moves by 0.25 + 0.5 / 2
    others[0, 6] = 77.0
    found = parity.compare(manifest, (boxes, logits), (others, logits))
    assert found.box_px == pytest.approx(0.5)
    assert found.score == 0.0


def test_classes_are_compared_as_calibrated_probabilities() -> None:
    manifest = shipped_manifest(shipped(Task.STATIC_EXPRESSION)[0])
    width = len(manifest.labels)
    logits = np.zeros((2, width), np.float32)
    logits[:, 0] = 1.0
    others = logits.copy()
    others[1, 1] = 2.0
    found = parity.compare(manifest, (logits,), (others,))
    assert found.label_agreement == 0.5
    rest, first = width - 1, math.exp(1 / manifest.temperature)
    second = math.exp(2 / manifest.temperature)
    wanted = second / (first + second + rest - 1) - 1 / (first + rest)
    assert found.probability == pytest.approx(wanted, abs=1e-5)


def test_what_is_beyond_the_tolerance_is_named() -> None:
    tolerance = Tolerance()
    assert Parity(landmark_px=0.5, score=0.0).excess(tolerance) == ''
    assert Parity(landmark_px=0.6).excess(tolerance) == (
        'landmark_px differs by 0.6, tolerance 0.5'
    )
    assert Parity(label_agreement=0.994).excess(tolerance) == (
        'labels agree in 99.40%, tolerance 99.50%'
    )
    assert 'nan' in Parity(probability=math.nan).excess(tolerance)


def test_other_shapes_are_refused() -> None:
    manifest = shipped_manifest('facemesh-478')
    points, presence = np.zeros((2, 478, 3), np.float32), np.ones((2, 1), np.float32)
    with pytest.raises(ModelError, match='expected landmarks of'):
        parity.compare(manifest, (points, presence), (points[:1], presence))


@pytest.mark.parametrize('name', ['blazeface-full', 'blazeface-short', 'facemesh-478'])
def test_the_stored_face_is_a_face(name: str) -> None:
    manifest = shipped_manifest(name)
    outputs = OnnxRuntimeEngine(manifest).run(parity.stored_batch(manifest))
    if manifest.task is Task.FACE_LANDMARKS:
        assert outputs[1][0] > 0.9
    else:
        assert outputs[1].max(axis=1)[:2].min() > 1.0  # sigmoid of 1: 0.73


class Spoilt(OnnxRuntimeEngine):
    """Answers a little wrong."""

    def run(self, batch, **others):
        points, presence = super().run(batch)
        return points + np.float32(0.9), presence


def test_an_engine_that_says_something_else_is_refused() -> None:
    manifest = find_manifest('facemesh-468', Task.FACE_LANDMARKS)
    reference = OnnxRuntimeEngine(manifest)
    assert parity.check(OnnxRuntimeEngine(manifest), reference).landmark_px == 0.0
    with pytest.raises(ModelError, match='is not what onnxruntime-cpu fp32 is: landmark_px'):
        parity.check(Spoilt(manifest), reference)


def test_tolerances_are_checked() -> None:
    with pytest.raises(ConfigError, match=r'tolerance\.score: expected 0 or more'):
        Tolerance(score=-1.0)
    with pytest.raises(ConfigError, match=r'tolerance\.label_agreement: expected a share'):
        Tolerance(label_agreement=99.5)


def test_the_stored_face_can_not_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parity, 'model_dir', lambda: tmp_path)
    with pytest.raises(ModelError, match='not readable; install the package again'):
        parity.stored_batch(shipped_manifest('facemesh-478'))
