from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from made_faces import expression, face, pose, quality, state

from fer_ros.errors import DataError
from fer_ros.taxonomy import LandmarkScheme, QualityFlag
from fer_ros.types import (
    ActionUnit,
    AlignedFace,
    CameraIntrinsics,
    Detection,
    Expression,
    Frame,
    HeadPose,
    Landmarks,
    Roi,
    RotatedRoi,
)

ROI = Roi(0.0, 0.0, 10.0, 10.0)
ROTATED = RotatedRoi(5.0, 5.0, 10.0, 0.0)
NAN = math.nan


def made_expression(probabilities: Any, **fields: Any) -> Expression:
    values = {'valence': 0.0, 'arousal': 0.0, 'confidence': 0.5, 'model_ids': ()}
    return Expression(('a', 'b'), probabilities, **{**values, **fields})


def pair(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ('make', 'words'),
    [
        (
            lambda: Frame(0, 'camera', 0, [[1, 2, 3]]),
            'Frame.pixels: expected a NumPy array, found list; convert it with numpy.asarray',
        ),
        (
            lambda: Frame(0, 'camera', 0, np.zeros((4, 5, 3), np.float32)),
            'Frame.pixels: expected (any, any, 3) uint8, found (4, 5, 3) float32; ',
        ),
        (
            lambda: Frame(0, 'camera', 0, np.zeros((4, 5), np.uint8)),
            'Frame.pixels: expected (any, any, 3) uint8, found (4, 5) uint8; ',
        ),
        (
            lambda: Frame(0, 'camera', 0, np.zeros((0, 5, 3), np.uint8)),
            'Frame.pixels: expected an image, found (0, 5, 3)',
        ),
        (
            lambda: Detection(ROI, 1.5, np.zeros((6, 2), np.float32)),
            'Detection.score: expected a number in [0, 1], found 1.5',
        ),
        (
            lambda: Detection(ROI, 0.5, np.zeros((5, 2), np.float32)),
            'Detection.keypoints_px: expected (6, 2) float32, found (5, 2) float32; ',
        ),
        (
            lambda: Landmarks(
                ROTATED, np.zeros((478, 3), np.float32), NAN, LandmarkScheme.MEDIAPIPE_478
            ),
            'Landmarks.presence: expected a number in [0, 1], found nan',
        ),
        (
            lambda: Landmarks(
                ROTATED, np.zeros((478, 2), np.float32), 1.0, LandmarkScheme.MEDIAPIPE_478
            ),
            'Landmarks.points_px: expected (any, 3) float32, found (478, 2) float32; ',
        ),
        (
            lambda: HeadPose(np.eye(3, dtype=np.float32), np.zeros(3), 0.0, 0.0, 0.0),
            'HeadPose.rotation: expected (3, 3) float64, found (3, 3) float32; ',
        ),
        (
            lambda: HeadPose(np.eye(3), np.zeros(2), 0.0, 0.0, 0.0),
            'HeadPose.translation_m: expected (3) float64, found (2,) float64; ',
        ),
        (lambda: quality(-0.1), 'FaceQuality.score: expected a number in [0, 1], found -0.1'),
        (
            lambda: face(face_id='1a'),
            "Face.face_id: expected a letter first (REP-155), found '1a'",
        ),
        (lambda: face(face_id=''), "Face.face_id: expected a letter first (REP-155), found ''"),
        (lambda: face(score=2.0), 'Face.score: expected a number in [0, 1], found 2.0'),
        (
            lambda: face(landmarks_px=np.full((478, 3), np.inf, np.float32)),
            'Face.landmarks_px: expected finite numbers, found NaN or infinity',
        ),
        (
            lambda: AlignedFace('f1', 0, np.zeros((8, 8, 3), np.uint8), np.eye(3), quality(1.0)),
            'AlignedFace.frame_to_aligned: expected (2, 3) float64, found (3, 3) float64; ',
        ),
        (
            lambda: ActionUnit(1.01, 0.5),
            'ActionUnit.intensity: expected a number in [0, 1], found 1.01',
        ),
        (
            lambda: ActionUnit(0.5, math.inf),
            'ActionUnit.confidence: expected a number in [0, 1], found inf',
        ),
        (
            lambda: made_expression(pair(0.5, 0.25, 0.25)),
            'Expression.probabilities: expected (2) float32, found (3,) float32; ',
        ),
        (
            lambda: made_expression(pair(0.5, 0.25)),
            'Expression.probabilities: expected a distribution (sum 1), found sum 0.75',
        ),
        (
            lambda: made_expression(pair(1.5, -0.5)),
            'Expression.probabilities: expected a distribution',
        ),
        (
            lambda: made_expression(pair(NAN, 1.0)),
            'Expression.probabilities: expected a distribution (sum 1), found sum nan',
        ),
        (
            lambda: made_expression(pair(0.5, 0.5), valence=-1.5),
            'Expression.valence: expected a number in [-1, 1], found -1.5',
        ),
        (
            lambda: made_expression(pair(0.5, 0.5), arousal=NAN),
            'Expression.arousal: expected a number in [-1, 1], found nan',
        ),
        (
            lambda: state(intensity=1.5),
            'FaceState.intensity: expected a number in [0, 1], found 1.5',
        ),
        (
            lambda: Roi(0.0, 0.0, 0.0, 5.0),
            'Roi: expected finite numbers and a positive size, found (0.0, 0.0, 0.0, 5.0)',
        ),
        (lambda: Roi(NAN, 0.0, 5.0, 5.0), 'Roi: expected finite numbers'),
        (
            lambda: RotatedRoi(0.0, 0.0, -1.0, 0.0),
            'RotatedRoi: expected finite numbers and a positive size, found (0.0, 0.0, -1.0, 0.0)',
        ),
        (
            lambda: CameraIntrinsics(640, 480, 0.0, 500.0, 320.0, 240.0),
            'CameraIntrinsics: expected a positive size and a focal length of 0.01 to 1000 of its '
            'longer sides, found 640x480, fx=0.0, fy=500.0',
        ),
        (lambda: CameraIntrinsics(0, 480, 500.0, 500.0, 320.0, 240.0), 'found 0x480'),
        (lambda: CameraIntrinsics(640, 480, math.inf, 500.0, 320.0, 240.0), 'fx=inf'),
        (lambda: CameraIntrinsics(640, 480, 500.0, 500.0, NAN, 240.0), 'cx=nan'),
        # Numbers, but of no lens: every face would be lost in the arithmetic.
        (lambda: CameraIntrinsics(640, 480, 1e300, 500.0, 320.0, 240.0), 'fx=1e+300'),
        (lambda: CameraIntrinsics(640, 480, 500.0, 1e-300, 320.0, 240.0), 'fy=1e-300'),
        (lambda: CameraIntrinsics(640, 480, 500.0, 500.0, 320.0, -1e9), 'cy=-1000000000.0'),
    ],
)
def test_says_what_was_expected_and_found(make: Any, words: str) -> None:
    with pytest.raises(DataError) as caught:
        make()
    assert words in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_everything_is_frozen() -> None:
    for value, name in ((face(), 'score'), (state(), 'label'), (ROI, 'x'), (pose(), 'yaw_rad')):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, 1.0)


def test_size_of_a_frame() -> None:
    made = Frame(7, 'camera', 0, np.zeros((3, 5, 3), np.uint8))
    assert (made.width, made.height) == (5, 3)


def test_guessed_camera_sees_60_degrees_across_its_longer_side() -> None:
    # 300 px are seen from 300 / tan 30 degrees = 519.6 px away.
    for width, height in ((600, 400), (400, 600)):
        camera = CameraIntrinsics.guess(width, height)
        assert camera.fx == camera.fy == pytest.approx(519.6152, abs=1e-3)
        assert (camera.cx, camera.cy) == (width / 2, height / 2)


def test_camera_of_a_field_of_view() -> None:
    camera = CameraIntrinsics.of_fov(640, 480, 90.0)
    assert (camera.fx, camera.cx, camera.cy) == (pytest.approx(320.0), 320.0, 240.0)


def test_camera_of_another_size() -> None:
    camera = CameraIntrinsics(640, 480, 500.0, 400.0, 310.0, 250.0).scaled_to(320, 120)
    assert camera == CameraIntrinsics(320, 120, 250.0, 100.0, 155.0, 62.5)


@pytest.mark.parametrize(
    ('other', 'iou'),
    [
        (Roi(0.0, 0.0, 10.0, 10.0), 1.0),
        (Roi(5.0, 0.0, 10.0, 10.0), 50 / 150),
        (Roi(5.0, 5.0, 10.0, 10.0), 25 / 175),
        (Roi(10.0, 0.0, 10.0, 10.0), 0.0),
        (Roi(20.0, 20.0, 5.0, 5.0), 0.0),
    ],
)
def test_iou(other: Roi, iou: float) -> None:
    assert ROI.iou(other) == pytest.approx(iou)
    assert other.iou(ROI) == pytest.approx(iou)


def test_dominant_label_and_entropy() -> None:
    assert expression(anger=0.75).dominant == 'anger'
    assert expression(anger=1.0).entropy == pytest.approx(0.0, abs=1e-6)
    # ln 4 / ln 8: four of eight labels, all alike.
    four = expression(anger=0.25, fear=0.25, sadness=0.25)
    assert four.entropy == pytest.approx(2 / 3)


def test_a_single_label_has_no_entropy() -> None:
    one = Expression(('neutral',), np.ones(1, np.float32), 0.0, 0.0, 1.0, ())
    assert one.entropy == pytest.approx(0.0)


def test_names_of_quality_flags() -> None:
    assert QualityFlag.NONE.names() == ()
    flags = QualityFlag.OVEREXPOSED | QualityFlag.BLUR | QualityFlag.OCCLUDED_LOWER
    assert flags.names() == ('blur', 'occluded_lower', 'overexposed')
