"""The detection room: frames in, faces with stable ids out."""

from fer_ros.detection.appearance import signatures
from fer_ros.detection.detector import DetectionConfig, FaceDetector, FarFaces, build_detector
from fer_ros.detection.look import Look
from fer_ros.detection.track import KNOWN_NS
from fer_ros.detection.tracker import FaceTracker, Proposal, TrackedFace, TrackingConfig

__all__ = [
    'KNOWN_NS',
    'DetectionConfig',
    'FaceDetector',
    'FaceTracker',
    'FarFaces',
    'Look',
    'Proposal',
    'TrackedFace',
    'TrackingConfig',
    'build_detector',
    'signatures',
]
