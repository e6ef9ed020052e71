"""Time: what follows every face, and the plain causal filter that is baseline and fallback.

The filter is exponential in time, not in frames, so that dropped frames and any camera rate give
the same course. It yields to large changes: two certain distributions that have little in common
are another expression, while noise moves uncertain ones a little. Its state is one distribution
and a few numbers per face.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from fer_ros.errors import ConfigError, DataError
from fer_ros.recognition.circumplex import circumplex_of, valence_arousal
from fer_ros.recognition.intensity import IntensityMeter
from fer_ros.recognition.phases import PhaseConfig, PhaseTracker
from fer_ros.taxonomy import Phase
from fer_ros.types import Expression, ExpressionEvent, Float32

NS_PER_S = 1_000_000_000
NEUTRAL = 'neutral'
# A rival that leads by less than the margin takes over after leading for so long.
PATIENCE_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class TemporalConfig(PhaseConfig):
    """How much the past counts; the limits of the phases are those of PhaseConfig.

    :param smoothing_s: time constant of the filter; 0 turns it off. A model has its own.
    :param label_margin: a new label must lead the old one by this much probability, or for half
        a second.
    """

    smoothing_s: float = 0.2
    label_margin: float = 0.35

    def __post_init__(self) -> None:
        """Check the ranges."""
        PhaseConfig.__post_init__(self)
        if not 0.0 <= self.smoothing_s <= 10.0:
            raise ConfigError(
                f'smoothing_s: expected seconds in [0, 10], found {self.smoothing_s!r}'
            )
        if not 0.0 <= self.label_margin <= 1.0:
            raise ConfigError(
                f'label_margin: expected a number in [0, 1], found {self.label_margin!r}'
            )


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What one frame says of one face.

    :param weight: 0..1, how much this frame can be trusted (its quality).
    """

    face_id: str
    expression: Expression
    weight: float
    stamp_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class TemporalState:
    """What is known of one face now: smoothed expression, intensity 0..1, phase.

    ``label`` is the dominant one with hysteresis: it changes less often than the argmax.
    ``events`` are those that this frame made known.
    """

    expression: Expression
    label: str
    intensity: float
    phase: Phase
    phase_started_ns: int
    events: tuple[ExpressionEvent, ...] = ()


class Temporal(Protocol):
    """What follows every face over time: the filter, or a model."""

    config: TemporalConfig

    def update_all(self, observations: Sequence[Observation]) -> list[TemporalState]:
        """Take one frame's faces; raises DataError for a stamp that is not newer."""

    def forget(self, face_ids: Iterable[str]) -> tuple[ExpressionEvent, ...]:
        """Drop faces that left, and end what they were expressing."""

    def reset(self) -> None:
        """Forget every face."""


class Courses:
    """Label and phase of every face, from its smoothed distribution and intensity."""

    def __init__(self) -> None:
        """Know nobody."""
        self._meter = IntensityMeter()
        self._labels: dict[str, int] = {}
        self._rivals: dict[str, tuple[int, int]] = {}  # label and since when it leads
        self._phases: dict[str, PhaseTracker] = {}

    def tell(
        self,
        seen: Observation,
        probabilities: Float32,
        presence: float,
        config: TemporalConfig,
    ) -> TemporalState:
        """Move one face on.

        :param probabilities: (K,) smoothed, by the labels of what was seen.
        :param presence: 0..1, how far anything is expressed at all: what the phases follow. The
            intensity that is told is graded, beside the person's own neutral.
        """
        labels, face_id = seen.expression.labels, seen.face_id
        label = self._labels[face_id] = self._label(seen, probabilities, config)
        expression = _smoothed(seen.expression, probabilities, label)
        intensity = self._meter.update(
            face_id, expression, weight=seen.weight, stamp_ns=seen.stamp_ns
        )
        phases = self._phases.setdefault(face_id, PhaseTracker(face_id))
        events = phases.update(
            labels[label],
            _emotion(labels, probabilities),
            presence,
            seen.stamp_ns,
            config,
            intensity=intensity,
        )
        return TemporalState(
            expression=expression,
            label=labels[label],
            intensity=intensity,
            phase=phases.phase,
            phase_started_ns=phases.phase_started_ns,
            events=events,
        )

    def forget(self, face_ids: Iterable[str]) -> tuple[ExpressionEvent, ...]:
        """Drop faces that left, and end what they were expressing."""
        events: tuple[ExpressionEvent, ...] = ()
        for face_id in face_ids:
            self._meter.forget([face_id])
            self._labels.pop(face_id, None)
            self._rivals.pop(face_id, None)
            phases = self._phases.pop(face_id, None)
            events += phases.close() if phases else ()
        return events

    def reset(self) -> None:
        """Forget every face."""
        self._meter.reset()
        self._labels.clear()
        self._rivals.clear()
        self._phases.clear()

    def _label(self, seen: Observation, probabilities: Float32, config: TemporalConfig) -> int:
        """Return the dominant label, which an almost equal rival does not replace at once."""
        best = int(probabilities.argmax())
        last = self._labels.get(seen.face_id, best)
        if best == last or last >= len(probabilities):
            self._rivals.pop(seen.face_id, None)
            return best
        rival, since_ns = self._rivals.get(seen.face_id, (best, seen.stamp_ns))
        if rival != best:
            since_ns = seen.stamp_ns
        lead = float(probabilities[best] - probabilities[last])
        if lead > config.label_margin or seen.stamp_ns >= since_ns + PATIENCE_NS:
            self._rivals.pop(seen.face_id, None)
            return best
        self._rivals[seen.face_id] = best, since_ns
        return last


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    stamp_ns: int
    probabilities: Float32


class TemporalFilter:
    """Smooths the expressions of every face and follows their onset, apex and offset."""

    def __init__(self, config: TemporalConfig | None = None) -> None:
        """Start without a memory of any face."""
        self.config = config or TemporalConfig()
        self._memories: dict[str, _Memory] = {}
        self._courses = Courses()

    def update_all(self, observations: Sequence[Observation]) -> list[TemporalState]:
        """Take one frame's faces; raises DataError for a stamp that is not newer."""
        refuse_twice(observations)
        return [self._update(seen) for seen in observations]

    def update(
        self, face_id: str, expression: Expression, *, weight: float, stamp_ns: int
    ) -> TemporalState:
        """Take one frame's expression of one face and return the smoothed state.

        :param weight: 0..1, how much this frame can be trusted (its quality).
        :raises DataError: the stamp is not after the face's last one.
        """
        return self._update(Observation(face_id, expression, weight, stamp_ns))

    def forget(self, face_ids: Iterable[str]) -> tuple[ExpressionEvent, ...]:
        """Drop faces that left, and end what they were expressing."""
        left = tuple(face_ids)
        for face_id in left:
            self._memories.pop(face_id, None)
        return self._courses.forget(left)

    def reset(self) -> None:
        """Forget every face."""
        self._memories.clear()
        self._courses.reset()

    def _update(self, seen: Observation) -> TemporalState:
        memory = self._memories.get(seen.face_id)
        if memory is not None:
            require_newer(seen, memory.stamp_ns)
        probabilities = self._smooth(memory, seen)
        self._memories[seen.face_id] = _Memory(seen.stamp_ns, probabilities)
        presence = all_but_neutral(seen.expression.labels, probabilities)
        return self._courses.tell(seen, probabilities, presence, self.config)

    def _smooth(self, memory: _Memory | None, seen: Observation) -> Float32:
        """Blend the new distribution in, by the time since the last one and its weight."""
        new = seen.expression.probabilities
        if memory is None or self.config.smoothing_s == 0.0:
            return new
        elapsed_s = (seen.stamp_ns - memory.stamp_ns) / NS_PER_S
        # Total variation distance: 0 for equal distributions, 1 for those that share nothing.
        change = 0.5 * float(np.abs(new - memory.probabilities).sum())
        # Floored: a change of 1 would divide by zero, and a weight of 0 would never forget.
        share = max(1.0 - change, 0.01) ** 2 / max(seen.weight, 0.05)
        gain = -math.expm1(-elapsed_s / (self.config.smoothing_s * share))
        blended = memory.probabilities + np.float32(gain) * (new - memory.probabilities)
        normalised: Float32 = blended / blended.sum()
        return normalised


def refuse_twice(observations: Sequence[Observation]) -> None:
    """Refuse two faces with one id: whose past it is could not be told."""
    counts = Counter(seen.face_id for seen in observations)
    twice = sorted(face_id for face_id, count in counts.items() if count > 1)
    if twice:
        raise DataError(
            f'faces: expected each id once a frame, found {", ".join(twice)} more than once; give '
            'every face an id of its own'
        )


def require_newer(seen: Observation, last_ns: int) -> None:
    """Refuse a frame of a face that is not after its last one."""
    if seen.stamp_ns <= last_ns:
        raise DataError(
            f'face {seen.face_id}: expected a stamp after {last_ns}, found {seen.stamp_ns}; '
            'reset the filter when time starts again'
        )


def all_but_neutral(labels: Sequence[str], probabilities: Float32) -> float:
    """Return the mass of everything but neutral: how far anything is expressed, 0..1."""
    if NEUTRAL not in labels:
        return 1.0
    return min(max(1.0 - float(probabilities[labels.index(NEUTRAL)]), 0.0), 1.0)


def _emotion(labels: Sequence[str], probabilities: Float32) -> str:
    """Return the strongest label beside neutral."""
    ranked = sorted(zip(probabilities.tolist(), labels), key=lambda item: -item[0])
    return next((label for _, label in ranked if label != NEUTRAL), labels[0])


def _smoothed(expression: Expression, probabilities: Float32, label: int) -> Expression:
    """Return the expression with the smoothed distribution in place of its own."""
    valence, arousal = valence_arousal(probabilities, circumplex_of(expression.labels))
    return replace(
        expression,
        probabilities=probabilities,
        valence=valence,
        arousal=arousal,
        confidence=float(probabilities[label]),
    )
