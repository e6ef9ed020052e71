"""Time: a plain causal filter per face, with intensity and phase.

An exponential filter in time, not in frames, so that dropped frames and any camera rate give the
same course. It yields to large changes: two certain distributions that have little in common are
another expression, while noise moves uncertain ones a little. Its state is one distribution and a
few numbers per face.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from fer_ros.errors import ConfigError, DataError
from fer_ros.recognition.circumplex import circumplex_of, valence_arousal
from fer_ros.taxonomy import Phase
from fer_ros.types import Expression, Float32

NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class TemporalConfig:
    """How much the past counts.

    :param smoothing_s: time constant of the filter; 0 turns it off.
    :param label_margin: a new label must lead the old one by this much probability.
    :param onset_intensity: an expression begins above this intensity.
    :param offset_intensity: and is over below this one.
    :param apex_share: share of the episode's peak that still counts as its apex.
    """

    smoothing_s: float = 0.2
    label_margin: float = 0.05
    onset_intensity: float = 0.4
    offset_intensity: float = 0.25
    apex_share: float = 0.85

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0.0 <= self.smoothing_s <= 10.0:
            raise ConfigError(
                f'smoothing_s: expected seconds in [0, 10], found {self.smoothing_s!r}'
            )
        for name in ('label_margin', 'onset_intensity', 'offset_intensity', 'apex_share'):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f'{name}: expected a number in [0, 1], found {value!r}')
        if self.offset_intensity > self.onset_intensity:
            raise ConfigError(
                f'offset_intensity: expected at most onset_intensity ({self.onset_intensity}), '
                f'found {self.offset_intensity}'
            )


@dataclass(frozen=True, slots=True, eq=False)
class TemporalState:
    """What the filter says of one face now: smoothed expression, intensity 0..1, phase.

    ``label`` is the dominant one with hysteresis: it changes less often than the argmax.
    """

    expression: Expression
    label: str
    intensity: float
    phase: Phase
    phase_started_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    stamp_ns: int
    probabilities: Float32
    label: int
    intensity: float
    peak: float
    phase: Phase
    phase_started_ns: int


class TemporalFilter:
    """Smooths the expressions of every face and follows their onset, apex and offset."""

    def __init__(self, config: TemporalConfig | None = None) -> None:
        """Start without a memory of any face."""
        self.config = config or TemporalConfig()
        self._memories: dict[str, _Memory] = {}

    def update(
        self, face_id: str, expression: Expression, *, weight: float, stamp_ns: int
    ) -> TemporalState:
        """Take one frame's expression of one face and return the smoothed state.

        :param weight: 0..1, how much this frame can be trusted (its quality).
        :raises DataError: the stamp is not after the face's last one.
        """
        memory = self._memories.get(face_id)
        if memory is not None and stamp_ns <= memory.stamp_ns:
            raise DataError(
                f'face {face_id}: expected a stamp after {memory.stamp_ns}, found {stamp_ns}; '
                'reset the filter when time starts again'
            )
        probabilities = self._smooth(memory, expression.probabilities, weight, stamp_ns)
        label = self._label(memory, probabilities)
        memory = self._advance(memory, expression.labels, probabilities, label, stamp_ns)
        self._memories[face_id] = memory
        return TemporalState(
            expression=self._smoothed(expression, memory),
            label=expression.labels[memory.label],
            intensity=memory.intensity,
            phase=memory.phase,
            phase_started_ns=memory.phase_started_ns,
        )

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left."""
        for face_id in face_ids:
            self._memories.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face."""
        self._memories.clear()

    def _smooth(
        self, memory: _Memory | None, new: Float32, weight: float, stamp_ns: int
    ) -> Float32:
        """Blend the new distribution in, by the time since the last one and its weight."""
        if memory is None or self.config.smoothing_s == 0.0:
            return new
        elapsed_s = (stamp_ns - memory.stamp_ns) / NS_PER_S
        # Total variation distance: 0 for equal distributions, 1 for those that share nothing.
        change = 0.5 * float(np.abs(new - memory.probabilities).sum())
        # Floored: a change of 1 would divide by zero, and a weight of 0 would never forget.
        smoothing_s = self.config.smoothing_s * max(1.0 - change, 0.01) ** 2 / max(weight, 0.05)
        gain = -math.expm1(-elapsed_s / smoothing_s)
        blended = memory.probabilities + np.float32(gain) * (new - memory.probabilities)
        normalised: Float32 = blended / blended.sum()
        return normalised

    def _label(self, memory: _Memory | None, probabilities: Float32) -> int:
        """Return the dominant label, which an almost equal rival does not replace."""
        best = int(probabilities.argmax())
        if memory is None:
            return best
        lead = float(probabilities[best] - probabilities[memory.label])
        return best if lead > self.config.label_margin else memory.label

    def _advance(
        self,
        memory: _Memory | None,
        labels: tuple[str, ...],
        probabilities: Float32,
        label: int,
        stamp_ns: int,
    ) -> _Memory:
        """Move intensity and phase on by one frame.

        Intensity is the probability mass of everything but neutral: how far the face is from
        neutral, as far as a single frame's distribution tells.
        """
        neutral = labels.index('neutral') if 'neutral' in labels else None
        intensity = 1.0 - float(probabilities[neutral]) if neutral is not None else 1.0
        intensity = min(max(intensity, 0.0), 1.0)
        before = memory.phase if memory else Phase.NEUTRAL
        peak = max(intensity, memory.peak) if memory and before is not Phase.NEUTRAL else intensity
        rising = memory is None or intensity > memory.intensity + 1e-3
        phase = self._phase(before, intensity, peak, rising)
        if before is Phase.OFFSET and phase is Phase.ONSET:
            peak = intensity
        changed = memory is None or phase is not before
        started = stamp_ns if changed or memory is None else memory.phase_started_ns
        return _Memory(stamp_ns, probabilities, label, intensity, peak, phase, started)

    def _phase(self, before: Phase, intensity: float, peak: float, rising: bool) -> Phase:
        """Return the next phase of an episode: neutral, onset, apex, offset, neutral."""
        config = self.config
        if intensity < config.offset_intensity:
            return Phase.NEUTRAL
        if before is Phase.NEUTRAL:
            return Phase.ONSET if intensity >= config.onset_intensity else Phase.NEUTRAL
        at_apex = intensity >= config.apex_share * peak
        if before is Phase.ONSET:
            return Phase.ONSET if rising else Phase.APEX
        if before is Phase.APEX:
            return Phase.APEX if at_apex else Phase.OFFSET
        return Phase.ONSET if rising and intensity >= config.onset_intensity else Phase.OFFSET

    def _smoothed(self, expression: Expression, memory: _Memory) -> Expression:
        """Return the expression with the smoothed distribution in place of its own."""
        valence, arousal = valence_arousal(memory.probabilities, circumplex_of(expression.labels))
        return replace(
            expression,
            probabilities=memory.probabilities,
            valence=valence,
            arousal=arousal,
            confidence=float(memory.probabilities[memory.label]),
        )
