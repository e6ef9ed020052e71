from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from said import of_ours

from fer_ros.cli.main import main


def refused(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['play', *words, '--quiet', '--wait', '0']) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('fer-ros play: ')
    assert expected in err
    assert len(err.strip().splitlines()) == 1, err


def test_a_missing_source_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused([str(tmp_path / 'none.mp4')], f'{tmp_path / "none.mp4"}: expected a video', capsys)


@pytest.mark.parametrize('suffix', ['.mp4', '.mov', '.jpg', '.png', '.mcap', '.db3', '.bag', ''])
@pytest.mark.parametrize('content', [b'', b'\x00\x01not what its name says' * 40])
def test_an_unreadable_source_is_one_line(
    tmp_path: Path, suffix: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f'broken{suffix}'
    path.write_bytes(content)
    refused([str(path)], f'{path}: ', capsys)


def test_an_empty_folder_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    refused([str(tmp_path)], 'found a folder with neither', capsys)


def test_a_truncated_bag_without_a_frame_is_one_line(
    tmp_path: Path, sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'cut.mcap'
    path.write_bytes(sample.read_bytes()[:64])
    refused([str(path)], f'{path}: ', capsys)


def test_an_unknown_topic_names_those_of_the_bag(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused([str(sample), '--topic', '/nowhere'], '/camera/image/compressed', capsys)


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (['--rate', '0'], 'rate: expected a speed in [0.01, 100], found 0.0'),
        (['--rate', 'nan'], 'rate: expected a speed in [0.01, 100], found nan'),
        (['--fov', '180'], 'fov: expected degrees in [1, 170], found 180.0'),
    ],
)
def test_a_bad_option_is_one_line(
    sample: Path, words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused([str(sample), *words], expected, capsys)


@pytest.mark.xdist_group('dds')
def test_a_truncated_bag_plays_what_is_left_and_says_so(tmp_path: Path, sample: Path) -> None:
    path = tmp_path / 'cut.mcap'
    path.write_bytes(sample.read_bytes()[: sample.stat().st_size // 10])
    done = subprocess.run(
        [sys.executable, '-m', 'fer_ros.cli.main', 'play', str(path), '--quiet', '--wait', '0',
         '--rate', '100'],
        capture_output=True,
        text=True,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ''
    lines = of_ours(done.stderr).splitlines()
    assert all(line.startswith('fer-ros play: ') for line in lines), done.stderr
    assert 'expected 1 to listen within 0 s, found fewer; playing anyway' in lines[0]
    assert 'cut off or damaged' in lines[1]


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_ended_between_two_frames(tmp_path: Path, number: signal.Signals) -> None:
    for name in ('a.png', 'b.png'):
        cv2.imwrite(str(tmp_path / name), np.zeros((48, 64, 3), np.uint8))
    command = [sys.executable, '-m', 'fer_ros.cli.main', 'play', str(tmp_path)]
    words = ['--fps', '0.01', '--wait', '0', '--quiet']
    player = subprocess.Popen([*command, *words], stderr=subprocess.PIPE, text=True)
    assert player.stderr is not None
    try:
        # A hundred seconds; the first line says that nobody listens.
        while 'the source pauses for' not in (line := player.stderr.readline()):
            assert line
        player.send_signal(number)
        player.wait(timeout=20)
    finally:
        player.kill()
