"""A person's own neutral face, learned while the robot looks at them.

A running mean that begins at the population's neutral and is drawn towards what this person shows
when they seem at rest, as a conjugate prior would be (a few seconds of evidence outweigh it). It
is robust (one frame moves it by little, whatever it shows), bounded (somebody who smiles all the
time never becomes neutral) and forgets slowly (evidence is capped, so that it follows a changed
light or beard). Numbers per face: one mean per value, and the evidence so far.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fer_ros.errors import ConfigError, DataError
from fer_ros.types import Float64

NS_PER_S = 1_000_000_000
_MAX_STEP_S = 0.2  # a frame after a gap tells no more than this much time would


@dataclass(frozen=True, slots=True)
class NeutralConfig:
    """How fast a person's neutral is learned.

    :param prior_s: seconds at rest that weigh as much as the population.
    :param horizon_s: seconds at rest beyond which the oldest are forgotten.
    :param bound_std: how far the mean may go, in standard deviations of neutral people.
    :param step_std: the most that one frame's distance counts, in the same.
    """

    prior_s: float = 2.0
    horizon_s: float = 60.0
    bound_std: float = 2.5
    step_std: float = 2.0

    def __post_init__(self) -> None:
        """Check that all are positive."""
        for name in ('prior_s', 'horizon_s', 'bound_std', 'step_std'):
            value = getattr(self, name)
            if not 0.0 < value < 1e6:
                raise ConfigError(f'{name}: expected a positive number, found {value!r}')


@dataclass(slots=True, eq=False)
class _Memory:
    mean: Float64
    evidence_s: float
    stamp_ns: int


class PersonNeutral:
    """The resting value of some measurements, per face."""

    def __init__(self, mean: Float64, std: Float64, config: NeutralConfig | None = None) -> None:
        """Take the population's neutral.

        :param mean, std: (K,) of neutral people, one of each.
        """
        if mean.shape != std.shape or mean.ndim != 1 or not (std > 0).all():
            raise DataError(
                f'neutral: expected (K,) means and positive deviations, found {mean.shape} and '
                f'{std.shape}; fit them again'
            )
        self._mean, self._std = mean, std
        self._config = config or NeutralConfig()
        self._step = self._config.step_std * std
        bound = self._config.bound_std * std
        self._bounds = mean - bound, mean + bound
        self._memories: dict[str, _Memory] = {}

    def update(
        self, face_id: str, values: Float64, *, rest: float, stamp_ns: int
    ) -> tuple[Float64, Float64]:
        """Take one frame and return the person's neutral and how uncertain it is, both (K,).

        :param values: (K,) measurements; a frame with one that is not finite teaches nothing.
        :param rest: 0..1, how much the face seems at rest in this frame.
        """
        memory = self._memories.get(face_id)
        if memory is None:
            memory = self._memories[face_id] = _Memory(self._mean.copy(), 0.0, stamp_ns)
        elapsed_s = (stamp_ns - memory.stamp_ns) / NS_PER_S
        memory.stamp_ns = stamp_ns
        if np.isfinite(values).all() and elapsed_s > 0:
            self._learn(memory, values, rest * min(elapsed_s, _MAX_STEP_S))
        prior_s = self._config.prior_s
        return memory.mean.copy(), self._std * (prior_s / (prior_s + memory.evidence_s)) ** 0.5

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left."""
        for face_id in face_ids:
            self._memories.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face."""
        self._memories.clear()

    def _learn(self, memory: _Memory, values: Float64, weight_s: float) -> None:
        """Draw the mean towards the values."""
        config = self._config
        gain = weight_s / (config.prior_s + memory.evidence_s + weight_s)
        step = np.minimum(np.maximum(values - memory.mean, -self._step), self._step)
        step *= gain
        memory.mean += step
        low, high = self._bounds
        np.maximum(memory.mean, low, out=memory.mean)
        np.minimum(memory.mean, high, out=memory.mean)
        memory.evidence_s = min(memory.evidence_s + weight_s, config.horizon_s)
