from __future__ import annotations

import math

import numpy as np
import pytest

from fer_ros.alignment import describe, gaze, gaze_quaternion
from fer_ros.alignment.canonical import canonical_face
from fer_ros.alignment.pose import FACING
from fer_ros.taxonomy import LandmarkScheme, QualityFlag
from fer_ros.types import CameraIntrinsics, Face, FaceQuality, HeadPose, Roi

CAMERA = CameraIntrinsics(1280, 720, 1100.0, 1100.0, 640.0, 360.0)
PLACE = np.array([0.0, 0.0, 0.8])


def face_looking(eye_yaw, eye_pitch, *, rotation=FACING, lids=1.0, points=478):
    """A face whose irises sit where eyes turned that far (degrees, left and down) bring them."""
    mesh = canonical_face().points_m
    for upper, lower in ((159, 145), (386, 374)):
        middle = (mesh[upper] + mesh[lower]) / 2
        mesh = mesh.copy()
        mesh[upper], mesh[lower] = (
            middle + lids * (mesh[upper] - middle),
            middle + lids * (mesh[lower] - middle),
        )
    yaw, pitch = math.radians(eye_yaw), math.radians(eye_pitch)
    line = np.array(
        [math.cos(yaw) * math.cos(pitch), math.sin(yaw) * math.cos(pitch), -math.sin(pitch)]
    )
    irises = []
    for right, left in ((33, 133), (362, 263)):
        ball = (mesh[right] + mesh[left]) / 2 + [-0.0045, 0.0, 0.0015]
        irises += [ball + 0.0105 * line] * 5
    space = np.concatenate([mesh, irises])[:points] @ rotation.T + PLACE
    scale = CAMERA.fx / PLACE[2]
    landmarks = np.stack(
        [
            space[:, 0] * scale + CAMERA.cx,
            space[:, 1] * scale + CAMERA.cy,
            (space[:, 2] - PLACE[2]) * scale,
        ],
        axis=1,
    )
    scheme = LandmarkScheme.MEDIAPIPE_478 if points == 478 else LandmarkScheme.MEDIAPIPE_468
    quality = FaceQuality(1.0, QualityFlag.NONE, 200.0, 1.0, 0.5)
    return Face(
        'a', 0, Roi(0, 0, 1, 1), 1.0, landmarks.astype(np.float32), scheme,
        HeadPose(rotation, PLACE, 0.0, 0.0, 0.0), quality,
    )  # fmt: skip


@pytest.mark.parametrize('yaw', [-25, 0, 15])
@pytest.mark.parametrize('pitch', [-15, 0, 10])
def test_eyes_of_a_made_face_come_back(yaw, pitch):
    found = gaze(face_looking(yaw, pitch))
    assert found.from_eyes
    assert math.degrees(found.eye_yaw_rad) == pytest.approx(yaw, abs=1.5)
    assert math.degrees(found.eye_pitch_rad) == pytest.approx(pitch, abs=1.5)


def test_gaze_axes_are_an_optical_frame():
    rotation = gaze(face_looking(0, 0)).rotation
    # z towards the camera, x to the subject's right (the image's left), y down.
    np.testing.assert_allclose(rotation, [[-1, 0, 0], [0, 1, 0], [0, 0, -1]], atol=0.03)
    left = gaze(face_looking(20, 0)).rotation[:, 2]
    assert left[0] > 0.3  # to their left: the image's right
    down = gaze(face_looking(0, 15)).rotation[:, 2]
    assert down[1] > 0.2
    np.testing.assert_allclose(np.linalg.det(rotation), 1.0)


def test_eyes_are_bounded_and_finite():
    face = face_looking(0, 0)
    for shift in (-500.0, 500.0):
        wild = face.landmarks_px.copy()
        wild[468:] += [shift, shift, 0]
        moved = Face(
            'a', 0, face.roi, 1.0, wild, face.scheme, face.head_pose, face.quality
        )  # fmt: skip
        found = gaze(moved)
        assert abs(found.eye_yaw_rad) <= math.radians(40) + 1e-9
        assert abs(found.eye_pitch_rad) <= math.radians(30) + 1e-9
        assert np.isfinite(found.rotation).all()


@pytest.mark.parametrize('options', [{'lids': 0.1}, {'points': 468}])
def test_without_irises_the_head_points(options):
    found = gaze(face_looking(25, 10, **options))
    assert not found.from_eyes
    assert (found.eye_yaw_rad, found.eye_pitch_rad) == (0.0, 0.0)
    np.testing.assert_allclose(found.rotation[:, 2], FACING[:, 0], atol=1e-12)


def test_without_a_pose_there_is_no_gaze():
    face = face_looking(0, 0)
    blind = Face(
        'a', 0, face.roi, 1.0, face.landmarks_px, face.scheme, None, face.quality
    )  # fmt: skip
    assert gaze(blind) is None
    assert gaze_quaternion(blind) == (0.0, 0.0, 0.0, 1.0)


def test_portrait_looks_about_at_the_camera(portrait, portrait_landmarks):
    found = gaze(describe(portrait, 'a', portrait_landmarks))
    position = describe(portrait, 'a', portrait_landmarks).head_pose.translation_m
    towards = -position / np.linalg.norm(position)
    assert math.degrees(math.acos(found.rotation[:, 2] @ towards)) < 12
