"""The second half of the walk: from faces of one frame to what they express."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_ros.alignment import Halves, align, similarity_to_template
from fer_ros.detection import TrackedFace
from fer_ros.inference.engine import Engine
from fer_ros.pipeline.config import PipelineConfig
from fer_ros.pipeline.loading import load_adapter, load_clips, load_temporal
from fer_ros.recognition import (
    Attention,
    FaceActions,
    Glance,
    Observation,
    StaticRecogniser,
    TemporalModel,
    TemporalState,
    abstention,
    compound,
    load_states,
)
from fer_ros.types import (
    AlignedFace,
    Expression,
    ExpressionEvent,
    Face,
    FaceQuality,
    FaceState,
    Frame,
)

Align = Callable[[Frame, Sequence[Face]], list[AlignedFace]]


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What was told of a face last, and how well it could be read at the last look."""

    state: TemporalState
    quality: FaceQuality


class Expressions:
    """Recognises the faces of a frame that are looked at, and follows each over time."""

    def __init__(self, config: PipelineConfig, recogniser: StaticRecogniser) -> None:
        """Load what is beside the recogniser; raises ModelError."""
        self._config = config
        manifest = recogniser.engine.manifest
        self.recogniser = recogniser
        self._align_there: Align | None = None
        self._adapter = load_adapter(config, manifest)
        self._actions = FaceActions(load_states(config.states_file))
        self._temporal = load_temporal(config, manifest.labels)
        self._attention = Attention(config.attention)
        self._clips = load_clips(config)
        self._told: dict[str, _Told] = {}

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The nets in use."""
        engines = [self.recogniser.engine]
        if isinstance(self._temporal, TemporalModel):
            engines.append(self._temporal.engine)
        if self._clips is not None:
            engines.append(self._clips.engine)
        return tuple(engines)

    @property
    def unreadable(self) -> dict[str, int]:
        """How many faces gave no action units, by reason."""
        return self._actions.reader.unreadable

    @property
    def skipped(self) -> dict[str, int]:
        """How many faces were not looked at though they were there, by reason."""
        clips = self._clips.skipped if self._clips is not None else {}
        return {**self._attention.skipped, **clips}

    def move(self, recogniser: StaticRecogniser, align_there: Align) -> None:
        """Go on with the same net where the frame's pixels are, on a GPU.

        :param align_there: turns all faces of a frame upright, there.
        """
        self.recogniser, self._align_there = recogniser, align_there

    def configure(self, config: PipelineConfig) -> None:
        """Take new settings from the next frame on; models stay as they were."""
        self._config = config
        self._temporal.config = config.temporal
        self._attention.config = config.attention
        if self._clips is not None:
            self._clips.sampling = config.clip_sampling
        self._adapter.config = config.adaptation

    def reset(self) -> None:
        """Forget every face."""
        self._actions.reset()
        self._temporal.reset()
        self._attention.reset()
        self._told.clear()
        if self._clips is not None:
            self._clips.reset()
        self._adapter.reset()

    def forget(self, ended: Sequence[str]) -> tuple[ExpressionEvent, ...]:
        """Drop faces that left, and end what they were expressing."""
        self._actions.forget(ended)
        self._attention.forget(ended)
        self._adapter.forget(ended)
        if self._clips is not None:
            self._clips.forget(ended)
        for face_id in ended:
            self._told.pop(face_id, None)
        return self._temporal.forget(ended)

    def known(self, found: Sequence[TrackedFace], stamp_ns: int) -> list[FaceQuality | None]:
        """Choose whom to look at: None; of the others return the quality at their last look."""
        if self._attention.looks_at_all:
            return [None] * len(found)
        looked = self._attention.choose([_glance(face, stamp_ns) for face in found])
        # Of a face whose first look failed there is nothing to tell, whoever's turn it is.
        told = [self._told.get(face.face_id) for face in found]
        return [None if look or one is None else one.quality for look, one in zip(looked, told)]

    def recognise(
        self, frame: Frame, faces: Sequence[Face], looked: Sequence[bool], halves: Halves
    ) -> tuple[tuple[FaceState, ...], tuple[ExpressionEvent, ...]]:
        """Return what every face expresses, and the events that this frame made known.

        :param looked: which faces to look at; what was told of the others is told again.
        """
        aligned = self._align(frame, faces, halves)
        events = self._look(
            [(face, crop) for face, crop, look in zip(faces, aligned, looked) if look]
        )
        for face, crop, look in zip(faces, aligned, looked):
            if not look:
                self._repeat(face, crop)
        self._judge_clips(frame, faces)
        states = tuple(self._state(face, self._told[face.face_id].state) for face in faces)
        return states, events

    def _align(self, frame: Frame, faces: Sequence[Face], halves: Halves) -> list[AlignedFace]:
        """Turn all faces upright."""
        if self._align_there is not None:
            return self._align_there(frame, faces)
        size = self.recogniser.engine.manifest.input.width
        return [align(frame, face, size, halves) for face in faces]

    def _look(self, seen: Sequence[tuple[Face, AlignedFace]]) -> tuple[ExpressionEvent, ...]:
        """Recognise faces in one batch, move each on, and return what that made known."""
        found = self.recogniser.recognise([crop for _, crop in seen])
        observations = [
            self._observed(face, crop, expression) for (face, crop), expression in zip(seen, found)
        ]
        followed = self._temporal.update_all(observations)
        for (face, _), state in zip(seen, followed):
            self._told[face.face_id] = _Told(state, face.quality)
            self._attention.saw(face.face_id, state.phase, state.expression.confidence)
        return tuple(event for state in followed for event in state.events)

    def _observed(self, face: Face, crop: AlignedFace, expression: Expression) -> Observation:
        """Return what is read of a face, corrected, with its action units."""
        corrected = self._adapter.adapt(face.face_id, expression, stamp_ns=face.stamp_ns)
        read = self._actions.add(face, crop, corrected)
        return Observation(face.face_id, read, face.quality.score, face.stamp_ns)

    def _repeat(self, face: Face, crop: AlignedFace) -> None:
        """Tell of a face that was not looked at what was told last, with its new action units."""
        last = self._told[face.face_id].state
        expression = self._actions.renew(face, crop, last.expression)
        state = replace(last, expression=expression, events=())
        self._told[face.face_id] = _Told(state, face.quality)

    def _judge_clips(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Let the clip model keep what it needs of this frame, and judge when its turn comes."""
        if self._clips is None:
            return
        for face in faces:
            if self._clips.wants(face.face_id, frame.stamp_ns):
                crop = align(frame, face, self._clips.size)
                self._clips.add(face.face_id, crop.pixels, frame.stamp_ns)
        self._clips.judge(frame.stamp_ns)

    def _state(self, face: Face, state: TemporalState) -> FaceState:
        """Judge and explain one face's expression as it is now."""
        why = self._actions.explain(face.face_id, state.expression)
        return FaceState(
            face=face,
            expression=state.expression,
            label=state.label,
            intensity=state.intensity,
            phase=state.phase,
            phase_started_ns=state.phase_started_ns,
            compound=compound(state.expression, self._config.trust),
            abstained=abstention(state.expression, face.quality, self._config.trust),
            evidence=why.evidence,
            states=why.states,
            speech=why.speech,
            clip=self._clips.told(face.face_id) if self._clips is not None else None,
        )


def _glance(face: TrackedFace, stamp_ns: int) -> Glance:
    """Return where a face's landmarks are in its crop, in shares of its side."""
    (a, b, x), (c, d, y) = similarity_to_template(face.landmarks.points_px, 1).tolist()
    turned = np.array([[a, c], [b, d], [0.0, 0.0]], np.float32)  # depth has no place there
    points = face.landmarks.points_px @ turned + np.array([x, y], np.float32)
    return Glance(face.face_id, stamp_ns, points)
