from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from portrait import PORTRAIT_ROI, frame_of

from fer_ros.alignment import Landmarker, LandmarkerConfig
from fer_ros.alignment.landmarker import crop_face, to_frame
from fer_ros.errors import ConfigError, ModelError
from fer_ros.roi import crop_to_frame, roi_from_landmarks
from fer_ros.taxonomy import LandmarkScheme
from fer_ros.types import RotatedRoi

# Read off the enlarged portrait by eye.
RIGHT_PUPIL, LEFT_PUPIL = (203.8, 101.2), (246.8, 103.4)


class CountingEngine:
    """Says where each crop's middle is, and counts its calls."""

    backend = 'test'

    def __init__(self, manifest, points=478):
        self.manifest, self.points, self.batches = manifest, points, []

    def run(self, batch):
        self.batches.append(len(batch))
        middle = np.full((len(batch), self.points, 3), 96, np.float32)
        return middle, np.ones((len(batch), 1), np.float32)


def spread(a, b):
    """Mean distance of two sets of landmarks in the image."""
    return float(np.linalg.norm(a.points_px[:, :2] - b.points_px[:, :2], axis=1).mean())


@pytest.mark.parametrize('degrees', [0, 30, -90, 180])
@pytest.mark.parametrize('size', [50.0, 192.0, 500.0, 1700.0])
def test_crop_shows_what_to_frame_brings_back(degrees, size):
    # A white spot in the frame must be found in the crop where the back-projection sends it.
    pixels = np.zeros((1200, 1400, 3), np.uint8)
    roi = RotatedRoi(600.0, 500.0, size, math.radians(degrees))
    pixel = np.array([round(600 + 0.2 * size), round(500 - 0.1 * size)])
    radius = max(round(size / 30), 2)
    cv2.circle(pixels, pixel.tolist(), radius, (255, 255, 255), -1)
    crop = crop_face(pixels, roi, 192)[:, :, 0].astype(float)
    ys, xs = np.mgrid[:192, :192]
    middle = np.array([[(crop * xs).sum(), (crop * ys).sum(), 0.0]]) / crop.sum()
    back = to_frame(middle.astype(np.float32), roi, 192)
    # The frame has the pixel's centre at + 0.5.
    assert np.abs(back[0, :2] - (pixel + 0.5)).max() < 0.1 * max(size / 192, 1)


@pytest.mark.parametrize('degrees', [0.0, 17.0, -120.0])
@pytest.mark.parametrize('centre', [(320, 240), (8, 470), (639, 0), (-90, 240), (320, 560)])
def test_the_copied_part_gives_the_crop_of_the_whole_frame(degrees, centre):
    # Inside, across each edge, and mostly beyond it, where the edge is continued.
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    pixels = cv2.GaussianBlur(noise, (0, 0), 2)
    roi = RotatedRoi(*map(float, centre), 250.0, math.radians(degrees))
    matrix = crop_to_frame(roi, 192)
    matrix[:, 2] -= 0.5
    whole = cv2.warpAffine(
        pixels,
        matrix,
        (192, 192),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    # Moved coordinates are rounded otherwise, by a thirty-second of a pixel.
    assert np.abs(crop_face(pixels, roi, 192).astype(int) - whole).max() <= 3


def test_to_frame_by_hand():
    # A ROI twice the crop, turned by 90 degrees: right in the crop is down in the frame.
    roi = RotatedRoi(100.0, 200.0, 384.0, math.pi / 2)
    points = np.array([[96, 96, 1], [106, 96, -3], [96, 106, 0]], np.float32)
    expected = [[100, 200, 2], [100, 220, -6], [80, 200, 0]]
    np.testing.assert_allclose(to_frame(points, roi, 192), expected, atol=1e-4)


def test_portrait_is_found(portrait_landmarks):
    assert portrait_landmarks.presence > 0.99
    assert portrait_landmarks.scheme is LandmarkScheme.MEDIAPIPE_478
    right, left = portrait_landmarks.points_px[468, :2], portrait_landmarks.points_px[473, :2]
    np.testing.assert_allclose(right, RIGHT_PUPIL, atol=1.5)
    np.testing.assert_allclose(left, LEFT_PUPIL, atol=1.5)


def test_points_turn_with_the_image(settled, portrait, portrait_landmarks):
    turned = frame_of(np.rot90(portrait.pixels))  # counterclockwise
    points = portrait_landmarks.points_px
    roi = RotatedRoi(
        PORTRAIT_ROI.centre_y, portrait.width - PORTRAIT_ROI.centre_x, 165.0, -math.pi / 2
    )
    found = settled(turned, roi).points_px
    expected = np.stack([points[:, 1], portrait.width - points[:, 0]], axis=1)
    assert np.linalg.norm(found[:, :2] - expected, axis=1).mean() < 1.0


def test_points_grow_with_the_image(settled, portrait, portrait_landmarks):
    large = cv2.resize(portrait.pixels, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    roi = RotatedRoi(6 * 223.0, 6 * 122.0, 6 * 165.0, 0.05)
    found = settled(frame_of(large), roi).points_px / 6
    assert np.linalg.norm((found - portrait_landmarks.points_px)[:, :2], axis=1).mean() < 1.0
    assert np.abs((found - portrait_landmarks.points_px)[:, 2]).mean() < 1.5


def test_noise_moves_points_of_a_large_face_by_less_than_a_thousandth(landmarker, portrait):
    large = cv2.resize(portrait.pixels, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    roi = RotatedRoi(5 * 223.0, 5 * 122.0, 5 * 165.0, 0.05)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(6):
        noisy = np.clip(large + rng.normal(0, 10, large.shape), 0, 255).astype(np.uint8)
        found.append(landmarker.locate(frame_of(noisy), [roi])[0].points_px[:, :2])
    jitter = np.std(found, axis=0).mean()
    assert jitter < 0.001 * roi.size  # 0.0004 here; 0.0008 where the face is not halved first


def test_five_at_once_equal_five_alone(landmarker, portrait):
    rois = [
        replace(PORTRAIT_ROI, centre_x=220.0 + 3 * step, size=150.0 + 10 * step)
        for step in range(5)
    ]
    together = landmarker.locate(portrait, rois)
    for roi, found in zip(rois, together):
        alone = landmarker.locate(portrait, [roi])[0]
        assert found.roi == roi
        assert found.presence == pytest.approx(alone.presence, abs=1e-5)
        np.testing.assert_allclose(found.points_px, alone.points_px, atol=2e-3)


def test_no_face_has_no_presence(landmarker):
    rng = np.random.default_rng(0)
    noise = frame_of(rng.integers(0, 255, (200, 200, 3), np.uint8))
    grey = frame_of(np.full((200, 200, 3), 128, np.uint8))
    for frame in (noise, grey):
        assert landmarker.locate(frame, [RotatedRoi(100.0, 100.0, 150.0, 0.0)])[0].presence < 0.1


@pytest.mark.parametrize(
    'roi',
    [
        RotatedRoi(-900.0, -900.0, 100.0, 1.0),
        RotatedRoi(5000.0, 100.0, 3000.0, 0.3),
        RotatedRoi(10.0, 10.0, 0.01, 0.0),
        RotatedRoi(256.0, 256.0, 90000.0, 0.0),
    ],
)
def test_roi_beyond_the_frame_is_no_error(landmarker, portrait, roi):
    assert landmarker.locate(portrait, [roi])[0].presence < 0.5


@pytest.mark.parametrize('shape', [(1, 1, 3), (1, 400, 3), (3, 2, 3)])
def test_tiny_frames(landmarker, shape):
    frame = frame_of(np.zeros(shape, np.uint8))
    landmarker.locate(frame, [RotatedRoi(0.5, 0.5, 2.0, 0.0), RotatedRoi(0.5, 0.5, 800.0, 0.1)])


def test_one_call_for_all_faces_and_more_above_the_limit(landmarker, portrait):
    engine = CountingEngine(landmarker.engine.manifest)
    rois = [RotatedRoi(10.0 * step, 50.0, 64.0, 0.0) for step in range(20)]
    found = Landmarker(engine).locate(portrait, rois)
    assert engine.batches == [16, 4]
    assert [landmarks.points_px[0, 0] for landmarks in found] == [10.0 * k for k in range(20)]
    assert Landmarker(engine).locate(portrait, []) == []
    assert engine.batches == [16, 4]


def test_refusals(landmarker, portrait):
    with pytest.raises(ConfigError, match='1 or more'):
        LandmarkerConfig(max_batch=0)
    engine = CountingEngine(landmarker.engine.manifest, points=68)
    with pytest.raises(ModelError, match='expected landmarks'):
        Landmarker(engine).locate(portrait, [PORTRAIT_ROI])
    engine.manifest = replace(engine.manifest, outputs=('probabilities',))
    with pytest.raises(ModelError, match='choose a face mesh'):
        Landmarker(engine)


def test_roi_settles(portrait_landmarks, landmarker, portrait):
    roi = roi_from_landmarks(portrait_landmarks.points_px)
    again = landmarker.locate(portrait, [roi])[0]
    assert spread(again, portrait_landmarks) < 0.3
