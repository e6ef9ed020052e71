from __future__ import annotations

import math

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.roi import box_around, crop_to_frame, roi_from_detection, roi_from_landmarks
from fer_ros.types import Detection, Roi, RotatedRoi


def detection(box, right_eye, left_eye):
    keypoints = np.zeros((6, 2), np.float32)
    keypoints[0], keypoints[1] = right_eye, left_eye
    return Detection(Roi(*box), 0.9, keypoints)


def test_roi_of_a_level_detection_is_one_and_a_half_times_its_longer_side():
    roi = roi_from_detection(detection((100, 50, 40, 60), (110, 70), (130, 70)))
    assert (roi.centre_x, roi.centre_y, roi.size, roi.rotation_rad) == (120, 80, 90, 0)


@pytest.mark.parametrize(
    ('left_eye', 'degrees'),
    [((120, 80), 45), ((120, 60), -45), ((110, 80), 90), ((100, 70), -180)],
)
def test_rotation_is_clockwise_in_the_image(left_eye, degrees):
    roi = roi_from_detection(detection((0, 0, 10, 10), (110, 70), left_eye))
    assert math.degrees(roi.rotation_rad) == pytest.approx(degrees)


@pytest.mark.parametrize('count', [468, 478])
def test_roi_of_landmarks(count):
    points = np.full((count, 3), 50, np.float32)
    points[:4, :2] = [[10, 40], [90, 40], [50, 0], [50, 60]]
    points[33, :2], points[263, :2] = (30, 30), (60, 60)
    roi = roi_from_landmarks(points)
    assert (roi.centre_x, roi.centre_y, roi.size) == (50, 30, 120)
    assert math.degrees(roi.rotation_rad) == pytest.approx(45)


def test_crop_to_frame_turns_the_crop_with_the_head():
    # A head turned clockwise by 90 degrees: its crown is to the right, its right eye on top.
    matrix = crop_to_frame(RotatedRoi(100, 200, 64, math.pi / 2), 32)
    crop = np.array([[16, 16, 1], [0, 0, 1], [16, 0, 1], [0, 16, 1]], float)
    frame = crop @ matrix.T
    np.testing.assert_allclose(frame, [[100, 200], [132, 168], [132, 200], [100, 168]], atol=1e-9)


def test_box_with_margin():
    box = box_around(np.array([[10, 20], [30, 60]], np.float32), margin=0.1)
    assert (box.x, box.y, box.width, box.height) == pytest.approx((8, 16, 24, 48))


@pytest.mark.parametrize(
    'points',
    [np.full((478, 3), np.nan, np.float32), np.full((478, 3), 7, np.float32), np.zeros((4, 5))],
)
def test_useless_points_are_refused(points):
    with pytest.raises(DataError, match='expected'):
        roi_from_landmarks(points)
