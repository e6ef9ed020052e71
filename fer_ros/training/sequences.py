"""Composed clips as what the net reads and what it has to say, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_ros.evaluation.compositions import Composition
from fer_ros.recognition.resample import FEATURES_BESIDE, Step, grid, observed, unseen
from fer_ros.taxonomy import EMOTIONS
from fer_ros.training.temporal_settings import ClipsConfig
from fer_ros.types import Float32

CLASSES = len(EMOTIONS)
NS_PER_S = 1_000_000_000
_SHOWS = (0.25, 0.55)  # strength at which an expression begins to count, and counts in full
_ALIKE, _NEAR, _LONG = 0.02, 25, 400  # of steps that stand still: strength, place, how many
_FLOOR = np.float32(np.log(1e-4))


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """One clip on the grid of time.

    :param features: (T, K + 2).
    :param targets: (T, K) distributions.
    :param strength: (T,) true intensity.
    :param known: (T,) whether the step counts in the loss: from its first frame on.
    """

    features: Float32
    targets: Float32
    strength: Float32
    known: NDArray[np.bool_]


def sequence_of(clip: Composition, step_ns: int) -> Steps:
    """Put one clip on the grid as the run time does."""
    steps: dict[int, Step] = {}
    indices = grid(clip.stamps_ns, step_ns)
    last_ns: dict[int, int] = {}
    for index, stamp_ns, shares, weight in zip(
        indices, clip.stamps_ns, clip.probabilities, clip.quality.tolist()
    ):
        step = observed(shares, weight, index)
        steps[index] = steps[index].joined(step) if index in steps else step
        last_ns[index] = stamp_ns
    length = indices[-1] + 1
    nothing = unseen(CLASSES)
    features = np.stack([steps[i].features if i in steps else nothing for i in range(length)])
    ends_ns = [last_ns.get(i, clip.stamps_ns[0] + (i + 1) * step_ns) for i in range(length)]
    strength = clip.course.strength(np.asarray(ends_ns, np.float64) / NS_PER_S)
    shown = np.clip((strength - _SHOWS[0]) / (_SHOWS[1] - _SHOWS[0]), 0.0, 1.0)
    targets = np.zeros((length, CLASSES), np.float32)
    targets[:, 0] = 1.0 - shown
    targets[:, clip.course.label] += shown
    return Steps(features, targets, strength.astype(np.float32), np.ones(length, np.bool_))


def batch_of(sequences: Sequence[Steps], config: ClipsConfig, rng: np.random.Generator) -> Steps:
    """Join clips two by two, disturb each anew and pad: arrays of (N, T, ...)."""
    holds = rng.random() < config.held
    shown = [_cut(clip, rng) if rng.random() < config.cut else clip for clip in sequences]
    shown = [_disturbed(_held(clip, rng) if holds else clip, config, rng) for clip in shown]
    pairs = [_joined(one, other) for one, other in zip(shown[::2], shown[1::2])]
    length = max(len(pair.features) for pair in pairs)
    return Steps(
        np.stack([_padded(pair.features, length) for pair in pairs]),
        np.stack([_padded(pair.targets, length) for pair in pairs]),
        np.stack([_padded(pair.strength, length) for pair in pairs]),
        np.stack([_padded(pair.known, length) for pair in pairs]),
    )


def _disturbed(clip: Steps, config: ClipsConfig, rng: np.random.Generator) -> Steps:
    """See the clip through another static model's eyes, and lose some of its frames."""
    features = clip.features.copy()
    seen = features[:, -1] > 0
    logits = features[:, :CLASSES] * np.exp(rng.normal(0.0, config.sharpness))
    logits = logits + rng.normal(0.0, config.doubt, CLASSES)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    features[:, :CLASSES] = np.maximum(logits, _FLOOR)
    lost = rng.random(len(seen)) < rng.uniform(0.0, config.sparse)
    lost[0] = False
    features[lost | ~seen] = unseen(CLASSES)
    return Steps(features, clip.targets, clip.strength, clip.known)


def _cut(clip: Steps, rng: np.random.Generator) -> Steps:
    """Let a clip begin with any of its frames: people come into view smiling."""
    seen = np.flatnonzero(clip.features[:, -1] > 0)
    return _picked(clip, np.arange(int(rng.choice(seen)), len(clip.known)))


def _held(clip: Steps, rng: np.random.Generator) -> Steps:
    """Let a clip stand still for long: its frames near one moment come again in any order."""
    near = np.flatnonzero(np.abs(clip.strength - rng.choice(clip.strength)) < _ALIKE)
    start = int(rng.choice(near))
    near = near[np.abs(near - start) < _NEAR]
    rows = np.concatenate(
        [
            np.arange(start),
            rng.choice(near, int(rng.integers(1, _LONG))),
            np.arange(start, len(clip.known)),
        ]
    )
    return _picked(clip, rows)


def _picked(clip: Steps, rows: NDArray[np.int64]) -> Steps:
    return Steps(clip.features[rows], clip.targets[rows], clip.strength[rows], clip.known[rows])


def _joined(one: Steps, other: Steps) -> Steps:
    return Steps(
        np.concatenate([one.features, other.features]),
        np.concatenate([one.targets, other.targets]),
        np.concatenate([one.strength, other.strength]),
        np.concatenate([one.known, other.known]),
    )


def _padded(rows: NDArray[np.generic], length: int) -> NDArray[np.generic]:
    """Append zeros (False) up to a length."""
    return np.pad(rows, [(0, length - len(rows)), *[(0, 0)] * (rows.ndim - 1)])


FEATURES = CLASSES + FEATURES_BESIDE
