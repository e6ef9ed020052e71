from __future__ import annotations

import itertools
import os

import numpy as np
import pytest

from fer_ros.errors import ConfigError, DataError, SourceError
from fer_ros.sources import SourceInfo, open_source


def refusal(spec, **how) -> str:
    with pytest.raises(SourceError) as error:
        open_source(spec, **how)
    assert '\n' not in str(error.value)
    return str(error.value)


def test_nothing_of_that_name(tmp_path):
    assert 'found nothing of that name' in refusal(tmp_path / 'nope.mp4')


def test_an_empty_file(tmp_path):
    path = tmp_path / 'empty.mp4'
    path.touch()
    assert 'an empty file' in refusal(path)


def test_an_empty_folder(tmp_path):
    assert 'a folder with neither' in refusal(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason='root may read everything')
def test_no_permission(tmp_path):
    path = tmp_path / 'closed.mp4'
    path.write_bytes(b'x')
    path.chmod(0)
    assert 'permission' in refusal(path)


@pytest.mark.parametrize('spec', ['97', 'camera:97', '/dev/video97'])
def test_a_camera_that_is_not_there(spec, capfd):
    assert 'camera:97: expected a camera' in refusal(spec, now_ns=lambda: 0)
    assert capfd.readouterr().err == ''


def test_a_camera_needs_a_clock():
    with pytest.raises(ConfigError, match='expected a recording, found a live camera'):
        open_source('camera:0')


class FakeCamera:
    """Gives pictures until it is unplugged; the third one does not decode."""

    def __init__(self):
        self.left, self.released = 4, False

    def grab(self):
        self.left -= 1
        return self.left >= 0

    def retrieve(self):
        return (False, None) if self.left == 1 else (True, np.full((24, 32, 3), 5, np.uint8))

    def read(self):
        return True, np.zeros((24, 32, 3), np.uint8)

    def get(self, _):
        return 30.0

    def release(self):
        self.released = True


def test_a_camera_is_stamped_by_the_clock_it_is_given(monkeypatch):
    camera = FakeCamera()
    monkeypatch.setattr('fer_ros.sources.camera.open_capture', lambda _: camera)
    clock = itertools.count(1_000, 10)
    with open_source('0', now_ns=lambda: next(clock), frame_id='eye') as source:
        frames = list(source)
        assert [frame.stamp_ns for frame in frames] == [1_000, 1_010, 1_030]
        assert {frame.frame_id for frame in frames} == {'eye'}
        assert source.info.frames is None
        with pytest.raises(TypeError):
            len(source)
        assert source.broken == 1
        assert 'unplugged' in source.notes[-1]
    assert camera.released


def test_a_description_is_checked():
    with pytest.raises(DataError, match='positive size'):
        SourceInfo('x', 0, 1, None, None, 'camera')
    with pytest.raises(DataError, match='fps'):
        SourceInfo('x', 1, 1, 0.0, None, 'camera')
