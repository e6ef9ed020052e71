from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from portrait import PORTRAIT_ROI, frame_of

from fer_ros.alignment.canonical import canonical_face
from fer_ros.alignment.pose import FACING, euler, head_pose, quaternion
from fer_ros.errors import DataError
from fer_ros.types import CameraIntrinsics, RotatedRoi

CAMERA = CameraIntrinsics(1280, 720, 1100.0, 1100.0, 640.0, 360.0)


def turn(axis, degrees):
    """Right-handed rotation about a head axis: 0 x (out of the face), 1 y (left), 2 z (up)."""
    vector = np.zeros(3)
    vector[axis] = math.radians(degrees)
    return cv2.Rodrigues(vector)[0]


def project(rotation, translation_m, camera=CAMERA):
    """Landmarks as a camera sees the canonical face; z in pixels as the nets give it."""
    points = canonical_face().points_m @ rotation.T + translation_m
    x = camera.fx * points[:, 0] / points[:, 2] + camera.cx
    y = camera.fy * points[:, 1] / points[:, 2] + camera.cy
    # The nets' depth is relative to about the middle of the head.
    middle = points[:, 2].mean()
    z = (points[:, 2] - middle) / middle * camera.fx
    return np.stack([x, y, z], axis=1).astype(np.float32)


def degrees(pose):
    return np.degrees([pose.yaw_rad, pose.pitch_rad, pose.roll_rad])


def test_axes_of_the_canonical_face():
    face = canonical_face()
    np.testing.assert_array_equal(face.points_m[168], [0, 0, 0])
    assert face.points_m[1, 0] > 0.01  # the tip of the nose is out of the face
    assert face.points_m[263, 1] > 0.03 > -0.03 > face.points_m[33, 1]  # left eye, right eye
    assert face.points_m[10, 2] > 0 > face.points_m[152, 2]  # forehead, chin
    assert 0.12 < np.ptp(face.points_m[:, 1]) < 0.18  # as wide as a face
    assert face.weights.sum() == pytest.approx(1)


def test_a_face_to_the_camera():
    pose = head_pose(project(FACING, [0.0, 0.0, 1.0]), CAMERA)
    np.testing.assert_allclose(pose.rotation, FACING, atol=1e-3)
    np.testing.assert_allclose(pose.translation_m, [0, 0, 1], atol=2e-3)
    np.testing.assert_allclose(degrees(pose), 0, atol=0.05)


@pytest.mark.parametrize('yaw', [-60, -20, 0, 35])
@pytest.mark.parametrize('pitch', [-30, 0, 25])
@pytest.mark.parametrize('roll', [-40, 0, 90])
@pytest.mark.parametrize('place', [(0.0, 0.0, 0.6), (0.3, -0.2, 1.2), (-0.9, 0.3, 2.5)])
def test_projections_come_back(yaw, pitch, roll, place):
    rotation = FACING @ turn(2, yaw) @ turn(1, pitch) @ turn(0, roll)
    pose = head_pose(project(rotation, place), CAMERA)
    error = cv2.Rodrigues(rotation.T @ pose.rotation)[0]
    assert np.degrees(np.linalg.norm(error)) < 0.5
    np.testing.assert_allclose(degrees(pose), [yaw, pitch, roll], atol=0.6)
    np.testing.assert_allclose(pose.translation_m, place, rtol=0.01, atol=0.01)


def test_signs_by_what_the_camera_sees():
    nose, chin, brow = 1, 152, 10
    rest = project(FACING, [0.0, 0.0, 1.0])
    left = project(FACING @ turn(2, 20), [0.0, 0.0, 1.0])
    assert left[nose, 0] > rest[nose, 0]  # their left is the image's right
    assert head_pose(left, CAMERA).yaw_rad > 0.3
    down = project(FACING @ turn(1, 20), [0.0, 0.0, 1.0])
    assert down[nose, 1] > rest[nose, 1]
    assert head_pose(down, CAMERA).pitch_rad > 0.3
    tilted = project(FACING @ turn(0, 20), [0.0, 0.0, 1.0])
    assert tilted[brow, 0] < tilted[chin, 0]  # crown to the image's left: their right shoulder
    assert head_pose(tilted, CAMERA).roll_rad > 0.3


def test_mirror_turns_yaw_and_roll_about(settled, portrait, portrait_landmarks):
    camera = CameraIntrinsics.guess(portrait.width, portrait.height)
    mirrored = frame_of(portrait.pixels[:, ::-1])
    roi = RotatedRoi(portrait.width - PORTRAIT_ROI.centre_x, PORTRAIT_ROI.centre_y, 165.0, -0.05)
    there = head_pose(settled(mirrored, roi).points_px, camera)
    here = head_pose(portrait_landmarks.points_px, camera)
    np.testing.assert_allclose(degrees(there), degrees(here) * [-1, 1, -1], atol=3)
    np.testing.assert_allclose(there.translation_m, here.translation_m * [-1, 1, 1], atol=0.02)
    # She tilts her head to her left; the crown of it is above the image's middle.
    assert -8 < degrees(here)[2] < -1
    assert here.translation_m[1] < 0


def test_turning_the_image_is_roll(settled, portrait, portrait_landmarks):
    camera = CameraIntrinsics.guess(portrait.width, portrait.height)
    turned = frame_of(np.rot90(portrait.pixels))  # counterclockwise: the crown to the left
    roi = RotatedRoi(
        PORTRAIT_ROI.centre_y, portrait.width - PORTRAIT_ROI.centre_x, 165.0, -math.pi / 2
    )
    here = head_pose(portrait_landmarks.points_px, camera)
    there = head_pose(settled(turned, roi).points_px, camera)
    counterclockwise = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    error = cv2.Rodrigues(there.rotation.T @ counterclockwise @ here.rotation)[0]
    assert np.degrees(np.linalg.norm(error)) < 2
    assert degrees(there)[2] > 60


def test_guessed_and_true_camera_agree_on_the_turn(portrait_landmarks):
    turns = [
        head_pose(portrait_landmarks.points_px, CameraIntrinsics(512, 512, f, f, 225.0, 122.0))
        for f in (400.0, 1500.0)
    ]
    np.testing.assert_allclose(degrees(turns[0]), degrees(turns[1]), atol=4)
    distances = [pose.translation_m[2] for pose in turns]
    assert distances[1] / distances[0] == pytest.approx(1500 / 400, rel=0.06)


@pytest.mark.parametrize(
    ('axis', 'angle', 'expected'),
    [
        (0, 0, (0, 0, 0, 1)),
        (0, 90, (math.sqrt(0.5), 0, 0, math.sqrt(0.5))),
        (1, -60, (0, -0.5, 0, math.sqrt(0.75))),
        (2, 170, (0, 0, math.sin(math.radians(85)), math.cos(math.radians(85)))),
    ],
)
def test_quaternion_by_hand(axis, angle, expected):
    np.testing.assert_allclose(quaternion(turn(axis, angle)), expected, atol=1e-12)


def test_quaternion_of_any_turn_gives_it_back():
    rng = np.random.default_rng(0)
    for _ in range(200):
        rotation = cv2.Rodrigues(rng.normal(0, 2, 3))[0]
        x, y, z, w = quaternion(rotation)
        assert w >= 0
        assert math.hypot(x, y, z, w) == pytest.approx(1)
        again = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        np.testing.assert_allclose(again, rotation, atol=1e-9)


@pytest.mark.parametrize('axis', [0, 1, 2])
def test_half_turns_have_a_quaternion(axis):
    expected = [0.0, 0.0, 0.0, 0.0]
    expected[axis] = 1.0
    np.testing.assert_allclose(np.abs(quaternion(turn(axis, 180))), expected, atol=1e-9)


def test_euler_by_hand():
    rotation = turn(2, 30) @ turn(1, -40) @ turn(0, 50)
    np.testing.assert_allclose(np.degrees(euler(rotation)), [30, -40, 50])


@pytest.mark.parametrize('value', [np.nan, np.inf, 7.0])
def test_useless_landmarks_are_refused(value):
    with pytest.raises(DataError, match='expected'):
        head_pose(np.full((478, 3), value, np.float32), CAMERA)
