"""The first half of the pipeline's walk: which faces are in a frame, and where."""

from __future__ import annotations

from fer_ros.alignment import Landmarker
from fer_ros.detection import (
    DetectionConfig,
    FaceDetector,
    FaceTracker,
    TrackedFace,
    TrackingConfig,
    build_detector,
)
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task
from fer_ros.roi import roi_from_landmarks
from fer_ros.types import Frame


class FaceFinder:
    """Detector, mesh and tracker, as the pipeline walks them, without recognition."""

    def __init__(
        self,
        detection: DetectionConfig,
        tracking: TrackingConfig,
        landmark_model: str = 'facemesh-478',
        device: Device = Device.AUTO,
    ) -> None:
        """Load the nets."""
        self.engines = build_detector(detection, device).engines
        self._landmarker = Landmarker(load_engine(landmark_model, Task.FACE_LANDMARKS, device))
        self.detection = detection
        self.tracking = tracking
        self.restart(detection)

    def restart(self, detection: DetectionConfig) -> None:
        """Forget everything but the nets."""
        self.detector = FaceDetector(*self.engines, detection)
        self.tracker = FaceTracker(self.tracking)

    def find(self, frame: Frame) -> list[TrackedFace]:
        """Take the next frame and return the faces seen in it."""
        looking = self.tracker.wants_detection()
        found = self.detector.detect(frame) if looking else []
        proposals = self.tracker.propose(found, frame.stamp_ns)
        landmarks = self._landmarker.locate(frame, [proposal.roi for proposal in proposals])
        for index, proposal in enumerate(proposals):
            if proposal.is_new:
                better = roi_from_landmarks(landmarks[index].points_px)
                landmarks[index] = self._landmarker.locate(frame, [better])[0]
        return self.tracker.update(proposals, landmarks, looked=looking, stamp_ns=frame.stamp_ns)
