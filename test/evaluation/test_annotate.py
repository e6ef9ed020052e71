from __future__ import annotations

import math
from contextlib import closing

import cv2
import numpy as np
import pytest
from run_rows import face

from fer_ros.evaluation.annotate import GREY, PALETTE, annotate, colour_of
from fer_ros.evaluation.video import AnnotatedVideo
from fer_ros.types import Frame

NS = 1_000_000_000


def black(height: int = 360, width: int = 640) -> Frame:
    return Frame(0, 'cam', 0, np.zeros((height, width, 3), np.uint8))


def has(image, colour, where=np.s_[:, :]) -> bool:
    return bool((image[where] == colour).all(axis=-1).any())


def test_a_person_keeps_their_colour():
    assert colour_of('anna') == colour_of('anna')
    assert {colour_of(f'face{index}') for index in range(200)} == set(PALETTE)


def test_the_frame_itself_is_left_alone():
    frame = black()
    image = annotate(frame, [face()], {}, 'status')
    assert not frame.pixels.any()
    assert image.shape == frame.pixels.shape


def test_the_box_is_where_the_face_is():
    image = annotate(black(), [face()], {}, '')
    # The corners of .25 to .75 of 640x360.
    for y, x in ((90, 160), (90, 480), (270, 160), (270, 480)):
        assert has(image, colour_of('anna'), np.s_[y - 2 : y + 3, x - 2 : x + 3])


def test_landmarks_are_shares_of_the_image():
    image = annotate(black(), [face()], {'anna': np.array([[0.5, 0.5]], np.float32)}, '')
    assert has(image, colour_of('anna'), np.s_[178:183, 318:323])


def test_who_abstains_is_grey():
    image = annotate(black(), [face(abstained='blur')], {}, '')
    assert has(image, GREY)
    assert not has(image, colour_of('anna'))


@pytest.mark.parametrize('size', [(10, 10), (48, 64), (1080, 1920), (2160, 3840)])
@pytest.mark.parametrize('roi', [(0.25, 0.25, 0.75, 0.75), (0.0, 0.0, 1.0, 1.0)])
def test_any_size_of_image(size, roi):
    faces = [face(roi=roi, intensity=1.0), face('ben', roi=(0.9, 0.9, 1.0, 1.0))]
    assert annotate(black(*size), faces, {}, 'status').shape == (*size, 3)


def test_a_crowd_has_panels_of_one_line():
    roi = (0.4, 0.4, 0.5, 0.5)

    def inked(count: int) -> int:
        faces = [face(f'f{index}', roi=roi) for index in range(count)]
        return int((annotate(black(), faces, {}, '').any(axis=-1)).sum())

    # Beside the status strip, six full panels cover more than twice what seven lines do.
    assert inked(6) - inked(0) > 2 * (inked(7) - inked(0))


def test_an_empty_bar_and_a_full_one():
    blue = (86, 180, 233)
    name = next(n for n in map(str, 'abcdefghijklmnop') if colour_of(n) == blue)
    none = annotate(black(), [face(name, confidence=0.0, intensity=0.0)], {}, '')
    full = annotate(black(), [face(name, confidence=1.0, intensity=1.0)], {}, '')
    count = [int((image == blue).all(axis=-1).sum()) for image in (none, full)]
    # Two bars of 64x9 at 0.9 of the size, less their edges.
    assert count[1] - count[0] > 700


def brightness(path) -> list[int]:
    capture, found = cv2.VideoCapture(str(path)), []
    while True:
        ok, image = capture.read()
        if not ok:
            return found
        found.append(round(float(image.mean()) / 50))


def test_uneven_stamps_become_a_steady_video(tmp_path):
    path = tmp_path / 'annotated.mp4'
    with closing(AnnotatedVideo(path, 10.0)) as video:
        # At 0, .1 and .4 s: the last frame's place is the fifth; one at .41 s has no room.
        for level, second in ((50, 0.0), (100, 0.1), (150, 0.4), (200, 0.41)):
            pixels = np.full((48, 64, 3), level, np.uint8)
            video.write(pixels, 7 * NS + round(second * NS))
    found = brightness(path)
    assert len(found) == 5
    assert (found[0], found[1], found[4]) == (1, 2, 3)
    assert [entry.name for entry in tmp_path.iterdir()] == ['annotated.mp4']


def test_odd_sizes_and_changes_of_size(tmp_path):
    path = tmp_path / 'annotated.mp4'
    with closing(AnnotatedVideo(path, 10.0)) as video:
        video.write(np.zeros((49, 65, 3), np.uint8), 0)
        video.write(np.zeros((100, 100, 3), np.uint8), NS // 10)
    assert len(brightness(path)) == 2


@pytest.mark.parametrize('size', [(1, 1), (1, 50), (3, 2)])
def test_images_of_a_pixel(tmp_path, size):
    path = tmp_path / 'annotated.mp4'
    with closing(AnnotatedVideo(path, 10.0)) as video:
        video.write(np.zeros((*size, 3), np.uint8), 0)
    assert len(brightness(path)) == 1


@pytest.mark.parametrize(
    ('claimed', 'fps'),
    [(0.0, 30.0), (-5.0, 30.0), (math.nan, 30.0), (90_000.0, 120.0), (0.2, 1.0)],
)
def test_rates_that_no_player_takes(tmp_path, claimed, fps):
    path = tmp_path / 'annotated.mp4'
    with closing(AnnotatedVideo(path, claimed)) as video:
        video.write(np.zeros((48, 64, 3), np.uint8), 0)
        video.write(np.zeros((48, 64, 3), np.uint8), NS)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(fps, rel=0.01)
    assert len(brightness(path)) == fps + 1


def test_a_long_gap_is_cut(tmp_path):
    path = tmp_path / 'annotated.mp4'
    with closing(AnnotatedVideo(path, 10.0)) as video:
        for level, second in ((50, 0), (150, 3600), (100, 3601)):
            video.write(np.full((48, 64, 3), level, np.uint8), second * NS)
    found = brightness(path)
    # One frame, five seconds, one second.
    assert len(found) == 1 + 50 + 10
    assert (found[0], found[1], found[50], found[51]) == (1, 3, 3, 2)


def test_no_frame_no_file(tmp_path):
    with closing(AnnotatedVideo(tmp_path / 'annotated.mp4', 10.0)):
        pass
    assert not list(tmp_path.iterdir())
