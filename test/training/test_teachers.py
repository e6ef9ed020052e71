"""What teachers say of the images that a student sees."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch: the train extra')

from test_train_static import write_split

from fer_ros.errors import ConfigError
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task
from fer_ros.recognition.static import StaticRecogniser, softmax
from fer_ros.training import fit
from fer_ros.training.net import NetConfig
from fer_ros.training.settings import DistilConfig, FitConfig, StaticSettings
from fer_ros.training.static import load_splits, watching_teachers
from fer_ros.training.teachers import Teachers

pytestmark = pytest.mark.torch

MODEL = 'fer-static-r4'


@pytest.fixture(scope='module')
def recogniser() -> StaticRecogniser:
    engine = load_engine(MODEL, Task.STATIC_EXPRESSION, Device.CPU)
    return StaticRecogniser(engine, mirror_below=0.0)


def settings(**distil: object) -> StaticSettings:
    net = NetConfig(stem=8, widths=(8, 16), blocks=(1, 1), dropout=0.0)
    learned = FitConfig(epochs=1, batch_size=16, bf16=False)
    student = StaticSettings('student', mean=100.0, std=50.0, net=net, fit=learned)
    return replace(student, distil=DistilConfig(teachers=(MODEL, MODEL), **distil))


def test_every_teacher_reads_in_its_own_scale_and_every_second_one_a_mirror_image(
    recogniser: StaticRecogniser,
) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48), np.uint8)
    engine, student = recogniser.engine, settings()
    seen = Teachers([engine, engine], student).answers(
        ((faces.astype(np.float32) - student.mean) / student.std)[:, None]
    )
    colours = [np.repeat(face[..., None], 3, axis=2) for face in faces]
    mirrored = [np.ascontiguousarray(face[:, ::-1]) for face in colours]
    told = [softmax(recogniser.logits(crops)[0]) for crops in (colours, mirrored)]
    # Where the net runs in int8 a pixel's last bit may round to the next step.
    np.testing.assert_allclose(seen, np.mean(told, axis=0), atol=0.02)
    assert np.abs(told[0] - told[1]).max() > 0.05


def test_the_student_learns_what_is_said_of_the_very_images_that_it_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('ferplus_train', 'ferplus_valid'):
        write_split(tmp_path / f'{name}.npz', 32)
    wanted = settings(seen_share=0.75)
    splits = load_splits(tmp_path, tmp_path / 'out', wanted)
    teachers = watching_teachers(wanted)
    assert teachers is not None
    steps: list[tuple[np.ndarray, np.ndarray]] = []

    def step(run: fit.Run, images: object, targets: object) -> float:
        steps.append((images.numpy(), targets.numpy()))
        return 0.0

    monkeypatch.setattr(fit, '_step', step)
    fit.fit(
        fit.Run(wanted, 'cpu'), splits.train, splits.valid, fit.Paths(tmp_path / 'out'), teachers
    )
    assert len(steps) == 2
    for images, targets in steps:
        of_votes = (targets - 0.75 * teachers.answers(images)) / 0.25
        np.testing.assert_allclose(of_votes.sum(axis=1), 1, rtol=1e-3)
        assert of_votes.min() > -1e-3


def test_without_a_share_nobody_is_asked() -> None:
    assert watching_teachers(settings()) is None


def test_what_can_not_be_asked_is_refused(recogniser: StaticRecogniser) -> None:
    with pytest.raises(ConfigError, match='seen_share: expected teachers, found none'):
        DistilConfig(seen_share=0.5)
    with pytest.raises(ConfigError, match=r'expected nets that read \(1, 64, 64\), found'):
        Teachers([recogniser.engine], replace(settings(), size_px=64))
