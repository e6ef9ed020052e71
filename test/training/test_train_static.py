"""A whole run on faces that a machine draws: happy ones smile, sad ones do not."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch: the train extra')
onnx = pytest.importorskip('onnx', reason='export needs onnx: the train extra')

from fer_ros.errors import ConfigError, DataError, ModelError
from fer_ros.evaluation.ferplus import VotedFaces
from fer_ros.inference import factory
from fer_ros.inference.manifest import Task, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.recognition.static import StaticRecogniser
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.data import Split, distilled, teacher_answers
from fer_ros.training.fit import Run, judge, learning_rate, read_checkpoint
from fer_ros.training.settings import load_settings
from fer_ros.training.static import (
    learned_from,
    load_splits,
    load_teachers,
    train_static,
)

pytestmark = pytest.mark.torch

TINY = {
    'id': 'tiny',
    'net': {'stem': 8, 'widths': [8, 16], 'blocks': [1, 1], 'dropout': 0.0},
    'fit': {'epochs': 2, 'batch_size': 16, 'mixup': 0.5, 'ema': 0.9, 'bf16': False},
}


def drawn(smiles: bool, rng: np.random.Generator) -> np.ndarray:
    face = np.full((48, 48), int(rng.integers(90, 130)), np.uint8)
    for x in (16, 32):
        cv2.circle(face, (x, 18), 3, 20, -1)
    start, end = (20, 160) if smiles else (200, 340)
    cv2.ellipse(face, (24, 34 if smiles else 40), (10, 6), 0, start, end, 20, 2)
    return face


def write_split(path: Path, count: int) -> None:
    rng = np.random.default_rng(count)
    happy = np.arange(count) % 2 == 0
    votes = np.zeros((count, 10), np.uint8)
    votes[happy, EMOTIONS.index('happiness')] = 9
    votes[~happy, EMOTIONS.index('sadness')] = 8
    votes[:, 8] = 1
    np.savez(path, images=np.stack([drawn(row, rng) for row in happy]), votes=votes)


@pytest.fixture(scope='module')
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('data')
    write_split(folder / 'ferplus_train.npz', 64)
    write_split(folder / 'ferplus_valid.npz', 20)
    return folder


def config(folder: Path, **fit: object) -> Path:
    path = folder / 'tiny.yaml'
    path.write_text(yaml.safe_dump({**TINY, 'fit': {**TINY['fit'], **fit}}), encoding='utf-8')
    return path


@pytest.fixture(scope='module')
def trained(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('run')
    return train_static(data_dir, config(folder), folder, resume=False, device='cpu')


def test_a_run_leaves_a_model_that_the_run_time_loads(trained: Path) -> None:
    manifest = load_manifest(trained)
    recogniser = StaticRecogniser(OnnxRuntimeEngine(manifest))
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8)
    logits, embeddings = recogniser.logits(list(faces))
    assert logits.shape == (3, 8)
    assert embeddings.shape == (3, 16)
    assert manifest.labels == EMOTIONS
    assert manifest.options['template'] == 'ferplus'


def test_half_precision_answers_alike(trained: Path) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8)
    full, half = (
        StaticRecogniser(OnnxRuntimeEngine(load_manifest(trained.with_name(f'{name}.yaml'))))
        for name in ('tiny', 'tiny-fp16')
    )
    np.testing.assert_allclose(half.logits(list(faces))[0], full.logits(list(faces))[0], atol=0.05)


def test_the_run_time_takes_the_int8_form_where_it_is_faster(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = np.random.default_rng(0).integers(90, 130, (3, 48, 48, 3), np.uint8)
    answers = []
    for fast in (False, True):
        monkeypatch.setattr(factory, 'multiplies_bytes', lambda fast=fast: fast)
        engine = factory.load_engine(str(trained), Task.STATIC_EXPRESSION)
        assert engine.manifest.id == 'tiny'
        assert engine.backend.endswith('int8' if fast else 'fp32')
        answers.append(StaticRecogniser(engine).logits(list(faces))[0])
    np.testing.assert_allclose(answers[1], answers[0], atol=0.3)


def test_weights_are_stored_in_half_the_bytes(trained: Path) -> None:
    stored = onnx.load(str(trained.with_suffix('.onnx'))).graph.initializer
    kinds = {weight.data_type for weight in stored if len(weight.dims) > 2}
    assert kinds == {onnx.TensorProto.FLOAT16}


def test_a_student_learns_from_a_teacher_too(
    trained: Path, data_dir: Path, tmp_path: Path
) -> None:
    path = config(tmp_path)
    entries = yaml.safe_load(path.read_text(encoding='utf-8'))
    entries['distil'] = {'teachers': [str(trained)], 'share': 0.25}
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    settings = load_settings(path)
    train = load_splits(data_dir, tmp_path, settings).train
    answers = teacher_answers(train, load_teachers(settings))
    blended = distilled(train, [(answers, settings.distil.share)])
    np.testing.assert_allclose(blended.targets.sum(axis=1), 1, rtol=1e-5)
    # Three quarters of the votes' shares are left, and the rest is the teacher's.
    assert (blended.targets >= 0.75 * train.targets).all()
    assert (blended.targets != train.targets).any()
    assert train_static(data_dir, path, tmp_path, resume=False, device='cpu').is_file()


def test_the_mesh_teaches_too_and_is_asked_once(data_dir: Path, tmp_path: Path) -> None:
    path = config(tmp_path)
    entries = yaml.safe_load(path.read_text(encoding='utf-8'))
    entries['distil'] = {'share': 0.0, 'mesh_share': 0.5}
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    settings = load_settings(path)
    train = load_splits(data_dir, tmp_path, settings).train
    learned = learned_from(train, settings, tmp_path)
    np.testing.assert_allclose(learned.targets.sum(axis=1), 1, rtol=1e-4)
    assert (learned.targets >= 0.5 * train.targets - 1e-6).all()
    # Heads that have not seen these faces tell smiles from frowns by the mesh alone.
    answers = 2 * learned.targets - train.targets
    assert (answers.argmax(axis=1) == train.targets.argmax(axis=1)).mean() > 0.7
    cache = tmp_path / 'mesh_ferplus_train.npz'
    np.savez(cache, answers=np.zeros((3, 8), np.float32))
    with pytest.raises(DataError, match='delete this file'):
        learned_from(train, settings, tmp_path)


def test_the_log_has_a_line_an_epoch_and_the_figures_are_written(trained: Path) -> None:
    lines = [json.loads(line) for line in (trained.parent / 'log.jsonl').read_text().splitlines()]
    assert [line['epoch'] for line in lines] == [1, 2]
    figures = json.loads((trained.parent / 'tiny.json').read_text())
    assert figures['n'] == 20
    card = trained.with_suffix('.md').read_text(encoding='utf-8')
    assert f'| 20 | {figures["A8"]:.1f}%' in card
    assert 'widths:\n  - 8\n  - 16' in card


def test_the_same_seed_gives_the_same_weights(
    trained: Path, data_dir: Path, tmp_path: Path
) -> None:
    again = train_static(data_dir, config(tmp_path), tmp_path, resume=False, device='cpu')
    assert load_manifest(again).sha256 == load_manifest(trained).sha256


def test_a_resumed_run_ends_where_an_unbroken_one_does(
    trained: Path, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = Run.save

    def interrupted(run: Run, path: Path) -> None:
        saved(run, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, 'save', interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_static(data_dir, config(tmp_path), tmp_path, resume=False, device='cpu')
    monkeypatch.undo()
    resumed = train_static(data_dir, config(tmp_path), tmp_path, resume=True, device='cpu')
    assert load_manifest(resumed).sha256 == load_manifest(trained).sha256


def test_a_corrupt_checkpoint_is_one_line(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / 'checkpoint.pt').write_bytes(b'not a checkpoint')
    with pytest.raises(ModelError, match='expected a checkpoint') as caught:
        train_static(data_dir, config(tmp_path), tmp_path, resume=True, device='cpu')
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.glob('*.onnx'))


def test_a_checkpoint_of_other_settings_is_refused(
    trained: Path, data_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / 'checkpoint.pt').write_bytes((trained.parent / 'checkpoint.pt').read_bytes())
    with pytest.raises(ModelError, match='of these settings'):
        train_static(data_dir, config(tmp_path, seed=9), tmp_path, resume=True, device='cpu')


def test_the_best_weights_are_kept_and_not_the_last(trained: Path) -> None:
    state = read_checkpoint(trained.parent / 'checkpoint.pt')
    scores = [
        json.loads(line)['A8'] for line in (trained.parent / 'log.jsonl').read_text().splitlines()
    ]
    assert state['best']['A8'] == pytest.approx(max(scores), abs=1e-4)


def test_no_gpu_is_said_before_any_work(data_dir: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip('there is a GPU')
    with pytest.raises(ConfigError, match='expected cpu'):
        train_static(data_dir, config(tmp_path), tmp_path, resume=False, device='cuda')
    assert not (tmp_path / 'landmarks_ferplus_train.npz').exists()


def test_a_run_refines_the_best_weights_of_another(trained: Path, tmp_path: Path) -> None:
    settings = load_settings(config(tmp_path))
    run = Run(settings, 'cpu')
    checkpoint = trained.parent / 'checkpoint.pt'
    run.refine(checkpoint)
    best = read_checkpoint(checkpoint)['best']['weights']
    for weights in (run.net.state_dict(), run.average.state_dict()):
        assert all(torch.equal(weights[name], best[name]) for name in best)


def test_a_deeper_net_begins_with_the_answers_of_the_other(trained: Path, tmp_path: Path) -> None:
    path = config(tmp_path, frozen_stages=1)
    entries = yaml.safe_load(path.read_text(encoding='utf-8'))
    entries['net']['blocks'] = [2, 3]
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    checkpoint = trained.parent / 'checkpoint.pt'
    run = Run(load_settings(path), 'cpu')
    run.refine(checkpoint)
    shallow = Run(load_settings(config(tmp_path)), 'cpu')
    shallow.refine(checkpoint)
    faces = torch.rand(4, 1, 48, 48)
    for deep, other in ((run.net, shallow.net), (run.average, shallow.average)):
        with torch.inference_mode():
            torch.testing.assert_close(deep.eval()(faces)[0], other.eval()(faces)[0])
    # Stem and first stage stay; the rest is learned.
    stays = [not weight.requires_grad for weight in run.net.parameters()]
    assert any(stays)
    assert not all(stays)
    learned = {id(w) for group in run.optimiser.param_groups for w in group['params']}
    assert learned == {id(w) for w in run.net.parameters() if w.requires_grad}
    entries['net'] = {**entries['net'], 'blocks': [1, 1], 'widths': [8, 24]}
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    wider = Run(load_settings(path), 'cpu')
    with pytest.raises(ModelError, match='fewer blocks'):
        wider.refine(checkpoint)


def test_weights_of_another_net_are_refused_in_one_line(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / 'wide.yaml'
    path.write_text('{id: wide, net: {stem: 16}}', encoding='utf-8')
    with pytest.raises(ModelError, match='same stem and widths') as caught:
        Run(load_settings(path), 'cpu').refine(trained.parent / 'checkpoint.pt')
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    'write',
    [
        lambda path: path.write_bytes(b'not landmarks'),
        lambda path: np.savez(path, other=np.zeros(3)),
        lambda path: np.savez(path, landmarks=np.zeros((64, 478), np.float32)),
        lambda path: np.savez(path, landmarks=np.zeros((3, 478, 3), np.float32)),
    ],
)
def test_broken_landmarks_of_an_earlier_run_are_one_line(
    write: object, data_dir: Path, tmp_path: Path
) -> None:
    write(tmp_path / 'landmarks_ferplus_train.npz')
    with pytest.raises(DataError, match='delete this file') as caught:
        train_static(data_dir, config(tmp_path), tmp_path, resume=False, device='cpu')
    assert '\n' not in str(caught.value)


def test_a_split_that_nobody_could_read_is_named(data_dir: Path, tmp_path: Path) -> None:
    votes = np.zeros((4, 10), np.uint8)
    votes[:, 8] = 10
    np.savez(tmp_path / 'ferplus_train.npz', images=np.zeros((4, 48, 48), np.uint8), votes=votes)
    with pytest.raises(DataError, match=r'ferplus_train\.npz: expected faces with votes'):
        train_static(tmp_path, config(tmp_path), tmp_path / 'out', resume=False, device='cpu')


def test_a_batch_larger_than_the_data_is_refused(data_dir: Path, tmp_path: Path) -> None:
    path = config(tmp_path, batch_size=65)
    with pytest.raises(ConfigError, match='at most the 64 faces'):
        train_static(data_dir, path, tmp_path, resume=False, device='cpu')


def test_a_loss_that_runs_away_ends_the_run(data_dir: Path, tmp_path: Path) -> None:
    # So far from the mean that the first sums overflow.
    path = config(tmp_path)
    entries = {**yaml.safe_load(path.read_text(encoding='utf-8')), 'mean': -3e38, 'std': 0.01}
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    with pytest.raises(ModelError, match=r'epoch 1: expected a finite loss'):
        train_static(data_dir, path, tmp_path, resume=False, device='cpu')
    assert not list(tmp_path.glob('*.onnx'))
    assert not (tmp_path / 'checkpoint.pt').exists()


def test_an_output_folder_that_is_a_file_is_one_line(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / 'taken').write_text('', encoding='utf-8')
    with pytest.raises(ConfigError, match='choose another output folder'):
        train_static(data_dir, config(tmp_path), tmp_path / 'taken', resume=False, device='cpu')


def test_missing_data_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'ferplus_train.npz: expected an npz'):
        train_static(tmp_path, config(tmp_path), tmp_path, resume=False, device='cpu')


@pytest.mark.parametrize(
    ('entries', 'text'),
    [
        ({'id': 'x', 'fit': {'epocs': 3}}, r'found fit\.epocs'),
        ({'id': 'x', 'fit': {'epochs': 'many'}}, r"fit\.epochs: expected int, found 'many'"),
        ({'id': 'x', 'net': [1]}, r'net\.: expected a mapping'),
        ({}, 'id'),
        ({'id': 'x', 'fit': {'batch_size': 0}}, r'fit\.batch_size: expected 1 or more, found 0'),
        ({'id': 'x', 'fit': {'learning_rate': float('nan')}}, r'fit\.learning_rate: .*found nan'),
        ({'id': 'x', 'fit': {'mixup': 1.5}}, r'fit\.mixup: expected 0\.0 \.\. 1\.0, found 1\.5'),
        ({'id': 'x', 'std': 0.0}, r'std: expected'),
        ({'id': 'x', 'net': {'widths': ['a']}}, r'net\.widths: expected a list of int'),
        ({'id': 'x', 'net': {'widths': [8, 16], 'blocks': [1]}}, 'as many widths as blocks'),
        ({'id': 'x', 'augment': {'blur': 2.0}}, r'augment\.blur: expected'),
        ({'id': 'x', 'distil': {'share': -0.1}}, r'distil\.share: expected'),
    ],
)
def test_a_wrong_setting_is_named(entries: dict, text: str, tmp_path: Path) -> None:
    path = tmp_path / 'run.yaml'
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    with pytest.raises(ConfigError, match=text):
        load_settings(path)


def test_the_learning_rate_rises_and_falls(tmp_path: Path) -> None:
    settings = load_settings(config(tmp_path, epochs=11, learning_rate=0.2, warmup_epochs=1.0))
    assert learning_rate(settings, 0, 10) == pytest.approx(0.02)
    assert learning_rate(settings, 10, 10) == pytest.approx(0.2)
    assert learning_rate(settings, 60, 10) == pytest.approx(0.1)
    assert learning_rate(settings, 110, 10) == pytest.approx(0.0)


class TwoColumns(torch.nn.Module):
    """Neutral is the first column of the first row, happiness three times the last."""

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = torch.zeros(len(images), len(EMOTIONS))
        logits[:, 0], logits[:, 1] = images[:, 0, 0, 0], 3 * images[:, 0, 0, -1]
        return logits, logits


def test_epochs_are_judged_with_second_looks_at_torn_faces_alone(tmp_path: Path) -> None:
    path = tmp_path / 'judge.yaml'
    path.write_text(yaml.safe_dump({**TINY, 'mean': 0.0, 'std': 100.0}), encoding='utf-8')
    run = Run(load_settings(path), 'cpu')
    run.average = TwoColumns()
    faces = np.zeros((2, 48, 48), np.uint8)
    # .3 to .15: torn. Its mirror image says .05 to .9, so that happiness leads by .525 to .175.
    faces[0, 0, 0], faces[0, 0, -1] = 30, 5
    # 2.55 to 0 gives neutral 0.65: sure, though the mirror image would say 0 to 7.65.
    faces[1, 0, 0] = 255
    votes = np.zeros((2, 10), np.uint8)
    votes[0, 1] = votes[1, 0] = 10
    split = Split(
        VotedFaces(faces, votes),
        np.zeros((2, 0, 3), np.float32),
        np.zeros((2, 2, 3)),
        (votes[:, :8] / 10).astype(np.float32),
    )
    assert judge(run, split, faces)['A8'] == 1.0
