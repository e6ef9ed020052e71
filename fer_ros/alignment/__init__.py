"""From where a face is to what is known about it: landmarks, pose, gaze, quality and crops."""

from __future__ import annotations

from fer_ros.alignment.crop import similarity_to_template, warp
from fer_ros.alignment.dlib70 import dlib70
from fer_ros.alignment.faces import align, crop, describe
from fer_ros.alignment.gaze import Gaze, gaze, gaze_quaternion
from fer_ros.alignment.halves import Halves
from fer_ros.alignment.landmarker import Landmarker, LandmarkerConfig, crop_face
from fer_ros.alignment.pose import euler, head_pose, quaternion
from fer_ros.alignment.quality import QualityConfig, assess_quality

__all__ = [
    'Gaze',
    'Halves',
    'Landmarker',
    'LandmarkerConfig',
    'QualityConfig',
    'align',
    'assess_quality',
    'crop',
    'crop_face',
    'describe',
    'dlib70',
    'euler',
    'gaze',
    'gaze_quaternion',
    'head_pose',
    'quaternion',
    'similarity_to_template',
    'warp',
]
