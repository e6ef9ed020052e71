"""What a temporal model has to beat: frame by frame, moving averages and votes.

And what it may not lose by: looking less often.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from fer_ros.recognition.attention import Attention, Glance
from fer_ros.recognition.temporal import (
    Courses,
    Observation,
    Temporal,
    TemporalConfig,
    TemporalState,
    all_but_neutral,
)
from fer_ros.types import ExpressionEvent, Float32

NS_PER_S = 1_000_000_000
_STILL: Float32 = np.zeros((1, 2), np.float32)  # landmarks that never move


class _Baseline:
    """Smooths each face's distributions in its own way; labels and phases as everywhere."""

    def __init__(self, config: TemporalConfig | None = None) -> None:
        """Follow nobody yet. Without hysteresis, as these methods are described."""
        self.config = config or TemporalConfig(label_margin=0.0)
        self._courses = Courses()

    def update_all(self, observations: Sequence[Observation]) -> list[TemporalState]:
        """Take one frame's faces."""
        return [self._follow(seen) for seen in observations]

    def forget(self, face_ids: Iterable[str]) -> tuple[ExpressionEvent, ...]:
        """Drop faces that left, and end what they were expressing."""
        return self._courses.forget(face_ids)

    def reset(self) -> None:
        """Forget every face."""
        self._courses.reset()

    def smooth(self, seen: Observation) -> Float32:
        """Return the (K,) distribution that is told."""
        return seen.expression.probabilities

    def _follow(self, seen: Observation) -> TemporalState:
        shares = self.smooth(seen)
        presence = all_but_neutral(seen.expression.labels, shares)
        return self._courses.tell(seen, shares, presence, self.config)


class FrameByFrame(_Baseline):
    """The static model alone."""


class MovingAverage(_Baseline):
    """An exponential moving average of the distributions, in time."""

    def __init__(self, constant_s: float) -> None:
        """Take the time constant."""
        super().__init__()
        self._constant_s = constant_s
        self._last: dict[str, tuple[int, Float32]] = {}

    def smooth(self, seen: Observation) -> Float32:
        """Blend the frame in."""
        new = seen.expression.probabilities
        if seen.face_id in self._last:
            stamp_ns, old = self._last[seen.face_id]
            elapsed_s = (seen.stamp_ns - stamp_ns) / NS_PER_S
            gain = -math.expm1(-elapsed_s / self._constant_s)
            new = (old + np.float32(gain) * (new - old)).astype(np.float32)
        self._last[seen.face_id] = seen.stamp_ns, new
        return new

    def reset(self) -> None:
        """Forget every face."""
        super().reset()
        self._last.clear()


class MajorityVote(_Baseline):
    """The most frequent label of the frames of the last moments."""

    def __init__(self, window_s: float) -> None:
        """Take how far back frames count."""
        super().__init__()
        self._window_ns = round(window_s * NS_PER_S)
        self._votes: dict[str, deque[tuple[int, int]]] = {}

    def smooth(self, seen: Observation) -> Float32:
        """Return the shares of the votes; of equals, the newest wins."""
        votes = self._votes.setdefault(seen.face_id, deque())
        votes.append((seen.stamp_ns, int(seen.expression.probabilities.argmax())))
        while votes[0][0] < seen.stamp_ns - self._window_ns:
            votes.popleft()
        counts = np.bincount(
            [label for _, label in votes], minlength=len(seen.expression.labels)
        ).astype(np.float32)
        counts[votes[-1][1]] += 0.01
        shares: Float32 = (counts / counts.sum()).astype(np.float32)
        return shares

    def reset(self) -> None:
        """Forget every face."""
        super().reset()
        self._votes.clear()


class FewerLooks:
    """A model that sees only the frames that attention asks for, in the worst case.

    Landmarks never tell that a face has moved: what is expressed shows at the next look that is
    due. In between, what was told last is told again.
    """

    def __init__(self, model: Temporal) -> None:
        """Take the model that is looked with, in the shipped way."""
        self._model = model
        self._attention = Attention()
        self._told: dict[str, TemporalState] = {}

    @property
    def config(self) -> TemporalConfig:
        """That of the model."""
        return self._model.config

    @config.setter
    def config(self, config: TemporalConfig) -> None:
        self._model.config = config

    def update_all(self, observations: Sequence[Observation]) -> list[TemporalState]:
        """Take one frame's faces."""
        looked = self._attention.choose(
            [Glance(seen.face_id, seen.stamp_ns, _STILL) for seen in observations]
        )
        due = [seen for seen, look in zip(observations, looked) if look]
        states = dict(zip((seen.face_id for seen in due), self._model.update_all(due)))
        for face_id, state in states.items():
            self._attention.saw(face_id, state.phase, state.expression.confidence)
            self._told[face_id] = replace(state, events=())
        return [states.get(seen.face_id) or self._told[seen.face_id] for seen in observations]

    def forget(self, face_ids: Iterable[str]) -> tuple[ExpressionEvent, ...]:
        """Drop faces that left, and end what they were expressing."""
        self._attention.forget(face_ids)
        return self._model.forget(face_ids)

    def reset(self) -> None:
        """Forget every face."""
        self._model.reset()
        self._attention.reset()
        self._told.clear()
