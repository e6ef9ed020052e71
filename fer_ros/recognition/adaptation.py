"""Small, bounded corrections for a person's resting face and for what is usual in a room.

Both are off by default, learn from nothing but the recogniser's own answers, move no log
probability by more than ``max_shift``, and are forgotten when they are switched off.

*Person*: some people's faces look sad or angry at rest. While a face seems at rest, what it shows
beyond what neutral people show on average is learned and taken off from then on. One way only: a
face that is clearer than the average is left alone, so that no emotion is made of nothing.

*Room*: where most people smile, a torn answer is more likely a smile. How often each emotion
occurs here is estimated by expectation maximisation from the answers (Saerens et al. 2002,
"Adjusting the outputs of a classifier to new a priori probabilities"), beside a number of seconds
for which the training's own shares count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fer_ros.errors import ConfigError
from fer_ros.recognition.circumplex import circumplex_of, valence_arousal
from fer_ros.types import Expression, Float32, Float64

NS_PER_S = 1_000_000_000
FLOOR = 0.001  # probabilities below are noise to what is learned
_MAX_STEP_S = 0.2  # a frame after a gap tells no more than this much time would
_LEAST_REST = 0.2
_SPREAD = 0.3  # nats by which ordinary people's resting faces differ: none of it is corrected


@dataclass(frozen=True, slots=True)
class AdaptationConfig:
    """What is corrected, and how far.

    :param person: correct each person's resting face.
    :param room: correct how often each emotion occurs here.
    :param max_shift: bound of each correction of a log probability, in nats.
    :param person_s: seconds at rest after which half of a person's correction is in force.
    :param room_s: seconds of faces for which the training's shares count.
    :param horizon_s: seconds of faces beyond which the oldest are forgotten.
    """

    person: bool = False
    room: bool = False
    max_shift: float = 1.0
    person_s: float = 5.0
    room_s: float = 120.0
    horizon_s: float = 600.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0.0 <= self.max_shift <= 3.0:
            raise ConfigError(f'max_shift: expected a number in [0, 3], found {self.max_shift!r}')
        for name in ('person_s', 'room_s', 'horizon_s'):
            value = getattr(self, name)
            if not 0.0 < value < 1e6:
                raise ConfigError(f'{name}: expected a positive number, found {value!r}')


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What a model says of the faces that it was calibrated on.

    :param prior: (K,) mean distribution.
    :param resting: (K,) mean log probability of faces that seem at rest.
    """

    prior: Float64
    resting: Float64

    @classmethod
    def from_options(cls, options: Mapping[str, Any], labels: Sequence[str]) -> Reference:
        """Read the entry ``adaptation`` of a manifest's options.

        :raises ConfigError: it is not there, or not one number a label.
        """
        entries = options.get('adaptation')
        found = []
        for name in ('prior', 'resting'):
            values = entries.get(name) if isinstance(entries, Mapping) else None
            numbers = isinstance(values, list) and all(
                isinstance(value, (int, float)) and math.isfinite(value) for value in values
            )
            if not numbers or len(values or ()) != len(labels):
                raise ConfigError(
                    f'adaptation.{name}: expected {len(labels)} numbers, found {values!r}; '
                    'make them with `fer-ros train certainty`'
                )
            found.append(np.array(values, np.float64))
        if min(found[0]) <= 0.0:
            raise ConfigError(f'adaptation.prior: expected shares above 0, found {found[0]}')
        return cls(found[0] / found[0].sum(), found[1])

    @classmethod
    def of(cls, probabilities: Float32, labels: Sequence[str]) -> Reference:
        """Measure it on the distributions (N, K) of ordinary faces."""
        weights = np.array([rest(row, labels) for row in probabilities])
        logs = np.log(np.maximum(probabilities.astype(np.float64), FLOOR))
        resting = (weights @ logs) / max(float(weights.sum()), 1e-9)
        prior = np.maximum(probabilities.astype(np.float64).mean(axis=0), 1e-4)
        return cls(prior / prior.sum(), resting)


def rest(probabilities: Float32, labels: Sequence[str]) -> float:
    """Return how much a face seems at rest, 0..1, by a distribution (K,) over emotions."""
    if 'neutral' not in labels:
        return 0.0
    share = float(probabilities[list(labels).index('neutral')] / probabilities.max())
    return max(share - _LEAST_REST, 0.0) / (1.0 - _LEAST_REST)


@dataclass(slots=True, eq=False)
class _Person:
    """What was learned of one face: mean log probabilities at rest, and from how long."""

    stamp_ns: int
    mean: Float64
    evidence_s: float = 0.0


class Adapter:
    """Corrects the answers of every face."""

    def __init__(
        self, reference: Reference | None, config: AdaptationConfig | None = None
    ) -> None:
        """Start without a memory.

        :param reference: of the model in use; may be None while nothing is corrected.
        """
        self._reference = reference
        self._config = config or AdaptationConfig()
        self._people: dict[str, _Person] = {}
        self._seen_s: Float64 | None = None

    @property
    def config(self) -> AdaptationConfig:
        """What is corrected; what is switched off is forgotten."""
        return self._config

    @config.setter
    def config(self, config: AdaptationConfig) -> None:
        self._config = config
        if not (config.person or config.room):
            self.reset()
        if not config.room:
            self._seen_s = None

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left; the room stays."""
        for face_id in face_ids:
            self._people.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face and the room."""
        self._people.clear()
        self._seen_s = None

    def adapt(self, face_id: str, expression: Expression, *, stamp_ns: int) -> Expression:
        """Take one frame's expression of one face, learn from it, and return it corrected."""
        config, reference = self._config, self._reference
        if reference is None or not (config.person or config.room):
            return expression
        person = self._people.get(face_id)
        if person is None:
            person = self._people[face_id] = _Person(stamp_ns, reference.resting.copy())
        elapsed_s = min(max((stamp_ns - person.stamp_ns) / NS_PER_S, 0.0), _MAX_STEP_S)
        person.stamp_ns = stamp_ns
        logs = np.log(np.maximum(expression.probabilities.astype(np.float64), 1e-6))
        if config.person:
            self._learn(person, expression, elapsed_s)
            logs += self._resting_shift(person, expression.labels)
        if config.room:
            logs += self._room_shift()
            self._count(logs, elapsed_s)
        return _with(expression, logs)

    def _learn(self, person: _Person, expression: Expression, elapsed_s: float) -> None:
        """Draw a person's resting face towards what it shows now, as far as it seems at rest."""
        weight_s = rest(expression.probabilities, expression.labels) * elapsed_s
        if weight_s == 0.0:
            return
        logs = np.log(np.maximum(expression.probabilities.astype(np.float64), FLOOR))
        person.evidence_s = min(person.evidence_s + weight_s, self._config.horizon_s)
        person.mean += (logs - person.mean) * (weight_s / person.evidence_s)

    def _resting_shift(self, person: _Person, labels: Sequence[str]) -> Float64:
        """Return (K,) what to take off the emotions that this person shows at rest."""
        assert self._reference is not None, 'adapt asks'
        excess = person.mean - self._reference.resting - _SPREAD
        excess = np.clip(excess, 0.0, self._config.max_shift)
        if 'neutral' in labels:
            excess[list(labels).index('neutral')] = 0.0
        return -excess * (person.evidence_s / (person.evidence_s + self._config.person_s))

    def _room_shift(self) -> Float64:
        """Return (K,) by how much each emotion is more or less usual here than in training."""
        assert self._reference is not None, 'adapt asks'
        prior, limit = self._reference.prior, self._config.max_shift
        if self._seen_s is None:
            return np.zeros_like(prior)
        here = self._config.room_s * prior + self._seen_s
        shift: Float64 = np.clip(np.log(here / here.sum() / prior), -limit, limit)
        return shift

    def _count(self, logs: Float64, elapsed_s: float) -> None:
        """Add a corrected answer to what was seen here."""
        shares = _softmax(logs) * elapsed_s
        seen = shares if self._seen_s is None else self._seen_s + shares
        self._seen_s = seen * min(self._config.horizon_s / max(float(seen.sum()), 1e-9), 1.0)


def _softmax(logs: Float64) -> Float64:
    """Return the distribution of unnormalised log probabilities (K,)."""
    weights = np.exp(logs - logs.max())
    shares: Float64 = weights / weights.sum()
    return shares


def _with(expression: Expression, logs: Float64) -> Expression:
    """Return the expression with another distribution."""
    probabilities = _softmax(logs).astype(np.float32)
    valence, arousal = valence_arousal(probabilities, circumplex_of(expression.labels))
    return replace(
        expression,
        probabilities=probabilities,
        valence=valence,
        arousal=arousal,
        confidence=float(probabilities.max()),
    )
