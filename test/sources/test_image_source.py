from __future__ import annotations

import cv2
import numpy as np
import pytest

from fer_ros.errors import ConfigError, SourceError
from fer_ros.sources import open_source


def write(path, level: int) -> None:
    cv2.imwrite(str(path), np.full((24, 32, 3), level, np.uint8))


def levels(source) -> list[int]:
    return [int(frame.pixels[0, 0, 0]) for frame in source]


def test_a_folder_in_natural_order_at_its_rate(tmp_path):
    for number in (10, 2, 1):
        write(tmp_path / f'frame{number}.png', number)
    (tmp_path / 'notes.txt').write_text('not an image')
    with open_source(tmp_path, fps=4.0, start_ns=7, frame_id='left_eye') as source:
        frames = list(source)
        assert [int(frame.pixels[0, 0, 0]) for frame in frames] == [1, 2, 10]
        assert [frame.stamp_ns for frame in frames] == [7, 250_000_007, 500_000_007]
        assert [frame.sequence for frame in frames] == [0, 1, 2]
        assert {frame.frame_id for frame in frames} == {'left_eye'}
        assert (source.info.width, source.info.height, source.info.fps) == (32, 24, 4.0)
        assert len(source) == source.info.frames == 3
        assert source.intrinsics is None


def test_ten_hertz_unless_told(tmp_path):
    write(tmp_path / 'a.png', 1)
    write(tmp_path / 'b.jpg', 2)
    assert [frame.stamp_ns for frame in open_source(tmp_path)] == [0, 100_000_000]


@pytest.mark.parametrize('name', ['face.png', 'face.bmp', 'FACE.TIFF', 'face.webp'])
def test_a_single_image(tmp_path, name):
    write(tmp_path / name, 200)
    source = open_source(str(tmp_path / name))
    assert source.info.name == name
    assert levels(source) == [200]


@pytest.mark.parametrize('holds', ['.webp', '.png', '.bmp'])
def test_what_a_file_holds_counts_not_its_ending(tmp_path, holds):
    path = tmp_path / 'picture.jpg'
    path.write_bytes(cv2.imencode(holds, np.full((20, 30, 3), 80, np.uint8))[1].tobytes())
    with open_source(path) as source:
        (frame,) = source
    assert frame.pixels.shape == (20, 30, 3)
    assert abs(int(frame.pixels.mean()) - 80) <= 2


def test_a_broken_image_is_counted_and_leaves_a_gap(tmp_path):
    for index in range(3):
        write(tmp_path / f'{index}.png', index)
    (tmp_path / '1.png').write_bytes(b'')
    source = open_source(tmp_path)
    frames = list(source)
    assert [frame.stamp_ns for frame in frames] == [0, 200_000_000]
    assert source.broken == 1
    assert '1.png' in source.notes[0]
    assert levels(source) == [0, 2]
    assert source.broken == 1  # of this reading, not of both


def test_the_first_may_be_broken(tmp_path):
    (tmp_path / '0.png').write_bytes(b'broken')
    write(tmp_path / '1.png', 9)
    assert levels(open_source(tmp_path)) == [9]


def refusal(spec, **how) -> str:
    with pytest.raises(SourceError) as error:
        open_source(spec, **how)
    assert '\n' not in str(error.value)
    return str(error.value)


def test_a_folder_without_images(tmp_path):
    (tmp_path / 'notes.txt').write_text('not an image')
    assert 'a folder with neither' in refusal(tmp_path)


def test_a_folder_of_broken_images(tmp_path):
    for index in range(2):
        (tmp_path / f'{index}.jpg').write_bytes(b'broken')
    assert 'found 2 of which none can be read' in refusal(tmp_path)


def test_a_single_broken_image(tmp_path):
    (tmp_path / 'face.jpg').write_bytes(b'broken')
    assert 'face.jpg' in refusal(tmp_path / 'face.jpg')


def test_a_rate_of_nothing(tmp_path):
    write(tmp_path / 'a.png', 1)
    with pytest.raises(ConfigError, match='fps: expected a positive rate'):
        open_source(tmp_path, fps=0.0)
