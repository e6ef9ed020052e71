from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from fer_ros.detection import DetectionConfig, TrackingConfig
from fer_ros.errors import DataError
from fer_ros.evaluation.detection import (
    BARS,
    DetectionReport,
    FalseFaces,
    RateBySize,
    evaluate_detection,
    is_found,
    read_clip,
)
from fer_ros.evaluation.face_scenes import (
    FRAME_SIZE,
    STEP_NS,
    Portrait,
    photo_files,
    scenes,
    wiped,
)
from fer_ros.evaluation.finder import FaceFinder
from fer_ros.evaluation.folder import data_folder
from fer_ros.pipeline import Pipeline
from fer_ros.types import Frame, Roi

# Her face in the photo, read off: cheek to cheek, hair line to chin.
PORTRAIT_FACE = Roi(181, 70, 86, 108)


@pytest.fixture(scope='module')
def portrait() -> Portrait:
    """NASA's portrait of Eileen Collins (public domain)."""
    return Portrait('astronaut', np.ascontiguousarray(skimage.data.astronaut()), (PORTRAIT_FACE,))


@pytest.fixture(scope='module')
def material(tmp_path_factory, portrait) -> Path:
    """A folder with a photo, and with a clip of 8 frames of her and 8 of a blank wall."""
    folder = tmp_path_factory.mktemp('data') / 'media'
    folder.mkdir()
    picture = cv2.cvtColor(portrait.pixels, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(folder / 'portrait.png'), picture)
    clip = cv2.VideoWriter(
        str(folder / 'face_noface.mov'), cv2.VideoWriter_fourcc(*'mp4v'), 30, (512, 512)
    )
    for index in range(16):
        clip.write(picture if index < 8 else np.full_like(picture, 128))
    clip.release()
    return folder.parent


@pytest.mark.parametrize(
    ('box', 'found'),
    [
        ((100, 100, 50, 60), True),
        ((110, 100, 50, 60), True),  # IoU 40 / 60
        ((120, 100, 50, 60), False),  # IoU 30 / 70, centre off by 20 > 12.5
        ((105, 110, 100, 120), False),
        ((75, 70, 100, 120), True),  # IoU .25, but its centre is right
        ((400, 100, 50, 60), False),
    ],
)
def test_found_is_by_overlap_or_by_centre(box, found):
    assert is_found(Roi(100, 100, 50, 60), [Roi(400, 400, 9, 9), Roi(*box)]) is found


def test_nothing_is_found_in_nothing():
    assert not is_found(Roi(0, 0, 10, 10), [])


@pytest.mark.parametrize('width_px', [24, 64, 192])
def test_a_scene_shows_the_face_at_its_place_and_width(portrait, width_px):
    for scene in scenes(portrait, width_px, 4, seed=1):
        box = scene.face
        assert scene.pixels.shape == (720, 1280, 3)
        assert box.width == width_px
        assert box.height == pytest.approx(width_px * 108 / 86)
        assert 0 < box.x < FRAME_SIZE[0] - box.width
        assert 0 < box.y < FRAME_SIZE[1] - box.height
        x, y = round(box.x), round(box.y)
        shown = scene.pixels[y : y + round(box.height), x : x + width_px]
        face = portrait.pixels[70:178, 181:267]
        face = cv2.resize(face, shown.shape[1::-1], interpolation=cv2.INTER_AREA)
        likeness = np.corrcoef(shown.ravel(), face.ravel())[0, 1]
        assert likeness > 0.9


def test_scenes_are_the_same_each_time_and_differ_in_place(portrait):
    one, other = (list(scenes(portrait, 32, 3, seed=2)) for _ in range(2))
    for first, second in zip(one, other):
        np.testing.assert_array_equal(first.pixels, second.pixels)
    assert len({(scene.face.x, scene.face.y) for scene in one}) == 3


def test_frames_of_a_scene_differ_by_noise_and_keep_time(portrait):
    scene = next(scenes(portrait, 64, 1, seed=0))
    first, second = scene.frames(2)
    assert second.stamp_ns > first.stamp_ns
    difference = first.pixels.astype(float) - second.pixels
    assert 1.0 < difference.std() < 6.0
    again = next(scene.frames(1))
    np.testing.assert_array_equal(first.pixels, again.pixels)


def test_a_wiped_face_is_gone(portrait):
    finder = FaceFinder(DetectionConfig(), TrackingConfig())
    assert len(finder.find(Frame(0, 'camera', 0, portrait.pixels))) == 1
    finder.restart(finder.detection)
    empty = wiped(portrait.pixels, portrait.faces)
    assert finder.find(Frame(0, 'camera', 0, empty)) == []


def test_evaluation_of_a_small_folder(material):
    report = evaluate_detection(material, widths_px=(16, 64, 128), positions=2, faceless_from=8)
    assert report.photos == {'portrait.png': 1}
    assert report.false_faces == FalseFaces('face_noface.mov', 8, 0, 0)
    rates = {rate.width_px: rate for rate in report.rates}
    assert rates[64].samples == 2
    assert rates[64].one_frame == rates[64].ten_frames == 1.0
    assert rates[128].one_frame == rates[128].whole_look == 1.0
    assert rates[16].whole_look == 0.0
    assert report.shortfalls() == []


def test_the_clip_before_its_cut_has_faces(material):
    report = evaluate_detection(material, widths_px=(), faceless_from=2)
    assert report.false_faces.followed == 6
    assert report.false_faces.each_frame == 6
    assert report.shortfalls() == ['false faces: 6 > 0']


def test_a_report_for_people_and_machines():
    rate = RateBySize(48, 90, 0.5, 0.8, 1.0, 0.95)
    report = DetectionReport((rate,), FalseFaces('a.mov', 97, 0, 1), {'b.jpg': 5}, 'rotate', 0.6)
    assert report.shortfalls() == ['48 px: 0.80 < 0.90']
    values = json.loads(json.dumps(report.to_dict()))
    assert values['rates'][0]['ten_frames'] == 0.95
    assert values['bars']['48'] == BARS[48] == 0.9
    assert values['shortfalls'] == ['48 px: 0.80 < 0.90']
    text = report.to_text()
    assert '48 px       90        0.50       0.80       1.00              0.95' in text
    assert 'missed: 48 px' in text


def test_absent_data_says_what_to_pass(tmp_path, monkeypatch):
    monkeypatch.setenv('FER_ROS_DATA', str(tmp_path / 'absent'))
    with pytest.raises(DataError, match=r'absent, found none; name one by .*FER_ROS_DATA'):
        data_folder()
    assert data_folder(tmp_path) == tmp_path


@pytest.mark.parametrize(
    ('content', 'message'),
    [(b'no image', r'photo.png: expected an image, found 8 bytes'), (None, 'photos: expected')],
)
def test_photos_without_a_face_are_refused(tmp_path, material, content, message):
    path = tmp_path / 'photo.png'
    if content is None:
        cv2.imwrite(str(path), np.full((200, 200, 3), 80, np.uint8))
    else:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        evaluate_detection(material, photos=[path])


def test_a_missing_or_short_clip_is_refused(tmp_path, material):
    with pytest.raises(DataError, match='expected a clip with a span without faces'):
        evaluate_detection(material, clip=tmp_path / 'absent.mov')
    with pytest.raises(DataError, match='expected more than 99 frames, found 16'):
        evaluate_detection(material, faceless_from=99)


def test_photos_of_a_folder_by_name(tmp_path):
    for name in ('b.JPG', 'a.png', 'notes.txt', 'clip.mp4'):
        (tmp_path / name).touch()
    assert [path.name for path in photo_files(tmp_path)] == ['a.png', 'b.JPG']


@pytest.fixture(scope='module')
def real_data() -> Path:
    try:
        return data_folder()
    except DataError as error:
        pytest.skip(str(error))


@pytest.mark.data
@pytest.mark.parametrize(
    ('clip', 'face_frames', 'frames'), [('single_face.mp4', 72, 72), ('face_noface.mov', 72, 169)]
)
def test_a_clip_has_one_person_from_first_to_last(real_data, clip, face_frames, frames):
    pipeline = Pipeline()
    seen, tracked = [], []
    for index, pixels in enumerate(read_clip(real_data / 'media' / clip)):
        result = pipeline.process(Frame(index * STEP_NS, 'camera', index, pixels))
        seen.append({state.face.face_id for state in result.states})
        tracked.append(result.tracked)
    assert len(seen) == frames
    assert len(set.union(*seen)) == 1
    assert [len(ids) for ids in seen] == [1] * face_frames + [0] * (frames - face_frames)
    assert all(not ids for ids in tracked[face_frames + 30 :])


@pytest.mark.data
def test_real_faces_meet_the_bars(real_data):
    report = evaluate_detection(real_data, widths_px=(32, 48, 64), positions=3)
    assert report.shortfalls() == []
    assert report.false_faces.frames == 97
    assert report.false_faces.each_frame == 0
    assert report.photos['multi_face.jpg'] == 5
