"""A real face that every machine has: NASA's portrait of Eileen Collins (public domain)."""

from __future__ import annotations

import pytest
import skimage.data
from portrait import PORTRAIT_ROI, frame_of

from fer_ros.alignment import Landmarker
from fer_ros.inference.manifest import Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest
from fer_ros.roi import roi_from_landmarks
from fer_ros.types import Frame, Landmarks, RotatedRoi


@pytest.fixture(scope='session')
def landmarker() -> Landmarker:
    manifest = find_manifest('facemesh-478', Task.FACE_LANDMARKS)
    return Landmarker(OnnxRuntimeEngine(manifest))


@pytest.fixture(scope='session')
def portrait() -> Frame:
    return frame_of(skimage.data.astronaut())


@pytest.fixture(scope='session')
def settled(landmarker):
    """Look again from its own landmarks until the ROI stands still."""

    def look(frame: Frame, roi: RotatedRoi) -> Landmarks:
        for _ in range(4):
            found = landmarker.locate(frame, [roi])[0]
            roi = roi_from_landmarks(found.points_px)
        return found

    return look


@pytest.fixture(scope='session')
def portrait_landmarks(settled, portrait) -> Landmarks:
    return settled(portrait, PORTRAIT_ROI)
