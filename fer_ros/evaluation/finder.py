"""Which faces the pipeline finds, started again as often as a measurement asks for."""

from __future__ import annotations

from dataclasses import replace

from fer_ros.detection import DetectionConfig, FaceDetector, TrackedFace, TrackingConfig
from fer_ros.inference.factory import Device
from fer_ros.pipeline import Pipeline, PipelineConfig
from fer_ros.types import Frame


class FaceFinder:
    """The pipeline's first half, without recognition."""

    def __init__(
        self,
        detection: DetectionConfig,
        tracking: TrackingConfig,
        device: Device = Device.AUTO,
    ) -> None:
        """Load the nets."""
        self.detection = detection
        self._pipeline = Pipeline(
            PipelineConfig(device=device, detection=detection, tracking=tracking)
        )

    def restart(self, detection: DetectionConfig) -> None:
        """Forget everything but the nets."""
        self._pipeline.configure(replace(self._pipeline.config, detection=detection))
        self._pipeline.reset()

    def find(self, frame: Frame) -> list[TrackedFace]:
        """Take the next frame and return the faces seen in it."""
        return self._pipeline.find(frame)

    def detector(self, detection: DetectionConfig) -> FaceDetector:
        """Return the detector by itself, with other settings."""
        return FaceDetector(*self._pipeline.detector_engines, detection)
