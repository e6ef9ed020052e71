"""The walk itself: detection, landmarks, what is known of each face, expressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fer_ros.alignment import Halves, describe
from fer_ros.detection import (
    FaceDetector,
    FaceTracker,
    Look,
    Proposal,
    TrackedFace,
    build_detector,
    signatures,
)
from fer_ros.errors import FrameError
from fer_ros.inference.engine import Engine
from fer_ros.inference.serving import ServingEngine
from fer_ros.pipeline.config import FrameResult, PipelineConfig
from fer_ros.pipeline.expressions import Expressions
from fer_ros.pipeline.loading import load_landmarker, load_recogniser
from fer_ros.roi import roi_from_landmarks
from fer_ros.taxonomy import DropReason
from fer_ros.types import CameraIntrinsics, ExpressionEvent, Float32, Frame, Landmarks

if TYPE_CHECKING:  # needs torch: imported where a GPU runs the nets
    from fer_ros.device.rooms import DeviceRooms


class Pipeline:
    """Follows and recognises every face of one camera; frames go in by order of time."""

    def __init__(self, config: PipelineConfig | None = None) -> None:
        """Load the models; raises ModelError where one is missing, corrupt or refused."""
        self._config = config or PipelineConfig()
        device = self._config.device, self._config.precision
        self._detector: FaceDetector = build_detector(self._config.detection, *device)
        self._landmarker = load_landmarker(self._config)
        self._expressions = Expressions(self._config, load_recogniser(self._config))
        self._tracker = FaceTracker(self._config.tracking)
        self._last_stamp_ns: int | None = None
        self._device: DeviceRooms | None = None
        self._move_to_device()

    def _move_to_device(self) -> None:
        """Keep the frame's pixels where the nets are, if torch runs all that read them."""
        recogniser = self._expressions.recogniser
        engines = (*self._detector.engines, self._landmarker.engine, recogniser.engine)
        if not all(engine.backend.startswith('torch-') for engine in engines):
            return
        from fer_ros.device.rooms import on_device

        moved = on_device(self._detector, self._landmarker, recogniser)
        if moved is not None:
            self._device, self._detector = moved, moved.detector
            self._landmarker = moved.landmarker
            self._expressions.move(moved.recogniser, moved.recogniser.align)

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
    def expressions(self) -> Expressions:
        """The second half of the walk."""
        return self._expressions

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
        return self._expressions.unreadable

    @property
    def skipped(self) -> dict[str, int]:
        """How many faces were not looked at though they were there, by reason."""
        return self._expressions.skipped

    @property
    def device_failed(self) -> bool:
        """Whether a device failed in mid-run, so that nets go on where they are slower."""
        lost = self._device is not None and bool(self._device.guard.failure)
        return lost or any(isinstance(e, ServingEngine) and e.failed for e in self._engines)

    @property
    def _engines(self) -> tuple[Engine, ...]:
        return (*self._detector.engines, self._landmarker.engine, *self._expressions.engines)

    def configure(self, config: PipelineConfig) -> None:
        """Take new settings from the next frame on; models and device stay as they were."""
        self._config = config
        self._detector.config = config.detection
        self._tracker.config = config.tracking
        self._expressions.configure(config)

    def reset(self) -> None:
        """Forget every face and the time: the same frames then give the same numbers again."""
        self._detector.reset()
        self._tracker.reset()
        self._expressions.reset()
        self._last_stamp_ns = None

    def end(self) -> tuple[ExpressionEvent, ...]:
        """End what every face was expressing: no more frames come before :meth:`reset`."""
        return self._expressions.forget(self._tracker.tracked())

    def process(self, frame: Frame, intrinsics: CameraIntrinsics | None = None) -> FrameResult:
        """Take the next frame.

        :param intrinsics: without them, head positions are not in metres.
        :raises FrameError: its stamp is not after the last frame's.
        """
        halves = Halves(frame.pixels)
        found = self.find(frame)
        known = self._expressions.known(found, frame.stamp_ns)
        faces = [
            describe(frame, one.face_id, one.landmarks, intrinsics, halves=halves, known=quality)
            for one, quality in zip(found, known)
        ]
        looked = [quality is None for quality in known]
        states, events = self._expressions.recognise(frame, faces, looked, halves)
        ended = self._tracker.ended()
        events += self._expressions.forget(ended)
        return FrameResult(frame.stamp_ns, states, self._tracker.tracked(), ended, events)

    def find(self, frame: Frame) -> list[TrackedFace]:
        """Take the next frame and return the faces seen in it: the first half of the walk."""
        self._check_time(frame)
        looking = self._tracker.wants_detection(frame.stamp_ns)
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
                f'{frame.stamp_ns} ns; stamp every image, and reset when time starts again',
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
