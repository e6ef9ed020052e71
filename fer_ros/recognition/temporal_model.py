"""A recurrent model over each face's past: small, causal, all faces in one call.

It reads what any calibrated static model of the eight emotions says (log-probabilities and the
frame's quality), not its embedding, so that it stays when the static model is exchanged. Memory a
face: two states of the net and one step of the grid, below 1 kB, beside that of the phases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_ros.errors import ConfigError, ModelError
from fer_ros.inference.engine import Engine
from fer_ros.recognition.resample import FEATURES_BESIDE, Step, observed, unseen
from fer_ros.recognition.static import softmax
from fer_ros.recognition.temporal import (
    Courses,
    Observation,
    TemporalConfig,
    TemporalState,
    refuse_twice,
    require_newer,
)
from fer_ros.types import ExpressionEvent, Float32

NS_PER_MS = 1_000_000
# Of a face that has just come nothing is known but what is seen: the net leans to neutral then,
# as the clips do that it learned from. The static answer counts alone in the first frame and
# fades with this time constant.
_SETTLING_NS = 100_000_000


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """One face.

    :param born_ns: where its grid begins.
    :param missed: steps without a frame before this one that the net has not been told of.
    :param before, after: the net's state at the begin and at the end of the step.
    """

    born_ns: int
    stamp_ns: int
    missed: int
    step: Step
    before: Float32
    after: Float32


class TemporalModel:
    """Follows every face with a recurrent net, whose state is kept here.

    The net's input is a row of features and state, ``(N, 1, 1, K + 2 + S)``; its outputs are
    ``logits`` (N, K), ``intensity`` (N, 1) in 0..1 and ``state`` (N, S).
    """

    def __init__(self, engine: Engine, config: TemporalConfig | None = None) -> None:
        """Take a net whose manifest names its labels and options.

        :raises ModelError: its options are not those of a temporal model.
        """
        self.config = config or TemporalConfig()
        self._engine = engine
        manifest = engine.manifest
        self._step_ns = round(_option(engine, 'step_ms') * NS_PER_MS)
        self._max_gap = round(_option(engine, 'max_gap_ms') * NS_PER_MS) // self._step_ns
        self._size = manifest.input.width - len(manifest.labels) - FEATURES_BESIDE
        if self._step_ns < 1 or self._max_gap < 1 or self._size < 1:
            raise ModelError(
                f"model '{manifest.id}': expected a step, a longer gap and an input wider than "
                f'{len(manifest.labels)} labels and {FEATURES_BESIDE}, found {manifest.options} '
                f'and {manifest.input.width}; correct the manifest'
            )
        self._memories: dict[str, _Memory] = {}
        self._courses = Courses()

    @property
    def engine(self) -> Engine:
        """The net in use."""
        return self._engine

    def update_all(self, observations: Sequence[Observation]) -> list[TemporalState]:
        """Take one frame's faces.

        :raises DataError: a face is there twice, or its stamp is not after its last one; nothing
            is changed then.
        :raises ConfigError: the static model has other labels than this one.
        """
        self._check(observations)
        if not observations:
            return []
        memories = self._advanced([self._placed(seen) for seen in observations])
        features = np.stack([memory.step.features for memory in memories])
        logits, intensities, after = self._run(features, [memory.before for memory in memories])
        for seen, memory, state in zip(observations, memories, after):
            self._memories[seen.face_id] = replace(memory, after=state)
        shares = softmax(_settled(memories, features, logits))
        return [
            self._courses.tell(seen, row, float(intensity), self.config)
            for seen, row, intensity in zip(observations, shares, intensities)
        ]

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

    def _check(self, observations: Sequence[Observation]) -> None:
        """Refuse what can not be, before anything is changed."""
        refuse_twice(observations)
        for seen in observations:
            memory = self._memories.get(seen.face_id)
            if memory is not None:
                require_newer(seen, memory.stamp_ns)
            if seen.expression.labels != self._engine.manifest.labels:
                raise ConfigError(
                    f'temporal_model: expected the labels {list(self._engine.manifest.labels)}, '
                    f'found those of the expression model, {list(seen.expression.labels)}; '
                    "set temporal_model to ''"
                )

    def _placed(self, seen: Observation) -> _Memory:
        """Return a face's memory with the new frame in its step of the grid."""
        memory = self._memories.get(seen.face_id)
        index = (seen.stamp_ns - memory.born_ns) // self._step_ns if memory else 0
        if memory is None or index - memory.step.index > self._max_gap:
            rest = np.zeros(self._size, np.float32)
            first = observed(seen.expression.probabilities, seen.weight, 0)
            return _Memory(seen.stamp_ns, seen.stamp_ns, 0, first, rest, rest)
        step = observed(seen.expression.probabilities, seen.weight, index)
        missed = index - memory.step.index - 1
        if missed < 0:
            return replace(memory, stamp_ns=seen.stamp_ns, missed=0, step=memory.step.joined(step))
        return replace(
            memory, stamp_ns=seen.stamp_ns, missed=missed, step=step, before=memory.after
        )

    def _advanced(self, memories: list[_Memory]) -> list[_Memory]:
        """Let the steps without a frame pass, all faces that missed one in one call."""
        while late := [index for index, memory in enumerate(memories) if memory.missed > 0]:
            features = np.tile(unseen(len(self._engine.manifest.labels)), (len(late), 1))
            _, _, states = self._run(features, [memories[index].before for index in late])
            for index, state in zip(late, states):
                missed = memories[index].missed - 1
                memories[index] = replace(memories[index], before=state, missed=missed)
        return memories

    def _run(
        self, features: Float32, states: Sequence[Float32]
    ) -> tuple[Float32, Float32, Float32]:
        """Return logits (N, K), intensities (N,) and the states (N, S) after a step."""
        rows = np.concatenate([features, np.stack(states)], axis=1)
        logits, intensities, after = self._engine.run(rows[:, None, None, :])
        return logits, np.clip(intensities[:, 0], 0.0, 1.0), after


def _settled(memories: Sequence[_Memory], features: Float32, logits: Float32) -> Float32:
    """Return (N, K) logarithms of shares: of a new face those that are seen, later the net's."""
    ages_ns = np.array([memory.stamp_ns - memory.born_ns for memory in memories])
    new = np.exp(-ages_ns / _SETTLING_NS).astype(np.float32)[:, None]
    told = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    seen = features[:, : logits.shape[1]]
    blended: Float32 = told + new * (seen - told)
    return blended


def _option(engine: Engine, name: str) -> float:
    """Return a number of the manifest's options."""
    value = engine.manifest.options.get(name)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or value <= 0:
        raise ModelError(
            f"model '{engine.manifest.id}': expected the option {name}, a positive number, found "
            f'{value!r}; correct the manifest'
        )
    return float(value)
