from __future__ import annotations

import math
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from made import MadeNet

from fer_ros.detection import DetectionConfig, FaceDetector, FarFaces, Look
from fer_ros.detection.blazeface import BlazeFace, Candidates, suppress
from fer_ros.detection.detector import MAX_CLOSER
from fer_ros.detection.squares import Square
from fer_ros.errors import ConfigError, DataError
from fer_ros.evaluation.folder import data_folder
from fer_ros.roi import roi_from_detection
from fer_ros.sources.images import read_image
from fer_ros.types import Frame


def frame_of(pixels) -> Frame:
    return Frame(0, 'camera', 0, np.ascontiguousarray(pixels))


def black(width, height) -> Frame:
    return frame_of(np.zeros((height, width, 3), np.uint8))


def made_detector(full=(), short=(), **settings):
    full_net, short_net = MadeNet(full), MadeNet(short)
    return FaceDetector(full_net, short_net, DetectionConfig(**settings)), full_net, short_net


def face(width, logit):
    """A face of this share of the square, at its upper left anchor."""
    return np.array([0, 0, 16 * width, 16 * width, *([0] * 12)], np.float32), logit


@pytest.mark.parametrize(
    ('far_faces', 'squares'),
    [(FarFaces.OFF, 1), (FarFaces.ROTATE, 1 + 2 + 1), (FarFaces.ALL, 1 + 2 + 8)],
)
def test_squares_of_a_720p_frame(far_faces, squares):
    detector, full, short = made_detector(far_faces=far_faces)
    assert detector.detect(black(1280, 720)) == []
    assert full.batches == [squares]
    assert short.batches == [1, 1]  # the whole, and the whole with room around it


def test_a_small_frame_needs_no_tiles():
    detector, full, _ = made_detector(far_faces=FarFaces.ALL)
    detector.detect(black(320, 240))
    assert full.batches == [1]


@pytest.mark.parametrize('size', [(1280, 720), (1920, 1200), (3840, 1080), (480, 640), (2000, 2)])
def test_the_looks_at_a_frame_are_bounded(size):
    detector, full, _ = made_detector(far_faces=FarFaces.ALL)
    detector.detect(black(*size))
    assert sum(full.batches) <= 24


def test_tiles_come_in_turn_and_begin_again():
    detector, *_ = made_detector()
    squares = [tuple(detector._far_squares(black(1280, 720), Look.ALL)) for _ in range(16)]
    assert len({turn[-1] for turn in squares}) == 8
    assert squares[:8] == squares[8:]


def test_newcomers_are_looked_for_in_one_far_square_at_a_time():
    detector, full, _ = made_detector()
    frame = black(1280, 720)
    squares = [detector._far_squares(frame, Look.NEXT) for _ in range(48)]
    assert {len(turn) for turn in squares} == {1}
    sides = [turn[0].side for turn in squares]
    assert sides[:6] == [720, 720, 480, 720, 720, 480]
    assert squares[0] != squares[1]
    assert len({turn[0] for turn in squares}) == 2 + 8
    assert squares[:24] == squares[24:]
    detector.detect(frame, Look.NEXT)
    assert full.batches == [2]


def test_where_all_tiles_are_asked_for_all_are_looked_at():
    detector, full, _ = made_detector(far_faces=FarFaces.ALL)
    detector.detect(black(1280, 720), Look.NEXT)
    assert full.batches == [1 + 2 + 8]


def test_a_sure_face_needs_no_closer_look_and_no_short_range_net():
    detector, full, short = made_detector([face(0.2, 3.0)], far_faces=FarFaces.OFF)
    (found,) = detector.detect(black(160, 160))
    assert (full.batches, short.batches) == ([1], [])
    assert found.score == pytest.approx(1 / (1 + math.exp(-3)))
    assert (found.roi.x, found.roi.y, found.roi.width) == pytest.approx((24, 24, 32))


@pytest.mark.parametrize(('closer', 'count'), [(2.0, 1), (0.2, 0)])
def test_an_unsure_face_is_looked_at_again_larger(closer, count):
    # 0.5 is unsure; the closer look (8 times the face's side) decides, 0.6 is the least score.
    detector, full, _ = made_detector(
        [face(0.2, 0.0), face(1 / 8, closer)], far_faces=FarFaces.OFF
    )
    found = detector.detect(black(160, 160))
    assert full.batches == [1, 1]
    assert len(found) == count
    # 32 px wide at first, and an eighth of a square of 8 times that around (40, 40).
    assert all((face.roi.x, face.roi.width) == pytest.approx((-40, 32)) for face in found)


def test_doubtful_faces_are_looked_at_in_turn(monkeypatch):
    detector, *_ = made_detector()
    boxes = np.array([[x, 0, x + 20, 20] for x in range(0, 1000, 100)], np.float32)
    doubtful = Candidates(boxes, np.zeros((10, 6, 2), np.float32), np.full(10, 0.5, np.float32))
    looked = []

    def look(frame, squares, min_score):
        looked.append({square.x + square.side / 2 for square in squares})
        return doubtful.take(np.zeros(10, bool))

    monkeypatch.setattr(detector._full, 'look', look)
    for _ in range(2):
        assert not len(detector._look_closer(None, doubtful).scores)
    assert len(looked[0]) == MAX_CLOSER
    assert looked[0] | looked[1] == {x + 10 for x in range(0, 1000, 100)}


def test_a_large_face_is_looked_at_by_the_short_range_net():
    detector, _, short = made_detector([face(0.4, 3.0)], [face(0.4, 4.0)])
    (found,) = detector.detect(black(160, 160))
    assert short.batches == [1]
    assert found.score == pytest.approx(1 / (1 + math.exp(-4)))


@pytest.mark.parametrize(('share', 'count'), [(0.5, 1), (0.2, 0)])
def test_a_face_that_overfills_the_frame_is_found_with_room_around_it(share, count):
    nothing = np.zeros(16, np.float32), -20.0
    detector, _, short = made_detector(short=[nothing, face(share, 3.0)], far_faces=FarFaces.OFF)
    found = detector.detect(black(160, 160))
    assert short.batches == [1, 1]
    # Half of a square of 1.5 times the frame, that begins at (-40, -40), around (20, 20) in it.
    assert [(one.roi.x, one.roi.width) for one in found] == [(-40, 120)] * count


@pytest.mark.data
def test_crops_of_faces_are_found(engines):
    with np.load(data_folder() / 'ferplus' / 'ferplus_valid.npz') as archive:
        crops = archive['images'][::60]
    detector = FaceDetector(*engines)
    found = [detector.detect(frame_of(cv2.cvtColor(i, cv2.COLOR_GRAY2RGB))) for i in crops]
    assert sum(map(bool, found)) >= 0.85 * len(crops)


@pytest.mark.parametrize(
    'settings', [{'min_score': 1.1}, {'min_score': math.nan}, {'max_overlap': -0.1}]
)
def test_settings_out_of_range_are_refused(settings):
    (name,) = settings
    with pytest.raises(ConfigError, match=rf'{name}: expected a number in \[0, 1\]'):
        DetectionConfig(**settings)


def test_the_portrait_has_one_face(detector, portrait):
    (found,) = detector.detect(portrait)
    # Her eyes, nose and mouth, read off the photo.
    np.testing.assert_allclose(
        found.keypoints_px[:4], [[203, 101], [246, 103], [223, 128], [222, 146]], atol=5
    )
    assert found.score > 0.8
    assert 80 < found.roi.width < 130


def test_the_mesh_agrees_with_the_detector(detector, landmarker, portrait):
    (found,) = detector.detect(portrait)
    (landmarks,) = landmarker.locate(portrait, [roi_from_detection(found)])
    assert landmarks.presence > 0.99


@pytest.mark.parametrize('degrees', [-30, 30])
def test_roll_turns_the_key_points(detector, portrait, degrees):
    turn = cv2.getRotationMatrix2D((223.0, 125.0), -degrees, 1.0)
    turned = cv2.warpAffine(portrait.pixels, turn, (512, 512), borderMode=cv2.BORDER_REFLECT)
    roi = roi_from_detection(detector.detect(frame_of(turned))[0])
    assert math.degrees(roi.rotation_rad) == pytest.approx(degrees, abs=10)


def test_a_face_that_fills_the_frame(detector, portrait):
    close = cv2.resize(portrait.pixels[40:220, 130:310], (720, 720))
    (found,) = detector.detect(frame_of(close))
    assert 250 < found.roi.width < 600


@pytest.mark.parametrize('width_px', [32, 48])
def test_a_far_face_is_found_with_every_tile(engines, portrait, width_px):
    detector = FaceDetector(*engines, DetectionConfig(far_faces=FarFaces.ALL))
    scale = width_px / 86  # cheek to cheek, read off the photo
    small = cv2.resize(portrait.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    scene = np.full((720, 1280, 3), 120, np.uint8)
    scene[300 : 300 + len(small), 700 : 700 + small.shape[1]] = small
    (found,) = detector.detect(frame_of(scene))
    nose = 700 + 223 * scale, 300 + 128 * scale
    np.testing.assert_allclose(found.keypoints_px[2], nose, atol=0.15 * width_px)


@pytest.mark.parametrize('seed', range(3))
def test_noise_and_patterns_have_no_face(engines, seed):
    detector = FaceDetector(*engines, DetectionConfig(far_faces=FarFaces.ALL))
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (9, 16, 3), np.uint8)
    assert detector.detect(frame_of(random.integers(0, 255, (480, 640, 3), np.uint8))) == []
    assert detector.detect(frame_of(cv2.resize(coarse, (640, 360)))) == []


@pytest.mark.parametrize('shape', [(1, 1), (2, 900), (900, 2), (17, 31)])
def test_odd_frames_are_looked_at(detector, shape):
    assert detector.detect(frame_of(np.full((*shape, 3), 90, np.uint8))) == []


def test_the_same_frame_gives_the_same_faces(engines, portrait):
    one, other = (FaceDetector(*engines).detect(portrait)[0] for _ in range(2))
    assert one.roi == other.roi
    assert one.score == other.score


def test_thousands_of_candidates_are_suppressed_in_little_time(engines):
    boxes, scores = engines[0].run(np.zeros((1, 3, 192, 192), np.float32))
    scores = scores + 20  # every anchor is a candidate
    net, square = BlazeFace(engines[0]), Square(0, 0, 192)
    began = time.process_time()
    found = net.decode(boxes[0], scores[0], square, 0.35)
    suppress(found, 0.3)
    assert len(found.scores) > 1000
    assert time.process_time() - began < 0.5


@pytest.fixture(scope='module')
def media() -> Path:
    try:
        return data_folder() / 'media'
    except DataError as error:
        pytest.skip(str(error))


@pytest.mark.data
@pytest.mark.parametrize('far_faces', list(FarFaces))
@pytest.mark.parametrize(
    ('photo', 'count'),
    [('multi_face.jpg', 5), ('single_face.jpg', 1), ('user_happy.jpg', 1),
     ('user_angry.jpg', 1), ('user_surprised.jpg', 1)],
)  # fmt: skip
def test_photos(engines, media, photo, count, far_faces):
    detector = FaceDetector(*engines, DetectionConfig(far_faces=far_faces))
    assert len(detector.detect(frame_of(read_image(media / photo)))) == count
