from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from fer_ros.alignment import Landmarker
from fer_ros.detection import DetectionConfig, FaceDetector, build_detector
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task
from fer_ros.types import Frame


@pytest.fixture(scope='session')
def engines():
    return build_detector(DetectionConfig(), Device.CPU).engines


@pytest.fixture
def detector(engines) -> FaceDetector:
    return FaceDetector(*engines)


@pytest.fixture(scope='session')
def landmarker() -> Landmarker:
    return Landmarker(load_engine('facemesh-478', Task.FACE_LANDMARKS))


@pytest.fixture(scope='session')
def portrait() -> Frame:
    """NASA's portrait of Eileen Collins (public domain); one face, 110 px wide."""
    return Frame(0, 'camera', 0, np.ascontiguousarray(skimage.data.astronaut()))
