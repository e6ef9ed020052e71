"""A whole fit on made clips, and a whole run on a few real faces."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip('torch', reason='training needs torch: the train extra')
pytest.importorskip('onnx', reason='export needs onnx: the train extra')

from fer_ros.errors import ConfigError
from fer_ros.evaluation.compositions import Composition
from fer_ros.evaluation.courses import draw_course
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.recognition.temporal_model import TemporalModel
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.fit_temporal import fit_temporal
from fer_ros.training.sequences import FEATURES, batch_of, sequence_of
from fer_ros.training.temporal import train_temporal
from fer_ros.training.temporal_net import TemporalNet, TemporalNetConfig
from fer_ros.training.temporal_settings import (
    ClipsConfig,
    TemporalFitConfig,
    TemporalSettings,
    load_temporal_settings,
)

pytestmark = pytest.mark.torch

STEP_NS = 40_000_000
TINY = TemporalSettings(
    'tiny',
    net=TemporalNetConfig(8),
    clips=ClipsConfig(count=6, held=0.0, cut=0.0),
    fit=TemporalFitConfig(epochs=6, batch_size=8, learning_rate=0.02),
)


def made(seed: int) -> Composition:
    """Return a clip in which the static model is right, a little unsure."""
    rng = np.random.default_rng(seed)
    course = draw_course(1, rng)
    stamps = tuple(range(0, round(course.length_s * 1e9), 33_333_333))
    shown = course.strength(np.array(stamps) / 1e9)
    shares = np.full((len(stamps), len(EMOTIONS)), 0.02, np.float32)
    shares[:, 1] += (0.84 * shown).astype(np.float32)
    shares[:, 0] += (0.84 * (1 - shown)).astype(np.float32)
    return Composition(course, stamps, shares, np.ones(len(stamps)))


def test_a_clip_on_the_grid() -> None:
    clip = made(3)
    steps = sequence_of(clip, STEP_NS)
    assert len(steps.features) == clip.stamps_ns[-1] // STEP_NS + 1
    assert steps.targets.sum(axis=1) == pytest.approx(1.0)
    gap = replace(
        clip,
        stamps_ns=(0, 33_333_333, 200_000_000),
        probabilities=clip.probabilities[:3],
        quality=clip.quality[:3],
    )
    # Frames in steps 0, 0 and 5.
    assert sequence_of(gap, STEP_NS).features[:, -1].tolist() == [1, 0, 0, 0, 0, 1]


def test_batches_join_clips_two_by_two() -> None:
    rows = [sequence_of(made(seed), STEP_NS) for seed in range(4)]
    batch = batch_of(rows, ClipsConfig(held=0.0, cut=0.0), np.random.default_rng(0))
    lengths = [len(rows[0].known) + len(rows[1].known), len(rows[2].known) + len(rows[3].known)]
    assert batch.features.shape == (2, max(lengths), FEATURES)
    assert batch.known.sum(axis=1).tolist() == lengths
    held = batch_of(rows, ClipsConfig(held=1.0, cut=0.0), np.random.default_rng(0))
    assert held.known.sum() > sum(lengths)
    assert np.isfinite(held.features).all()
    cut = batch_of(rows, ClipsConfig(held=0.0, cut=1.0), np.random.default_rng(0))
    assert cut.known.sum() < sum(lengths)
    # A track begins with a frame.
    assert (cut.features[:, 0, -1] == 1).all()


def test_one_step_is_that_of_the_unit() -> None:
    net = TemporalNet(TemporalNetConfig(5), 8, FEATURES).eval()
    sequence = torch.randn(2, 4, FEATURES)
    with torch.inference_mode():
        wanted, strength = net.unrolled(sequence)
        state = torch.zeros(2, 5)
        for features in sequence.unbind(1):
            logits, intensity, state = net(torch.cat([features, state], 1)[:, None, None])
    torch.testing.assert_close(logits, wanted[:, -1])
    torch.testing.assert_close(intensity[:, 0], torch.sigmoid(strength[:, -1]))


def test_a_fit_learns(tmp_path: Path) -> None:
    clips = [sequence_of(made(seed), STEP_NS) for seed in range(40)]
    fit_temporal(clips, TINY, tmp_path / 'log.jsonl')
    rows = [json.loads(line) for line in (tmp_path / 'log.jsonl').read_text().splitlines()]
    assert len(rows) == 6
    assert rows[-1]['loss'] < 0.8 * rows[0]['loss']


@pytest.mark.data
def test_a_run_leaves_a_model_that_the_run_time_loads(tmp_path: Path, media: Path) -> None:
    settings = {
        'id': 'tiny',
        'train': 'ferplus_valid.npz',
        'net': {'state': 4},
        'clips': {'count': 4, 'held': 0.0},
        'fit': {'epochs': 1, 'batch_size': 2},
    }
    config = tmp_path / 'tiny.yaml'
    config.write_text(yaml.safe_dump(settings), encoding='utf-8')
    out = tmp_path / 'out'
    manifest_path = train_temporal(media.parent / 'ferplus', config, out, measured=4)
    TemporalModel(OnnxRuntimeEngine(load_manifest(manifest_path)))
    assert json.loads((out / 'tiny.json').read_text())['clips'] == 4
    assert '| model |' in (out / 'tiny.md').read_text()


def test_the_shipped_settings_can_be_read() -> None:
    root = Path(__file__).resolve().parents[2]
    settings = load_temporal_settings(root / 'models' / 'training' / 'temporal.yaml')
    assert settings.id == 'fer-temporal-r2'


@pytest.mark.parametrize(
    ('entries', 'words'),
    [
        ({'id': 'x', 'step_ms': 1}, 'step_ms: expected'),
        ({'id': 'x', 'clips': {'sparse': 2.0}}, 'clips.sparse: expected'),
        ({'id': 'x', 'nets': {}}, 'found nets'),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, entries: dict[str, object], words: str) -> None:
    path = tmp_path / 'wrong.yaml'
    path.write_text(yaml.safe_dump(entries), encoding='utf-8')
    with pytest.raises(ConfigError, match=words):
        load_temporal_settings(path)
