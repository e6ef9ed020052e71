"""Every quality on real faces that are degraded step by step, read anew by the mesh each time."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from portrait import PORTRAIT_ROI, frame_of

from fer_ros.alignment import describe, head_pose
from fer_ros.alignment.quality import assess_quality
from fer_ros.taxonomy import QualityFlag
from fer_ros.types import CameraIntrinsics, FaceQuality, Landmarks, RotatedRoi, UInt8

MEDIA = (
    Path(os.environ.get('FER_ROS_DATA', Path(__file__).parents[3] / 'shared' / 'data')) / 'media'
)
needs_media = [
    pytest.mark.data,
    pytest.mark.skipif(not MEDIA.is_dir(), reason=f'no {MEDIA}; set FER_ROS_DATA'),
]
FACES = [
    pytest.param(('portrait', PORTRAIT_ROI), id='portrait'),
    *(
        pytest.param((name, RotatedRoi(x, y, size, 0.0)), id=f'{name}-{x}', marks=needs_media)
        for name, x, y, size in (
            ('user_angry', 246, 120, 128),
            ('user_surprised', 246, 120, 128),
            ('single_face', 281, 288, 336),
            ('multi_face', 478, 262, 150),
            ('multi_face', 738, 360, 190),
        )
    ),
]
Step = Callable[[UInt8], UInt8]


@pytest.fixture(scope='module', params=FACES)
def face(request, settled, portrait) -> tuple[UInt8, Landmarks]:
    """Return a photo and the landmarks of one face of it, 96 px wide: sharp enough for all."""
    name, roi = request.param
    pixels = portrait.pixels
    if name != 'portrait':
        pixels = cv2.cvtColor(cv2.imread(str(MEDIA / f'{name}.jpg')), cv2.COLOR_BGR2RGB)
    found = settled(frame_of(pixels), roi)
    width = math.dist(found.points_px[234, :2], found.points_px[454, :2])
    factor = min(96 / width, 1.0)
    small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    around = RotatedRoi(
        found.roi.centre_x * factor,
        found.roi.centre_y * factor,
        found.roi.size * factor,
        found.roi.rotation_rad,
    )
    return small, settled(frame_of(small), around)


def degraded(
    face: tuple[UInt8, Landmarks], settled: Callable[..., Landmarks], step: Step
) -> FaceQuality:
    """Judge the face after a step, its landmarks read from what is left of it."""
    pixels, landmarks = face
    frame = frame_of(step(pixels))
    return describe(frame, 'f', settled(frame, landmarks.roi)).quality


def never_rises(values: list[float], slack: float = 0.0) -> bool:
    return all(after <= before + slack for before, after in pairwise(values))


def test_fewer_pixels(face, settled) -> None:
    pixels, landmarks = face
    steps = []
    for factor in (1.0, 0.6, 0.35, 0.15):
        small = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        roi = landmarks.roi
        around = RotatedRoi(roi.centre_x * factor, roi.centre_y * factor, roi.size * factor, 0.0)
        steps.append(describe(frame_of(small), 'f', settled(frame_of(small), around)).quality)
    assert never_rises([step.width_px for step in steps])
    assert steps[-1].score < 0.5 * steps[0].score
    flagged = [bool(step.flags & QualityFlag.LOW_RESOLUTION) for step in steps]
    assert flagged == sorted(flagged)
    assert (flagged[0], flagged[-1]) == (False, True)


def test_more_blur(face, settled) -> None:
    width = math.dist(face[1].points_px[234, :2], face[1].points_px[454, :2])
    steps = [degraded(face, settled, lambda pixels: pixels)]
    for share in (0.015, 0.03, 0.055):

        def blur(pixels: UInt8, share: float = share) -> UInt8:
            return cv2.GaussianBlur(pixels, (0, 0), share * width)

        steps.append(degraded(face, settled, blur))
    assert never_rises([step.sharpness for step in steps], 0.02)
    assert never_rises([step.score for step in steps], 0.03)
    assert not steps[0].flags & QualityFlag.BLUR
    assert steps[-1].flags & QualityFlag.BLUR


def test_less_light(face, settled) -> None:
    steps = []
    for gain in (1.0, 0.5, 0.2, 0.07):

        def dim(pixels: UInt8, gain: float = gain) -> UInt8:
            return np.clip(pixels * gain, 0, 255).astype(np.uint8)

        steps.append(degraded(face, settled, dim))
    assert never_rises([step.brightness for step in steps])
    assert not steps[0].flags & QualityFlag.DARK
    assert steps[-1].flags & QualityFlag.DARK
    assert steps[-1].score < 0.6 * steps[0].score


def test_too_much_light(face, settled) -> None:
    steps = []
    for gain in (1.0, 1.8, 5.0):

        def flood(pixels: UInt8, gain: float = gain) -> UInt8:
            return np.clip(pixels * gain, 0, 255).astype(np.uint8)

        steps.append(degraded(face, settled, flood))
    assert never_rises([-step.burnt for step in steps], 0.02)
    assert not steps[0].flags & QualityFlag.OVEREXPOSED
    assert steps[-1].flags & QualityFlag.OVEREXPOSED


def test_more_noise(face, settled) -> None:
    steps = []
    for deviation in (0.0, 8.0, 25.0):

        def disturb(pixels: UInt8, deviation: float = deviation) -> UInt8:
            noise = np.random.default_rng(0).normal(0, deviation, pixels.shape)
            return np.clip(pixels + noise, 0, 255).astype(np.uint8)

        steps.append(degraded(face, settled, disturb))
    assert never_rises([-step.noise for step in steps])
    assert steps[-1].noise > 1.7 * steps[0].noise


@pytest.mark.parametrize('axis', [0, 1])
def test_turned_away(face, axis) -> None:
    """Turn the face's own landmarks in space, up and down or aside: no photo can be turned."""
    pixels, landmarks = face
    frame = frame_of(pixels)
    camera = CameraIntrinsics.guess(frame.width, frame.height)
    middle = landmarks.points_px.mean(axis=0)
    turns = []
    for degrees in (0, 20, 40, 60, 75):
        vector = np.zeros(3)
        # Away from where it already looks.
        vector[axis] = math.radians(degrees)
        rotation = cv2.Rodrigues(vector)[0]
        points = ((landmarks.points_px - middle) @ rotation.T + middle).astype(np.float32)
        turned = Landmarks(landmarks.roi, points, 1.0, landmarks.scheme)
        turns.append(assess_quality(frame, turned, head_pose(points, camera)))
    assert not turns[0].flags & QualityFlag.EXTREME_POSE
    assert turns[-1].flags & QualityFlag.EXTREME_POSE
    assert turns[-1].score < 0.5 * turns[0].score
    # A face that looks a little the other way passes the middle first.
    assert never_rises([-turn.turn_rad for turn in turns[1:]])


@pytest.mark.parametrize('half', ['upper', 'lower'])
def test_more_of_it_hidden(face, settled, half) -> None:
    pixels, landmarks = face
    points = landmarks.points_px
    left, right = points[[234, 454], 0]
    brow, cheek, nose, chin = (float(points[index, 1]) for index in (105, 117, 195, 152))
    values = []
    for share in (0.0, 0.5, 1.0):
        covered = pixels.copy()
        if half == 'upper':  # a blindfold that is pulled down
            rows = slice(int(brow - 4), int(brow - 4 + share * (cheek - brow + 6)))
        else:  # a scarf that is pulled up
            rows = slice(int(chin + 6 - share * (chin - nose + 6)), int(chin + 6))
        covered[rows, max(int(left) - 6, 0) : int(right) + 6] = (60, 60, 60)
        frame = frame_of(covered)
        pose = head_pose(points, CameraIntrinsics.guess(frame.width, frame.height))
        quality = assess_quality(frame, landmarks, pose)
        values.append(getattr(quality, f'hidden_{half}'))
    assert values[0] < 0.7
    assert values[2] > 0.7
    assert values[2] > values[0] + 0.2
