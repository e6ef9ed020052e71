"""The labelling page as a command: its address, its CSV, and a bad start."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from fer_ros.cli.main import main


def test_the_page_of_a_clip(made_clip: Path, tmp_path: Path) -> None:
    path = tmp_path / 'labels.csv'
    path.write_text('start_s,end_s,label\n0,0.5,happy\n', encoding='utf-8')
    words = ['eval', 'label', str(made_clip), '--out', str(path), '--no-browser']
    process = subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.cli.main', *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.match(r'(http://127\.0\.0\.1:\d+/)', process.stdout.readline())
        assert found is not None
        with urllib.request.urlopen(f'{found[1]}clip', timeout=10) as answer:
            assert b'"happiness"' in answer.read()
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert 'Traceback' not in err


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (['/nowhere.mp4'], '/nowhere.mp4: expected a video'),
        (['{clip}', '--port', '99999'], 'port: expected a free one, found 99999'),
        (['{clip}', '--out', '{clip}/x.csv'], 'out: expected a folder to write to'),
    ],
)
def test_a_bad_start_is_one_line(
    words: list[str], expected: str, made_clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word.format(clip=made_clip) for word in words]
    assert main(['eval', 'label', '--no-browser', *words]) == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert expected in err
    assert len(err.strip().splitlines()) == 1, err
