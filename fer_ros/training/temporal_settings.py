"""What a run of the temporal model is told: one YAML file, read into dataclasses."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fer_ros.training.settings import read_settings, within
from fer_ros.training.temporal_net import TemporalNetConfig


@dataclass(frozen=True, slots=True)
class ClipsConfig:
    """Which clips are composed, and what each epoch does to them.

    :param count: of training clips.
    :param doubt: deviation of a static model's bias in a class, in logits, one draw a clip.
    :param sharpness: deviation of the logarithm of its temperature, one draw a clip.
    :param sparse: at most this share of a clip's steps loses its frames: lower rates, gaps.
    :param held: share of batches whose clips stand still for up to 16 s.
    :param cut: share of clips that begin anywhere: people come into view smiling.
    """

    count: int = 1600
    seed: int = 1
    doubt: float = 0.4
    sharpness: float = 0.2
    sparse: float = 0.5
    held: float = 0.25
    cut: float = 0.3

    def __post_init__(self) -> None:
        """Check the ranges."""
        within('clips.count', self.count, 2)
        within('clips.seed', self.seed, 0, 2**63 - 1)
        for name in ('doubt', 'sharpness'):
            within(f'clips.{name}', getattr(self, name), 0.0, 10.0)
        within('clips.sparse', self.sparse, 0.0, 1.0)
        for name in ('held', 'cut'):
            within(f'clips.{name}', getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class TemporalFitConfig:
    """How the weights are found.

    :param intensity: weight of the intensity's loss beside that of the labels.
    :param steadiness: weight of what the distribution changes while the truth does not.
    :param ema: decay a step of the averaged weights, which are those that are kept.
    """

    epochs: int = 60
    batch_size: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 1e-3
    intensity: float = 1.0
    steadiness: float = 1.0
    ema: float = 0.99
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ('epochs', 'batch_size', 'threads'):
            within(f'fit.{name}', getattr(self, name), 1)
        within('fit.seed', self.seed, 0, 2**63 - 1)
        within('fit.learning_rate', self.learning_rate, 1e-6, 1.0)
        for name in ('weight_decay', 'intensity', 'steadiness'):
            within(f'fit.{name}', getattr(self, name), 0.0)
        within('fit.ema', self.ema, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class TemporalSettings:
    """A run of the temporal model.

    :param id: of the model; names its files.
    :param static_model: whose answers it learns to follow; '' is the shipped one.
    :param step_ms: of the grid of time that it steps on.
    :param max_gap_ms: without a frame for longer, it starts anew.
    """

    id: str
    static_model: str = ''
    landmark_model: str = 'facemesh-478'
    train: str = 'ferplus_train.npz'
    valid: str = 'ferplus_valid.npz'
    step_ms: int = 40
    max_gap_ms: int = 1000
    net: TemporalNetConfig = field(default_factory=TemporalNetConfig)
    clips: ClipsConfig = field(default_factory=ClipsConfig)
    fit: TemporalFitConfig = field(default_factory=TemporalFitConfig)

    def __post_init__(self) -> None:
        """Check the steps and the net."""
        within('step_ms', self.step_ms, 5, 200)
        within('max_gap_ms', self.max_gap_ms, self.step_ms, 10_000)
        within('net.state', self.net.state, 1, 1024)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def load_temporal_settings(path: Path) -> TemporalSettings:
    """Read a run's YAML; what it leaves out keeps its default.

    :raises ConfigError: an unknown entry, or one of another type, by name.
    """
    groups = {'net': TemporalNetConfig, 'clips': ClipsConfig, 'fit': TemporalFitConfig}
    return read_settings(path, TemporalSettings, groups)
