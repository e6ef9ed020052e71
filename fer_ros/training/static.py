"""The whole run of the static model: data, fit, export, calibration, report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from rich.progress import track

from fer_ros.alignment import Landmarker
from fer_ros.errors import ConfigError
from fer_ros.evaluation.static import report
from fer_ros.inference.conversion.forms import write_quantised
from fer_ros.inference.engine import to_batch
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.recognition.static import StaticRecogniser
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.calibrate import temperature_of
from fer_ros.training.card import write_card
from fer_ros.training.certainty import LEAST_FACES, add_certainty
from fer_ros.training.data import (
    Split,
    crops,
    distilled,
    load_split,
    sharpened,
    teacher_answers,
)
from fer_ros.training.export import export, refer_to_int8, write_manifest
from fer_ros.training.fit import Paths, Run, fit, read_checkpoint
from fer_ros.training.mesh import mesh_answers
from fer_ros.training.net import ExpressionNet
from fer_ros.training.settings import StaticSettings, load_settings
from fer_ros.training.teachers import Teachers

CALIBRATION_FACES = 400


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """What is learned from, and what everything is chosen and measured on."""

    train: Split
    valid: Split


def train_static(
    data_dir: Path, config_path: Path, out_dir: Path, *, resume: bool, device: str
) -> Path:
    """Fit, select and calibrate on Valid, export; return the path of the manifest.

    :param data_dir: folder of ``ferplus_train.npz`` and ``ferplus_valid.npz``.
    :param out_dir: gets checkpoint, log, landmarks, ONNX file, manifest and figures.
    :param resume: go on from the checkpoint in ``out_dir``.
    :param device: ``cpu`` or ``cuda``.
    :raises ConfigError, DataError, ModelError: one line each.
    """
    settings = load_settings(config_path)
    run = Run(settings, _checked(device))
    paths = Paths(out_dir)
    if resume:
        run.load(paths.checkpoint)
    elif settings.start:
        run.refine(Path(settings.start))
    splits = load_splits(data_dir, out_dir, settings)
    train = learned_from(splits.train, settings, out_dir)
    if not resume:
        paths.log.unlink(missing_ok=True)
    fit(run, train, splits.valid, paths, watching_teachers(settings))
    return finish(settings, splits, paths)


def load_splits(data_dir: Path, out_dir: Path, settings: StaticSettings) -> Splits:
    """Read both splits; their landmarks are found once and kept in the output folder."""
    made(out_dir)
    landmarker = Landmarker(load_engine(settings.landmark_model, Task.FACE_LANDMARKS, Device.CPU))
    train, valid = (
        load_split(
            data_dir / name,
            landmarker,
            out_dir / f'landmarks_{Path(name).stem}.npz',
            settings.size_px,
            drop_single=settings.drop_single_votes,
        )
        for name in (settings.train, settings.valid)
    )
    return Splits(train, valid)


def learned_from(train: Split, settings: StaticSettings, out_dir: Path) -> Split:
    """Return the split with what its teachers say blended into what is to be learned."""
    answers = [(teacher_answers(train, load_teachers(settings)), settings.distil.share)]
    if settings.distil.mesh_share:
        cache = out_dir / f'mesh_{Path(settings.train).stem}.npz'
        answers.append((mesh_answers(train, cache, settings.fit.seed), settings.distil.mesh_share))
    return sharpened(distilled(train, answers), settings.sharpen)


def watching_teachers(settings: StaticSettings) -> Teachers | None:
    """Return the teachers that judge what the student sees, where the settings want some."""
    if not settings.distil.seen_share:
        return None
    return Teachers([one.engine for one in load_teachers(settings)], settings)


def load_teachers(settings: StaticSettings) -> list[StaticRecogniser]:
    """Load the models to learn from."""
    return [
        StaticRecogniser(load_engine(name, Task.STATIC_EXPRESSION, Device.CPU))
        for name in settings.distil.teachers
    ]


def finish(settings: StaticSettings, splits: Splits, paths: Paths) -> Path:
    """Export the best averaged weights of a checkpoint, calibrate them and write the figures."""
    valid = splits.valid
    net = ExpressionNet(settings.net, len(EMOTIONS))
    net.load_state_dict(read_checkpoint(paths.checkpoint)['best']['weights'])
    full, half = (paths.folder / f'{settings.id}{suffix}.onnx' for suffix in ('', '-fp16'))
    manifest_path = full.with_suffix('.yaml')
    export(net, settings, full, half=False)
    export(net, settings, half, half=True)
    write_manifest(manifest_path, full, settings, net, temperature=1.0)
    temperature = temperature_of(manifest_path, valid)
    for file in (full, half):
        write_manifest(file.with_suffix('.yaml'), file, settings, net, temperature)
        _doubt_hard_faces(file.with_suffix('.yaml'), settings, valid, paths)
    refer_to_int8(manifest_path, _quantised(manifest_path, splits.train, settings.size_px))
    recogniser = StaticRecogniser(OnnxRuntimeEngine(load_manifest(manifest_path)))
    figures = report(valid.faces, crops(valid, settings.size_px), recogniser)
    write_card(manifest_path.with_suffix('.md'), settings, figures)
    text = json.dumps(figures.to_dict(), indent=1)
    (paths.folder / f'{settings.id}.json').write_text(text + '\n', encoding='utf-8')
    return manifest_path


def _quantised(manifest_path: Path, train: Split, size_px: int) -> Path:
    """Write the int8 form, its ranges taken from faces that the net learned from."""
    rows = np.random.default_rng(0).permutation(len(train))[:CALIBRATION_FACES]
    faces = [cv2.cvtColor(face, cv2.COLOR_GRAY2RGB) for face in crops(train.take(rows), size_px)]
    batch = to_batch(faces, load_manifest(manifest_path).input)
    return write_quantised(manifest_path, batch, manifest_path.parent)


def _doubt_hard_faces(
    manifest_path: Path, settings: StaticSettings, valid: Split, paths: Paths
) -> None:
    """Fit how much less certain the model has to be of faces that are hard to read."""
    count = len(valid)
    if count < LEAST_FACES:
        return
    add_certainty(
        manifest_path,
        valid.faces,
        Landmarker(load_engine(settings.landmark_model, Task.FACE_LANDMARKS, Device.CPU)),
        cache=paths.folder / 'degraded_valid.npz',
        progress=lambda images: track(images, 'degrading faces', total=count),
    )


def made(out_dir: Path) -> None:
    """Make the output folder."""
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f'{out_dir}: expected a folder that can be written, found: {error.strerror}; '
            'choose another output folder'
        ) from None


def _checked(device: str) -> str:
    """Refuse a device that is not there."""
    if device == 'cpu' or (device == 'cuda' and torch.cuda.is_available()):
        return device
    raise ConfigError(
        f"device: expected cpu, or cuda where there is a GPU, found '{device}'; choose cpu"
    )
