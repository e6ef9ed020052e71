from __future__ import annotations

import numpy as np
import pytest

from fer_ros.alignment import align, crop, describe
from fer_ros.types import CameraIntrinsics, Roi


def test_describe(portrait, portrait_landmarks):
    camera = CameraIntrinsics(1024, 1024, 1200.0, 1200.0, 512.0, 512.0)  # twice the frame
    face = describe(portrait, 'abc', portrait_landmarks, camera)
    assert (face.face_id, face.stamp_ns, face.score) == ('abc', 5, portrait_landmarks.presence)
    assert face.landmarks_px is portrait_landmarks.points_px
    low, high = face.landmarks_px[:, :2].min(axis=0), face.landmarks_px[:, :2].max(axis=0)
    assert face.roi.x == pytest.approx(low[0] - 0.05 * (high - low)[0], abs=0.01)
    assert face.roi.height == pytest.approx(1.1 * (high - low)[1], abs=0.01)
    # A face is 14 cm wide: 93 px at 600 px focal length are 0.9 m.
    assert 0.75 < face.head_pose.translation_m[2] < 1.0


def test_describe_without_a_camera_still_has_angles(portrait, portrait_landmarks):
    face = describe(portrait, 'a', portrait_landmarks)
    assert abs(face.head_pose.yaw_rad) < 0.3


@pytest.mark.parametrize('size', [48, 112])
def test_aligned_eyes_are_level(portrait, portrait_landmarks, size):
    face = describe(portrait, 'a', portrait_landmarks)
    aligned = align(portrait, face, size)
    assert aligned.pixels.shape == (size, size, 3)
    assert (aligned.face_id, aligned.stamp_ns) == ('a', 5)
    assert aligned.quality is face.quality
    homogeneous = np.array([[*face.landmarks_px[k, :2], 1.0] for k in (468, 473)])
    right, left = homogeneous @ aligned.frame_to_aligned.T / size
    assert abs(left[1] - right[1]) < 0.03
    assert 0.25 < right[0] < 0.4 < 0.6 < left[0] < 0.75
    assert 0.3 < right[1] < 0.45
    # What the matrix says is what the pixels show: the pupils are darker than the cheeks below.
    for x, y in (right * size, left * size):
        column = aligned.pixels[:, int(x)].mean(axis=1)
        assert column[int(y)] + 40 < column[min(int(y + 0.2 * size), size - 1)]


def test_crop_keeps_to_the_frame(portrait):
    assert crop(portrait, Roi(10.2, 20.7, 30.0, 40.0)).shape == (41, 31, 3)
    assert crop(portrait, Roi(-50.0, 500.0, 100.0, 100.0)).shape == (12, 50, 3)
    assert crop(portrait, Roi(-500.0, 900.0, 100.0, 100.0)).shape == (1, 1, 3)
