"""The shipped model on real faces, through the rooms that the pipeline uses."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from fer_ros.alignment import Landmarker
from fer_ros.evaluation.ferplus import load_faces
from fer_ros.evaluation.static import evaluate_static
from fer_ros.evaluation.stills import locate_stills
from fer_ros.inference.manifest import Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest
from fer_ros.recognition.static import StaticRecogniser

CHECKOUT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get('FER_ROS_DATA', CHECKOUT.parent / 'shared' / 'data'))
VALID = DATA / 'ferplus' / 'ferplus_valid.npz'

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not VALID.is_file(), reason=f'needs {VALID}: set FER_ROS_DATA'),
]


@pytest.fixture(scope='module')
def landmarker() -> Landmarker:
    manifest = find_manifest('facemesh-478', Task.FACE_LANDMARKS)
    return Landmarker(OnnxRuntimeEngine(manifest))


@pytest.fixture(scope='module')
def some_faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every sixth face: a minute less, and a standard error of 1.5 points."""
    faces = load_faces(VALID)
    path = tmp_path_factory.mktemp('valid') / 'some.npz'
    np.savez(path, images=faces.images[::6], votes=faces.votes[::6])
    return path


def test_nearly_all_faces_are_found(landmarker: Landmarker) -> None:
    faces = load_faces(VALID)
    landmarks = locate_stills(faces.images[::12], landmarker)
    assert np.isfinite(landmarks).all(axis=(1, 2)).mean() > 0.93


def test_the_shipped_model_keeps_what_its_card_says(
    some_faces: Path, landmarker: Landmarker
) -> None:
    manifest = find_manifest('fer-static-r4', Task.STATIC_EXPRESSION)
    recogniser = StaticRecogniser(OnnxRuntimeEngine(manifest))
    figures = evaluate_static(some_faces, recogniser, landmarker)
    assert figures.A8 > 0.81
    assert figures.B8 > 0.84
    assert figures.UAR_A7 > 0.58  # a handful of faces in each rare class
    assert figures.ECE < 0.08  # .02 on all; halves of 300 faces in 15 bins scatter by .05
    assert figures.params is not None
    assert figures.params < 5e6
