from __future__ import annotations

import math
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from portrait import PORTRAIT_ROI, frame_of

from fer_ros.alignment import QualityConfig, assess_quality, head_pose
from fer_ros.alignment.occlusion import FEATURES, gradient_features, load_net, occlusion
from fer_ros.alignment.pose import FACING
from fer_ros.alignment.quality import face_patch, sharpness, turn_from_camera
from fer_ros.errors import ConfigError, ModelError
from fer_ros.taxonomy import QualityFlag
from fer_ros.training.occluders import Half, occlude
from fer_ros.types import CameraIntrinsics, HeadPose, Landmarks, RotatedRoi

MEDIA = (
    Path(os.environ.get('FER_ROS_DATA', Path(__file__).parents[3] / 'shared' / 'data')) / 'media'
)


def judged(frame, landmarks, config=None):
    camera = CameraIntrinsics.guess(frame.width, frame.height)
    return assess_quality(frame, landmarks, head_pose(landmarks.points_px, camera), config)


def resized(frame, landmarks, factor):
    """Frame and landmarks at another size."""
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    pixels = cv2.resize(frame.pixels, None, fx=factor, fy=factor, interpolation=method)
    points = (landmarks.points_px * factor).astype(np.float32)
    return frame_of(pixels), Landmarks(landmarks.roi, points, 1.0, landmarks.scheme)


def lit(frame, gain):
    return frame_of(np.clip(frame.pixels.astype(float) * gain, 0, 255).astype(np.uint8))


def test_a_good_face_has_no_flag(portrait, portrait_landmarks):
    quality = judged(portrait, portrait_landmarks)
    assert quality.flags is QualityFlag.NONE
    assert quality.score > 0.75
    assert quality.width_px == pytest.approx(93, abs=4)
    assert 0.4 < quality.brightness < 0.7


@pytest.mark.parametrize(
    ('width_px', 'flagged'), [(48, False), (32, False), (20, True), (12, True)]
)
def test_resolution(portrait, portrait_landmarks, width_px, flagged):
    frame, landmarks = resized(portrait, portrait_landmarks, width_px / 93)
    quality = judged(frame, landmarks)
    assert quality.width_px == pytest.approx(width_px, rel=0.05)
    assert bool(quality.flags & QualityFlag.LOW_RESOLUTION) is flagged
    assert not quality.flags & (QualityFlag.BLUR | QualityFlag.DARK)


@pytest.mark.parametrize('width_px', [93, 48, 300])
@pytest.mark.parametrize('gain', [1.0, 0.5])
@pytest.mark.parametrize('noise', [0.0, 2.5])
def test_sharpness_falls_step_by_step_at_any_size(
    portrait, portrait_landmarks, width_px, gain, noise
):
    base, landmarks = resized(portrait, portrait_landmarks, width_px / 93)
    rng = np.random.default_rng(0)
    values = []
    for share in (0.0, 0.02, 0.035, 0.06):  # of the face's width
        pixels = base.pixels.astype(np.float32) * gain
        if share:
            pixels = cv2.GaussianBlur(pixels, (0, 0), share * width_px)
        pixels += rng.normal(0, noise, pixels.shape)
        frame = frame_of(np.clip(pixels, 0, 255).astype(np.uint8))
        quality = judged(frame, landmarks)
        values.append(quality.sharpness)
        assert bool(quality.flags & QualityFlag.BLUR) is (quality.sharpness < 0.35)
    # 93 px enlarged to 300 is already soft.
    assert values[0] > (0.6 if width_px <= 93 else 0.2)
    assert values[0] > values[1] > max(values[2:])
    assert max(values[2:]) < 0.35


def test_noise_is_no_sharpness():
    rng = np.random.default_rng(0)
    smooth = cv2.GaussianBlur(rng.normal(128, 900, (64, 64)), (0, 0), 8)
    noisy = np.clip(smooth + rng.normal(0, 8, (64, 64)), 0, 255).astype(np.uint8)
    assert sharpness(noisy) < 0.35
    assert sharpness(np.full((64, 64), 128, np.uint8)) == 0


@pytest.mark.parametrize(
    ('gain', 'flag'),
    [(0.5, 0), (0.35, 0), (0.12, QualityFlag.DARK), (0.03, QualityFlag.DARK),
     (1.1, 0), (3.0, QualityFlag.OVEREXPOSED)],
)  # fmt: skip
def test_exposure(portrait, portrait_landmarks, gain, flag):
    quality = judged(lit(portrait, gain), portrait_landmarks)
    assert quality.flags & (QualityFlag.DARK | QualityFlag.OVEREXPOSED) == flag
    if gain < 1:
        usual = judged(portrait, portrait_landmarks).brightness
        assert quality.brightness == pytest.approx(gain * usual, abs=0.02)


@pytest.mark.parametrize('degrees', [0, 30, 44, 46, 80])
@pytest.mark.parametrize('axis', [1, 2])
def test_pose_is_counted_from_the_line_to_the_camera(portrait, portrait_landmarks, degrees, axis):
    vector = np.zeros(3)
    vector[axis] = math.radians(degrees)
    rotation = FACING @ cv2.Rodrigues(vector)[0]
    pose = HeadPose(rotation, np.array([0.0, 0.0, 1.0]), 0.0, 0.0, 0.0)
    assert math.degrees(turn_from_camera(pose)) == pytest.approx(degrees, abs=1e-3)
    quality = assess_quality(portrait, portrait_landmarks, pose)
    assert bool(quality.flags & QualityFlag.EXTREME_POSE) is (degrees > 45)
    # To the side of the image, a head that is parallel to the camera's axis is seen turned.
    aside = HeadPose(FACING, np.array([1.0, 0.0, 1.0]), 0.0, 0.0, 0.0)
    assert math.degrees(turn_from_camera(aside)) == pytest.approx(45)


@pytest.mark.parametrize('degrees', [-40, 0, 25])
def test_tilt_is_counted_either_way(portrait, portrait_landmarks, degrees):
    turn = cv2.getRotationMatrix2D((portrait.width / 2, portrait.height / 2), -degrees, 1.0)
    size = (portrait.width, portrait.height)
    pixels = cv2.warpAffine(portrait.pixels, turn, size, borderMode=cv2.BORDER_REPLICATE)
    points = portrait_landmarks.points_px.copy()
    own_tilt = judged(portrait, portrait_landmarks).tilt_rad
    points[:, :2] = points[:, :2] @ turn[:, :2].T + turn[:, 2]
    landmarks = Landmarks(portrait_landmarks.roi, points.astype(np.float32), 1.0,
                          portrait_landmarks.scheme)  # fmt: skip
    quality = judged(frame_of(pixels), landmarks)
    assert quality.tilt_rad == pytest.approx(math.radians(abs(degrees)), abs=own_tilt + 1e-4)
    assert quality.turn_rad < math.radians(35)


@pytest.mark.parametrize('half', list(Half))
def test_hidden_halves_of_the_portrait(settled, portrait, portrait_landmarks, half):
    rng = np.random.default_rng(11)
    cloth = rng.integers(0, 255, (8, 48, 48), np.uint8)
    wanted = QualityFlag.OCCLUDED_UPPER if half is Half.UPPER else QualityFlag.OCCLUDED_LOWER
    other = (QualityFlag.OCCLUDED_UPPER | QualityFlag.OCCLUDED_LOWER) & ~wanted
    hits = wrong = either = 0
    for _ in range(30):
        covered = frame_of(
            occlude(portrait.pixels, portrait_landmarks.points_px, half, rng, cloth)
        )
        flags = judged(covered, settled(covered, portrait_landmarks.roi)).flags
        hits += bool(flags & wanted)
        wrong += bool(flags & other)
        either += bool(flags & (wanted | other))
    # With the whole upper face hidden the mesh slips down, and the wrong half may be named.
    # With OpenCV 4 two of the thirty fall just below the threshold that they pass with 5.
    assert either >= 15
    assert hits >= 12
    assert hits > 3 * wrong


def test_more_hidden_is_more_certain(portrait, portrait_landmarks):
    points = portrait_landmarks.points_px
    top, bottom = points[[0, 152], 1]
    answers = []
    for share in (0.0, 0.5, 1.0):
        pixels = portrait.pixels.copy()
        row = int(bottom + 8 - share * (bottom - top + 14))
        pixels[row : int(bottom) + 8, 170:285] = (120, 150, 190)  # a scarf that is pulled up
        answers.append(occlusion(face_patch(pixels, points))[1])
    assert answers[0] < 0.7
    assert answers[0] < answers[2]
    assert answers[2] > 0.7


@pytest.mark.data
@pytest.mark.skipif(not MEDIA.is_dir(), reason=f'no {MEDIA}; set FER_ROS_DATA')
def test_sunglasses_are_the_most_hidden_of_five_faces(settled):
    pixels = cv2.cvtColor(cv2.imread(str(MEDIA / 'multi_face.jpg')), cv2.COLOR_BGR2RGB)
    frame = frame_of(pixels)
    hidden = QualityFlag.OCCLUDED_UPPER | QualityFlag.OCCLUDED_LOWER
    rois = [(262, 112, 150), (365, 300, 190), (478, 262, 150), (583, 370, 170), (738, 360, 190)]
    faces = [settled(frame, RotatedRoi(x, y, size, 0.0)) for x, y, size in rois]
    upper = [occlusion(face_patch(pixels, face.points_px))[0] for face in faces]
    # Mirrored glasses are not sure enough for the flag (docs/alignment.md), nor are the others.
    assert upper[0] > 5 * max(upper[1:])
    assert not any(judged(frame, face).flags & hidden for face in faces[1:])


@pytest.mark.data
@pytest.mark.skipif(not MEDIA.is_dir(), reason=f'no {MEDIA}; set FER_ROS_DATA')
@pytest.mark.parametrize('name', ['single_face', 'user_happy', 'user_angry', 'user_surprised'])
def test_photos_have_no_flag(settled, name):
    pixels = cv2.cvtColor(cv2.imread(str(MEDIA / f'{name}.jpg')), cv2.COLOR_BGR2RGB)
    rois = {'single_face': RotatedRoi(281, 288, 336, 0.0)}
    roi = rois.get(name, RotatedRoi(246, 120, 128, 0.0))
    frame = frame_of(pixels)
    landmarks = settled(frame, roi)
    assert landmarks.presence > 0.9
    assert judged(frame, landmarks).flags is QualityFlag.NONE


def test_thresholds_are_the_configs(portrait, portrait_landmarks):
    strict = QualityConfig(min_width_px=200, min_sharpness=0.999999, min_brightness=1.0)
    flags = judged(portrait, portrait_landmarks, strict).flags
    assert flags & QualityFlag.LOW_RESOLUTION
    assert flags & QualityFlag.DARK
    with pytest.raises(ConfigError, match='max_burnt: expected'):
        QualityConfig(max_burnt=math.nan)


def test_features_by_hand():
    ramp = np.tile(np.arange(32, dtype=np.uint8) * 4, (32, 1))  # rises by 8 over two pixels
    features = gradient_features(ramp).reshape(4, 8, 8)
    contrast = float(ramp.std()) + 5.0
    np.testing.assert_allclose(features[0, :, 1:-1], 8 / contrast, rtol=1e-5)
    np.testing.assert_array_equal(features[1:], 0)
    assert features.size == FEATURES


def test_corrupt_weights_are_refused(tmp_path):
    path = tmp_path / 'net.npz'
    with pytest.raises(ModelError, match='install the package again'):
        load_net(path)
    path.write_bytes(b'no archive')
    with pytest.raises(ModelError, match='install the package again'):
        load_net(path)
    np.savez(path, hidden=np.zeros((3, 2)), hidden_bias=np.zeros(2), out=np.zeros((2, 2)),
             out_bias=np.zeros(2))  # fmt: skip
    with pytest.raises(ModelError, match='shapes'):
        load_net(path)


def test_portrait_roi_is_the_portrait(portrait_landmarks):
    assert (
        math.dist(
            (portrait_landmarks.roi.centre_x, portrait_landmarks.roi.centre_y),
            (PORTRAIT_ROI.centre_x, PORTRAIT_ROI.centre_y),
        )
        < 5
    )
