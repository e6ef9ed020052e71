"""The walk of a camera frame through the rooms: nodes, CLI and evaluation call nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from fer_ros.alignment import Halves, Landmarker, align, describe
from fer_ros.detection import (
    DetectionConfig,
    FaceDetector,
    FaceTracker,
    Look,
    Proposal,
    TrackedFace,
    TrackingConfig,
    build_detector,
    signatures,
)
from fer_ros.errors import ConfigError, FrameError, ModelError
from fer_ros.inference.engine import Engine
from fer_ros.inference.factory import Device, Precision, load_engine
from fer_ros.inference.manifest import Manifest, Task
from fer_ros.inference.serving import ServingEngine
from fer_ros.recognition import (
    AdaptationConfig,
    Adapter,
    Attention,
    AttentionConfig,
    ClipRecogniser,
    FaceActions,
    Glance,
    Observation,
    Reference,
    Sampling,
    StaticRecogniser,
    Temporal,
    TemporalConfig,
    TemporalFilter,
    TemporalModel,
    TemporalState,
    TrustConfig,
    abstention,
    compound,
    load_states,
)
from fer_ros.roi import roi_from_landmarks
from fer_ros.taxonomy import EMOTIONS, DropReason
from fer_ros.types import (
    AlignedFace,
    CameraIntrinsics,
    ExpressionEvent,
    Face,
    FaceState,
    Float32,
    Frame,
    Landmarks,
)

FILTER = 'filter'

if TYPE_CHECKING:  # needs torch: imported where a GPU runs the nets
    from fer_ros.device.rooms import DeviceRooms


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Models, device and the settings of every room.

    :param temporal_model: what follows each face over time; '' or 'filter': the plain filter.
    :param clip_model: a model of clips beside it, '' none; it sees what clip_sampling draws.
    :param mirror: recognise each face and its mirror image: more accurate, twice the time.
    :param states_file: YAML of named states; '' is the shipped one, 'none' is no states.
    """

    device: Device = Device.AUTO
    precision: Precision = Precision.AUTO
    landmark_model: str = 'facemesh-478'
    expression_model: str = 'fer-static-r2'
    temporal_model: str = 'fer-temporal-r1'
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    mirror: bool = False
    trust: TrustConfig = field(default_factory=TrustConfig)
    temporal: TemporalConfig = field(default_factory=TemporalConfig)
    attention: AttentionConfig = field(default_factory=AttentionConfig)
    clip_model: str = ''
    clip_sampling: Sampling = Sampling.UNIFORM
    adaptation: AdaptationConfig = field(default_factory=AdaptationConfig)
    states_file: str = ''


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """What one frame told.

    :param states: the faces seen in it.
    :param tracked: ids that are followed, those unseen for a moment included.
    :param ended: ids that are followed no more since the last frame.
    :param events: what began, was full, faded or was over, as this frame made it known.
    """

    stamp_ns: int
    states: tuple[FaceState, ...]
    tracked: tuple[str, ...]
    ended: tuple[str, ...]
    events: tuple[ExpressionEvent, ...] = ()


class Pipeline:
    """Follows and recognises every face of one camera; frames go in by order of time."""

    def __init__(self, config: PipelineConfig | None = None) -> None:
        """Load the models; raises ModelError where one is missing, corrupt or refused."""
        self._config = config or PipelineConfig()
        device = self._config.device, self._config.precision
        self._detector: FaceDetector = build_detector(self._config.detection, *device)
        self._landmarker = Landmarker(
            load_engine(self._config.landmark_model, Task.FACE_LANDMARKS, *device)
        )
        self._recogniser = StaticRecogniser(
            load_engine(self._config.expression_model, Task.STATIC_EXPRESSION, *device),
            mirror=self._config.mirror,
        )
        self._adapter = Adapter(
            _reference(self._config.adaptation, self._recogniser.engine.manifest),
            self._config.adaptation,
        )
        self._actions = FaceActions(load_states(self._config.states_file))
        self._tracker = FaceTracker(self._config.tracking)
        self._temporal = load_temporal(self._config, self._recogniser.engine.manifest.labels)
        self._attention = Attention(self._config.attention)
        self._clips = load_clips(self._config)
        self._told: dict[str, TemporalState] = {}
        self._last_stamp_ns: int | None = None
        self._device: DeviceRooms | None = None
        self._move_to_device()

    def _move_to_device(self) -> None:
        """Keep the frame's pixels where the nets are, if torch runs all that read them."""
        engines = (*self._detector.engines, self._landmarker.engine, self._recogniser.engine)
        if not all(engine.backend.startswith('torch-') for engine in engines):
            return
        from fer_ros.device.rooms import on_device

        moved = on_device(self._detector, self._landmarker, self._recogniser)
        if moved is not None:
            self._device, self._detector = moved, moved.detector
            self._landmarker, self._recogniser = moved.landmarker, moved.recogniser

    @property
    def config(self) -> PipelineConfig:
        """The configuration in force."""
        return self._config

    @property
    def detector_engines(self) -> tuple[Engine, Engine]:
        """The detector's nets: full range, short range."""
        return self._detector.engines

    @property
    def device_rooms(self) -> DeviceRooms | None:
        """The rooms that have their pixels on a GPU, where torch runs the nets there."""
        return self._device

    @property
    def model_ids(self) -> tuple[str, ...]:
        """Ids of the models in use, in the order of the rooms."""
        return tuple(engine.manifest.id for engine in self._engines)

    @property
    def backend(self) -> str:
        """Backend and precision in use; more than one where a net had to leave the others."""
        return ', '.join(dict.fromkeys(engine.backend for engine in self._engines))

    @property
    def backend_reason(self) -> str:
        """Why it is this backend."""
        reasons = [engine.reason for engine in self._engines]
        if self._device is not None:
            failure = self._device.guard.failure
            reasons.insert(0, f'pixels left the device: {failure}' if failure else 'pixels on it')
        return ' | '.join(dict.fromkeys(reasons))

    @property
    def unreadable(self) -> dict[str, int]:
        """How many faces gave no action units, by reason."""
        return self._actions.reader.unreadable

    @property
    def skipped(self) -> dict[str, int]:
        """How many faces were not looked at though they were there, by reason."""
        clips = self._clips.skipped if self._clips is not None else {}
        return {**self._attention.skipped, **clips}

    @property
    def device_failed(self) -> bool:
        """Whether a device failed in mid-run, so that nets go on where they are slower."""
        lost = self._device is not None and bool(self._device.guard.failure)
        return lost or any(isinstance(e, ServingEngine) and e.failed for e in self._engines)

    @property
    def _engines(self) -> tuple[Engine, ...]:
        engines = [*self._detector.engines, self._landmarker.engine, self._recogniser.engine]
        if isinstance(self._temporal, TemporalModel):
            engines.append(self._temporal.engine)
        if self._clips is not None:
            engines.append(self._clips.engine)
        return tuple(engines)

    def configure(self, config: PipelineConfig) -> None:
        """Take new settings from the next frame on; models and device stay as they were."""
        self._config = config
        self._detector.config = config.detection
        self._tracker.config = config.tracking
        self._temporal.config = config.temporal
        self._attention.config = config.attention
        if self._clips is not None:
            self._clips.sampling = config.clip_sampling
        self._adapter.config = config.adaptation

    def reset(self) -> None:
        """Forget every face and the time: the same frames then give the same numbers again."""
        self._detector.reset()
        self._tracker.reset()
        self._actions.reset()
        self._temporal.reset()
        self._attention.reset()
        self._told.clear()
        if self._clips is not None:
            self._clips.reset()
        self._adapter.reset()
        self._last_stamp_ns = None

    def process(self, frame: Frame, intrinsics: CameraIntrinsics | None = None) -> FrameResult:
        """Take the next frame.

        :param intrinsics: without them, head positions are not in metres.
        :raises FrameError: its stamp is not after the last frame's.
        """
        halves = Halves(frame.pixels)
        faces = [
            describe(frame, found.face_id, found.landmarks, intrinsics, halves=halves)
            for found in self.find(frame)
        ]
        states, events = self._recognise(frame, faces, halves)
        ended = self._tracker.ended()
        events += self._forget(ended)
        return FrameResult(frame.stamp_ns, states, self._tracker.tracked(), ended, events)

    def find(self, frame: Frame) -> list[TrackedFace]:
        """Take the next frame and return the faces seen in it: the first half of the walk."""
        self._check_time(frame)
        looking = self._tracker.wants_detection()
        detections = self._detector.detect(frame, looking) if looking else []
        proposals = self._tracker.propose(detections, frame.stamp_ns)
        landmarks = self._locate(frame, proposals)
        return self._tracker.update(
            proposals,
            landmarks,
            looked=looking is not Look.NONE,
            stamp_ns=frame.stamp_ns,
            colours=self._colours(frame, proposals, landmarks),
        )

    def _colours(
        self, frame: Frame, proposals: Sequence[Proposal], landmarks: Sequence[Landmarks]
    ) -> list[Float32 | None]:
        """Read how people look whose faces are new, found again, or due."""
        wanted = [
            self._tracker.wants_colours(proposal, frame.stamp_ns)
            and bool(np.isfinite(found.points_px).all())
            for proposal, found in zip(proposals, landmarks)
        ]
        if not any(wanted):
            return [None] * len(proposals)
        rois = [
            roi_from_landmarks(found.points_px) if is_wanted else proposal.roi
            for proposal, found, is_wanted in zip(proposals, landmarks, wanted)
        ]
        return signatures(frame.pixels, rois, wanted)

    def _check_time(self, frame: Frame) -> None:
        """Refuse a frame that is not newer than the last one."""
        if self._last_stamp_ns is not None and frame.stamp_ns <= self._last_stamp_ns:
            raise FrameError(
                f'frame {frame.sequence}: expected a stamp after {self._last_stamp_ns} ns, found '
                f'{frame.stamp_ns} ns; reset when time starts again',
                DropReason.TIME_BACK.value,
            )
        self._last_stamp_ns = frame.stamp_ns

    def _locate(self, frame: Frame, proposals: Sequence[Proposal]) -> list[Landmarks]:
        """Read the landmarks of all faces at once, and of new ones again from a better ROI."""
        landmarks = self._landmarker.locate(frame, [proposal.roi for proposal in proposals])
        new = [index for index, proposal in enumerate(proposals) if proposal.is_new]
        if new:
            rois = [roi_from_landmarks(landmarks[index].points_px) for index in new]
            for index, better in zip(new, self._landmarker.locate(frame, rois)):
                landmarks[index] = better
        return landmarks

    def _recognise(
        self, frame: Frame, faces: Sequence[Face], halves: Halves
    ) -> tuple[tuple[FaceState, ...], tuple[ExpressionEvent, ...]]:
        """Recognise the faces that are looked at in one batch, and follow each over time."""
        aligned = self._align(frame, faces, halves)
        looked = (
            [True] * len(faces)
            if self._attention.looks_at_all
            else self._attention.choose(list(map(_glance, faces, aligned)))
        )
        seen = [(face, crop) for face, crop, look in zip(faces, aligned, looked) if look]
        expressions = [
            self._actions.add(
                face, crop, self._adapter.adapt(face.face_id, expression, stamp_ns=frame.stamp_ns)
            )
            for (face, crop), expression in zip(
                seen, self._recogniser.recognise([crop for _, crop in seen])
            )
        ]
        followed = self._temporal.update_all(
            [
                Observation(face.face_id, expression, face.quality.score, face.stamp_ns)
                for (face, _), expression in zip(seen, expressions)
            ]
        )
        for (face, _), state in zip(seen, followed):
            self._told[face.face_id] = state
            self._attention.saw(face.face_id, state.phase, state.expression.confidence)
        for face, crop, look in zip(faces, aligned, looked):
            if not look:
                self._repeat(face, crop)
        self._judge_clips(frame, faces)
        events = tuple(event for state in followed for event in state.events)
        return tuple(self._state(face, self._told[face.face_id]) for face in faces), events

    def _repeat(self, face: Face, crop: AlignedFace) -> None:
        """Tell of a face that was not looked at what was told last, with its new action units."""
        last = self._told[face.face_id]
        expression = self._actions.add(face, crop, last.expression)
        self._told[face.face_id] = replace(last, expression=expression, events=())

    def _judge_clips(self, frame: Frame, faces: Sequence[Face]) -> None:
        """Let the clip model keep what it needs of this frame, and judge when its turn comes."""
        if self._clips is None:
            return
        for face in faces:
            if self._clips.wants(face.face_id, frame.stamp_ns):
                crop = align(frame, face, self._clips.size)
                self._clips.add(face.face_id, crop.pixels, frame.stamp_ns)
        self._clips.judge(frame.stamp_ns)

    def _forget(self, ended: Sequence[str]) -> tuple[ExpressionEvent, ...]:
        """Drop faces that left in every room, and end what they were expressing."""
        self._actions.forget(ended)
        self._attention.forget(ended)
        if self._clips is not None:
            self._clips.forget(ended)
        for face_id in ended:
            self._told.pop(face_id, None)
        return self._temporal.forget(ended)

    def _align(self, frame: Frame, faces: Sequence[Face], halves: Halves) -> list[AlignedFace]:
        """Turn all faces upright."""
        if self._device is not None:
            return self._device.recogniser.align(frame, faces)
        size = self._recogniser.engine.manifest.input.width
        return [align(frame, face, size, halves) for face in faces]

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


def _reference(config: AdaptationConfig, manifest: Manifest) -> Reference | None:
    """Return what the model says of ordinary faces, where something is corrected by it."""
    if not (config.person or config.room):
        return None
    try:
        return Reference.from_options(manifest.options, manifest.labels)
    except ConfigError as error:
        raise ModelError(f"model '{manifest.id}': options.{error}") from None


def load_temporal(config: PipelineConfig, labels: tuple[str, ...] = EMOTIONS) -> Temporal:
    """Return what follows faces over time.

    :param labels: those of the static model.
    :raises ModelError: no such model, or one for other labels.
    """
    if config.temporal_model in ('', FILTER):
        return TemporalFilter(config.temporal)
    engine = load_engine(
        config.temporal_model, Task.TEMPORAL_EXPRESSION, config.device, config.precision
    )
    if engine.manifest.labels != labels:
        raise ModelError(
            f'temporal_model: expected a model for the labels {list(labels)}, found '
            f"'{engine.manifest.id}' for {list(engine.manifest.labels)}; set temporal_model to "
            f"'{FILTER}'"
        )
    return TemporalModel(engine, config.temporal)


def load_clips(config: PipelineConfig) -> ClipRecogniser | None:
    """Return what judges clips, None where nothing is asked for; raises ModelError."""
    if not config.clip_model:
        return None
    engine = load_engine(config.clip_model, Task.CLIP_EXPRESSION, config.device, config.precision)
    return ClipRecogniser(engine, config.clip_sampling)


def _glance(face: Face, crop: AlignedFace) -> Glance:
    """Return where a face's landmarks are in its crop, in shares of its side."""
    matrix = (crop.frame_to_aligned / crop.pixels.shape[0]).astype(np.float32)
    points = face.landmarks_px[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return Glance(face.face_id, face.stamp_ns, points)
