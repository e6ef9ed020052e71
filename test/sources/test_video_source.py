from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fer_ros.errors import ConfigError, SourceError
from fer_ros.sources import open_source
from fer_ros.sources.video import VideoSource

ROOT = Path(os.environ.get('FER_ROS_DATA', Path(__file__).parents[3] / 'shared' / 'data'))


def media(name: str) -> Path:
    path = ROOT / 'media' / name
    if not path.is_file():
        pytest.skip(f'{path} is not there: set FER_ROS_DATA to the folder of data')
    return path


@pytest.mark.parametrize('name', ['clip.avi', 'clip.mp4'])
def test_frames_with_their_times(make_video, name):
    with open_source(make_video(name), start_ns=1_000) as source:
        frames = list(source)
        assert len(frames) == len(source) == 6
        assert [frame.stamp_ns - 1_000 for frame in frames] == [
            40_000_000 * index for index in range(6)
        ]
        assert [frame.sequence for frame in frames] == list(range(6))
        for index, frame in enumerate(frames):
            assert abs(float(frame.pixels.mean()) - (20 * index + 20)) < 4
        info = source.info
        assert (info.name, info.width, info.height, info.fps) == (name, 32, 24, 25.0)
        assert info.frame_id == frames[0].frame_id == 'camera_optical_frame'
        assert source.notes == ()


def test_it_can_be_read_again(make_video):
    source = open_source(make_video())
    iterator = iter(source)
    next(iterator)
    assert len(list(source)) == len(list(source)) == 6
    source.close()
    source.close()


class FakeCapture:
    """A video whose frames come at given times."""

    def __init__(self, times_ms):
        self.times_ms = list(times_ms)
        self.now_ms = 0.0

    def read(self):
        if not self.times_ms:
            return False, None
        self.now_ms = self.times_ms.pop(0)
        return True, np.zeros((24, 32, 3), np.uint8)

    def get(self, _):
        return self.now_ms

    def release(self):
        pass


@pytest.mark.parametrize(
    ('times_ms', 'stamps_ms'),
    [
        ([0, 10, 50, 51], [0, 10, 50, 51]),  # variable rate
        ([500, 540, 620], [0, 40, 120]),  # an edit list: the first frame is not at 0
        ([0, 0, 0], [0, 40, 80]),  # a container without times: 25 Hz
        ([0, 40, 40, 160], [0, 40, 80, 160]),  # the same time twice
    ],
)
def test_times_of_other_containers(make_video, monkeypatch, times_ms, stamps_ms):
    source = VideoSource(make_video())
    fake = FakeCapture(times_ms)
    monkeypatch.setattr('fer_ros.sources.video.open_capture', lambda _: fake)
    assert [frame.stamp_ns for frame in source] == [ms * 1_000_000 for ms in stamps_ms]


def test_an_end_before_the_end_is_said(make_video):
    path = make_video(count=40)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    source = open_source(path)
    count = len(list(source))
    assert 0 < count < 40
    if source.info.frames == 40:  # builds of OpenCV differ in what they believe of the header
        assert f'expected 40 frames, found {count}' in source.notes[0]


def refusal(spec) -> str:
    with pytest.raises(SourceError) as error:
        open_source(spec)
    assert '\n' not in str(error.value)
    return str(error.value)


def test_a_cut_off_mp4_says_one_line(make_video, capfd):
    path = make_video('clip.mp4')
    path.write_bytes(path.read_bytes()[:300])
    assert 'is it whole' in refusal(path)
    assert capfd.readouterr().err == ''


def test_text_is_no_video(tmp_path):
    path = tmp_path / 'notes.mp4'
    path.write_text('not a video')
    assert 'expected a video' in refusal(path)


@pytest.mark.data
def test_a_real_clip():
    with open_source(media('single_face.mp4')) as source:
        stamps = [frame.stamp_ns for frame in source]
    assert len(stamps) == 72
    assert stamps[-1] == 2_366_666_667
    assert (source.info.width, source.info.height, source.info.fps) == (640, 360, 30.0)


@pytest.mark.data
def test_a_real_clip_of_variable_rate():
    with open_source(media('face_noface.mov')) as source:
        stamps = np.array([frame.stamp_ns for frame in source])
    assert len(stamps) == 169
    gaps = np.diff(stamps)
    assert gaps.min() > 0
    assert gaps.max() > 1.2 * gaps.min()


@pytest.mark.skipif(os.name == 'nt', reason='names are Unicode there')
def test_a_name_that_is_not_utf8_is_told(make_video):
    path = make_video()
    strange = path.rename(os.fsdecode(os.fsencode(path.parent) + b'/clip\xfe.avi'))
    with pytest.raises(ConfigError, match='expected a name in UTF-8'):
        open_source(strange)


@pytest.mark.skipif(os.name == 'nt', reason='names are Unicode there')
def test_a_name_that_the_locale_has_not_read_is_read(make_video):
    """With LC_ALL=C, Python takes the bytes of names as they are."""
    path = make_video().rename(make_video().with_name('größer.avi'))
    code = (
        'import sys; from fer_ros.sources import open_source\n'
        'print(len(list(open_source(sys.argv[1]))))'
    )
    environment = {**os.environ, 'LC_ALL': 'C', 'PYTHONUTF8': '0', 'PYTHONCOERCECLOCALE': '0'}
    done = subprocess.run(
        [sys.executable, '-c', code, str(path)], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, '6\n'), done.stderr
