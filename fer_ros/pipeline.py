"""The walk of a camera frame through the rooms: nodes, CLI and evaluation call nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from fer_ros.alignment import Landmarker, align, describe
from fer_ros.detection import (
    DetectionConfig,
    FaceDetector,
    FaceTracker,
    Proposal,
    TrackedFace,
    TrackingConfig,
    build_detector,
)
from fer_ros.errors import ConfigError, FrameError, ModelError
from fer_ros.inference.engine import Engine
from fer_ros.inference.factory import Device, Precision, load_engine
from fer_ros.inference.manifest import Manifest, Task
from fer_ros.inference.serving import ServingEngine
from fer_ros.recognition import (
    AdaptationConfig,
    Adapter,
    FaceActions,
    Observation,
    Reference,
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
    CameraIntrinsics,
    ExpressionEvent,
    Face,
    FaceState,
    Frame,
    Landmarks,
)

FILTER = 'filter'


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Models, device and the settings of every room.

    :param temporal_model: what follows each face over time; '' or 'filter': the plain filter.
    :param mirror: recognise each face and its mirror image: more accurate, twice the time.
    :param states_file: YAML of named states; '' is the shipped one, 'none' is no states.
    """

    device: Device = Device.AUTO
    precision: Precision = Precision.AUTO
    landmark_model: str = 'facemesh-478'
    expression_model: str = 'fer-static-r1'
    temporal_model: str = 'fer-temporal-r1'
    detection: DetectionConfig = field(default_factory=DetectionConfig)
    tracking: TrackingConfig = field(default_factory=TrackingConfig)
    mirror: bool = False
    trust: TrustConfig = field(default_factory=TrustConfig)
    temporal: TemporalConfig = field(default_factory=TemporalConfig)
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
        self._last_stamp_ns: int | None = None

    @property
    def config(self) -> PipelineConfig:
        """The configuration in force."""
        return self._config

    @property
    def detector_engines(self) -> tuple[Engine, Engine]:
        """The detector's nets: full range, short range."""
        return self._detector.engines

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
        return ' | '.join(dict.fromkeys(engine.reason for engine in self._engines))

    @property
    def unreadable(self) -> dict[str, int]:
        """How many faces gave no action units, by reason."""
        return self._actions.reader.unreadable

    @property
    def device_failed(self) -> bool:
        """Whether a device failed in mid-run, so that nets go on where they are slower."""
        return any(isinstance(e, ServingEngine) and e.failed for e in self._engines)

    @property
    def _engines(self) -> tuple[Engine, ...]:
        engines = (*self._detector.engines, self._landmarker.engine, self._recogniser.engine)
        if isinstance(self._temporal, TemporalModel):
            return (*engines, self._temporal.engine)
        return engines

    def configure(self, config: PipelineConfig) -> None:
        """Take new settings from the next frame on; models and device stay as they were."""
        self._config = config
        self._detector.config = config.detection
        self._tracker.config = config.tracking
        self._temporal.config = config.temporal
        self._adapter.config = config.adaptation

    def reset(self) -> None:
        """Forget every face and the time: the same frames then give the same numbers again."""
        self._detector.reset()
        self._tracker.reset()
        self._actions.reset()
        self._temporal.reset()
        self._adapter.reset()
        self._last_stamp_ns = None

    def process(self, frame: Frame, intrinsics: CameraIntrinsics | None = None) -> FrameResult:
        """Take the next frame.

        :param intrinsics: without them, head positions are not in metres.
        :raises FrameError: its stamp is not after the last frame's.
        """
        faces = [
            describe(frame, found.face_id, found.landmarks, intrinsics)
            for found in self.find(frame)
        ]
        states, events = self._recognise(frame, faces)
        ended = self._tracker.ended()
        self._actions.forget(ended)
        events += self._temporal.forget(ended)
        return FrameResult(frame.stamp_ns, states, self._tracker.tracked(), ended, events)

    def find(self, frame: Frame) -> list[TrackedFace]:
        """Take the next frame and return the faces seen in it: the first half of the walk."""
        self._check_time(frame)
        looking = self._tracker.wants_detection()
        detections = self._detector.detect(frame) if looking else []
        proposals = self._tracker.propose(detections, frame.stamp_ns)
        landmarks = self._locate(frame, proposals)
        return self._tracker.update(proposals, landmarks, looked=looking, stamp_ns=frame.stamp_ns)

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
        self, frame: Frame, faces: Sequence[Face]
    ) -> tuple[tuple[FaceState, ...], tuple[ExpressionEvent, ...]]:
        """Recognise all faces in one batch and follow each over time."""
        size = self._recogniser.engine.manifest.input.width
        aligned = [align(frame, face, size) for face in faces]
        expressions = [
            self._actions.add(
                face, crop, self._adapter.adapt(face.face_id, expression, stamp_ns=frame.stamp_ns)
            )
            for face, crop, expression in zip(faces, aligned, self._recogniser.recognise(aligned))
        ]
        followed = self._temporal.update_all(
            [
                Observation(face.face_id, expression, face.quality.score, face.stamp_ns)
                for face, expression in zip(faces, expressions)
            ]
        )
        events = tuple(event for state in followed for event in state.events)
        return tuple(map(self._state, faces, followed)), events

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
