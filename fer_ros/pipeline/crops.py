"""Faces that others have found and cut out: the walk without its first rooms."""

from __future__ import annotations

from collections.abc import Iterable

from fer_ros.alignment import Halves, describe
from fer_ros.errors import FrameError
from fer_ros.pipeline.config import FrameResult, PipelineConfig
from fer_ros.pipeline.pipeline import Pipeline
from fer_ros.roi import distance, roi_from_detection, roi_from_landmarks
from fer_ros.taxonomy import DropReason
from fer_ros.types import ExpressionEvent, Frame, Landmarks, RotatedRoi


class CropPipeline(Pipeline):
    """Recognises and follows faces of which each frame shows one, upright and in the middle.

    Crops are small: they stay in the host's memory, whatever runs the nets.
    """

    def __init__(self, config: PipelineConfig | None = None) -> None:
        """Load the models; raises ModelError where one is missing, corrupt or refused."""
        super().__init__(config)
        self._seen: dict[str, tuple[int, RotatedRoi | None]] = {}

    def _move_to_device(self) -> None:
        """Leave pixels where they are."""

    def reset(self) -> None:
        """Forget every face."""
        super().reset()
        self._seen.clear()

    def end(self) -> tuple[ExpressionEvent, ...]:
        """End what every face was expressing."""
        return self.forget(tuple(self._seen))

    def process_crop(self, face_id: str, frame: Frame) -> FrameResult:
        """Take the next picture of one face; its result has no face where the mesh finds none.

        :raises FrameError: its stamp is not after this face's last one.
        """
        last_ns, roi = self._seen.get(face_id, (None, None))
        if last_ns is not None and frame.stamp_ns <= last_ns:
            raise FrameError(
                f'face {face_id}: expected a stamp after {last_ns} ns, found {frame.stamp_ns} ns',
                DropReason.TIME_BACK.value,
            )
        landmarks = self._locate_in_crop(frame, roi)
        if not self._convinces(landmarks):
            self._seen[face_id] = frame.stamp_ns, None
            return FrameResult(frame.stamp_ns, (), (face_id,), ())
        self._seen[face_id] = frame.stamp_ns, roi_from_landmarks(landmarks.points_px)
        halves = Halves(frame.pixels)
        face = describe(frame, face_id, landmarks, halves=halves)
        states, events = self.expressions.recognise(frame, [face], [True], halves)
        return FrameResult(frame.stamp_ns, states, (face_id,), (), events)

    def forget(self, face_ids: Iterable[str]) -> tuple[ExpressionEvent, ...]:
        """Drop faces that left, and end what they were expressing."""
        left = tuple(face_ids)
        for face_id in left:
            self._seen.pop(face_id, None)
        return self.expressions.forget(left)

    def _locate_in_crop(self, frame: Frame, roi: RotatedRoi | None) -> Landmarks:
        """Read landmarks where they were last, else where the picture has its face."""
        if roi is not None:
            return self._landmarker.locate(frame, [roi])[0]
        side = float(max(frame.width, frame.height))
        whole = RotatedRoi(frame.width / 2, frame.height / 2, side, 0.0)
        landmarks = self._landmarker.locate(frame, [whole])[0]
        if not self._convinces(landmarks):  # with much around the face, it has to be looked for
            found = map(roi_from_detection, self._detector.detect(frame))
            nearest = min(found, key=lambda one: distance(one, whole), default=None)
            if nearest is not None:
                landmarks = self._landmarker.locate(frame, [nearest])[0]
        if not self._convinces(landmarks):
            return landmarks
        return self._landmarker.locate(frame, [roi_from_landmarks(landmarks.points_px)])[0]

    def _convinces(self, landmarks: Landmarks) -> bool:
        return landmarks.presence >= self.config.tracking.min_presence
