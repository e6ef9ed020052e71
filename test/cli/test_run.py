"""The main job on a source of one second, over real topics."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import pytest
from made_clip import FRAMES
from rosbags.highlevel import AnyReader

from fer_ros.cli.main import main
from fer_ros.taxonomy import EMOTIONS

pytestmark = pytest.mark.xdist_group('dds')


@pytest.fixture(scope='module')
def finished(
    made_clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """Run once; return the folder and what was printed. No frame is too old."""
    out = tmp_path_factory.mktemp('run') / 'results'
    done = subprocess.run(
        [sys.executable, '-m', 'fer_ros.cli.main', 'run', str(made_clip), '--out', str(out),
         '--json', '-p', 'max_age_s:=0.0', '--rate', '0.5'],
        capture_output=True,
        text=True,
        timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 'Traceback' not in done.stderr
    assert 'no image for' not in done.stderr  # that the source has ended is no warning
    return out, json.loads(done.stdout)


def test_summary(finished: tuple[Path, dict[str, Any]], made_clip: Path) -> None:
    out, summary = finished
    assert json.loads((out / 'summary.json').read_text(encoding='utf-8')) == summary
    assert set(summary) >= {
        'frames', 'frames_processed', 'drops', 'faces', 'people', 'latency_ms', 'fps', 'backend',
        'models',
    }  # fmt: skip
    assert summary['frames'] == FRAMES
    # Every frame was either recognised or counted as dropped.
    assert summary['frames_processed'] + sum(summary['drops'].values()) == FRAMES
    assert summary['frames_processed'] > 0
    assert set(summary['latency_ms']) == {'p50', 'p90', 'p99'}
    assert 0 < summary['latency_ms']['p50'] <= summary['latency_ms']['p99']
    assert summary['fps'] > 0
    assert summary['backend'] in (
        'onnxruntime-cpu fp32',
        'onnxruntime-cpu fp32, onnxruntime-cpu int8',  # a CPU that multiplies bytes
    )
    assert summary['models'][-3:] == ['facemesh-478', 'fer-static-r4', 'fer-temporal-r2']
    assert summary['source'] == str(made_clip)


def test_the_one_person_smiles(finished: tuple[Path, dict[str, Any]]) -> None:
    _, summary = finished
    assert summary['faces'] == len(summary['people']) == 1
    (person,) = summary['people'].values()
    assert person['dominant'] == 'happiness'
    assert list(person['probabilities']) == list(EMOTIONS)
    assert person['frames'] == summary['frames_processed']


def test_results_are_a_bag_that_anything_reads(finished: tuple[Path, dict[str, Any]]) -> None:
    out, summary = finished
    (face_id,) = summary['people']
    with AnyReader([out / 'results.mcap']) as reader:
        counts = Counter(item.topic for item, _, _ in reader.messages())
        expressions = [item for item in reader.connections if item.topic == '/fer/expressions']
        messages = [
            reader.deserialize(data, item.msgtype)
            for item, _, data in reader.messages(expressions)
        ]
    assert counts['/fer/expressions'] == summary['frames_processed']
    assert counts['/diagnostics'] > 0
    assert counts[f'/humans/faces/{face_id}/expression'] > 0
    assert {face.face_id for message in messages for face in message.faces} == {face_id}


def test_the_video_has_every_frame(finished: tuple[Path, dict[str, Any]]) -> None:
    out, _ = finished
    video = cv2.VideoCapture(str(out / 'annotated.mp4'))
    count = 0
    while video.read()[0]:
        count += 1
    assert count == FRAMES


def test_the_report_asks_nothing_of_the_network(finished: tuple[Path, dict[str, Any]]) -> None:
    out, summary = finished
    report = (out / 'report.html').read_text(encoding='utf-8')
    assert not re.search(r'https?://', report.replace('http://www.w3.org/2000/svg', ''))
    assert not re.search(r'<(?:link|iframe)\b|\bsrc\s*=\s*["\'](?!data:)|@import', report)
    (face_id,) = summary['people']
    assert face_id in report


def test_nothing_else_is_left(finished: tuple[Path, dict[str, Any]]) -> None:
    out, _ = finished
    assert {path.name for path in out.iterdir()} == {
        'annotated.mp4', 'results.mcap', 'report.html', 'summary.json',
    }  # fmt: skip


@pytest.mark.parametrize(
    ('words', 'expected'),
    [
        (['/nowhere.mp4'], '/nowhere.mp4: expected a video'),
        (['--rate', '0'], 'rate: expected a speed in [0.01, 100], found 0.0'),
        (['--fov', '500'], 'fov: expected degrees in [1, 170], found 500.0'),
        (['--topic', '/nowhere'], "expected images on '/nowhere'"),
    ],
)
def test_a_bad_start_is_one_line(
    words: list[str], expected: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(['run', *words, '--out', str(tmp_path / 'out')]) == 2
    one_line(expected, capfd)


def test_a_folder_that_can_not_be_made_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / 'file').touch()
    for out in (tmp_path / 'file', tmp_path / 'file' / 'out'):
        assert main(['run', '--out', str(out)]) == 2
        one_line(f'out: expected a folder to write to, found {out}: ', capfd)


def one_line(expected: str, capfd: pytest.CaptureFixture[str]) -> None:
    out, err = capfd.readouterr()
    assert out == ''
    assert expected in err
    assert len(err.strip().splitlines()) == 1, err
