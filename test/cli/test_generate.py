from __future__ import annotations

import json
from pathlib import Path

import pytest

from fer_ros.cli.main import main

SCRIPT = """requests:
  - {at_s: 0.2, expression: happy, duration_s: 1.5, request_id: a}
  - {at_s: 0.8, expression: surprised, priority: 200, duration_s: 0.5}
  - {at_s: 0.9, gaze: [0.3, 0.1]}
  - {at_s: 1.0, viseme: aa, weight: 0.8}
  - {at_s: 2.0, stop: freeze}
  - {at_s: 2.5, stop: release}
  - {at_s: 2.6, valence: -0.6, arousal: -0.2}
duration_s: 4.0
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / 'script.yaml'
    path.write_text(SCRIPT, encoding='utf-8')
    return path


def test_a_script_is_played_and_audited(script: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ['generate', '--rig', 'animatronic12', '--script', str(script), '--json']
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report['rig'], report['ticks'], report['violations']) == ('animatronic12', 400, 0)
    jaw = report['actuators']['jaw']
    assert 0.1 < jaw['position'][1] <= jaw['position_limits'][1]
    for order in ('velocity', 'acceleration', 'jerk'):
        assert 0.0 < jaw[f'max_{order}'] <= jaw[f'{order}_limit'] * 1.000001
    assert jaw['largest_step']['acceleration'] <= jaw['jerk_limit'] * 0.0100001
    assert report['interventions']['estop freeze'] == 1


def test_random_requests_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['generate', '--rig', 'led_eyes', '--random', '40', '--seed', '3']) == 0
    text = capsys.readouterr().out
    assert ' 0 violations' in text
    assert 'lid_left' in text


@pytest.mark.parametrize(
    ('entry', 'words'),
    [
        ('{at_s: 1, expression: joyous}', "entry 1: expression 'joyous'"),
        ('{at_s: 1, expression: happy, duration_s: 1.0e9}', 'duration_s: expected a number in'),
        ('{at_s: 1, expression: happy, intensity: .nan}', 'intensity: expected a number'),
        ('{at_s: 1, expresion: happy}', 'request_id, found expresion'),
        ('{at_s: 1, stop: freeze, expression: happy}', 'at_s, stop, found expression'),
        ('{at_s: 1, gaze: [1.0]}', 'gaze: expected [yaw, pitch] in radians, found [1.0]'),
        ('{at_s: 1, gaze: [.nan, 0.0]}', 'gaze: expected a number, found nan'),
        ('{at_s: 1, viseme: aa, weight: loud}', "weight: expected a number, found 'loud'"),
        ('{expression: happy}', 'expected a mapping with at_s'),
        ('{at_s: -1}', 'at_s: expected seconds in [0, 600]'),
        ('{at_s: 1, stop: now}', 'stop: expected freeze, relax or release'),
    ],
)
def test_a_bad_script_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entry: str, words: str
) -> None:
    path = tmp_path / 'bad.yaml'
    path.write_text(f'requests: [{entry}]', encoding='utf-8')
    assert main(['generate', '--script', str(path)]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert str(path) in error
    assert error.count('\n') == 1


def test_a_rig_is_begun_and_linted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / 'mine.yaml'
    assert main(['rig', 'new', 'my_head', '--out', str(path)]) == 0
    assert main(['rig', 'lint', str(path)]) == 0
    assert 'my_head, 6 actuators' in capsys.readouterr().out
    assert main(['rig', 'new', 'my_head', '--out', str(path)]) == 2
    text = path.read_text(encoding='utf-8').replace('neutral: 0.0', 'neutral: 5.0')
    path.write_text(text, encoding='utf-8')
    assert main(['rig', 'lint', str(path)]) == 1
    line = text.split('\n').index(next(row for row in text.split('\n') if 'neutral: 5' in row)) + 1
    assert f'{path}:{line}: actuators.brow_left.neutral' in capsys.readouterr().err
    assert main(['rig', 'list']) == 0
    assert 'animatronic12' in capsys.readouterr().out


def test_a_seed_below_0_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(['generate', '--random', '5', '--seed', '-1']) == 2
    assert 'seed: expected 0 or more, found -1' in capsys.readouterr().err


def test_a_sheet_is_told_as_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / 'sheet.png'
    assert main(['generate', '--sheet', str(path), '--json']) == 0
    told = json.loads(capsys.readouterr().out)
    assert told['sheet'] == str(path)
    assert len(told['expressions']) == 26
    assert path.stat().st_size > 0


def test_a_sheet_of_an_unknown_format_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['generate', '--sheet', str(tmp_path / 'sheet.xyz')]) == 2
    assert "expected a picture to write (.png, .jpg), found: the suffix '.xyz'" in (
        capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ('words', 'told'),
    [
        (['--random', '3', '--video', 'x.mp4'], '--video and --frames: expected --script'),
        (['--sheet', 'x.png', '--frames', 'x'], '--video and --frames: expected --script'),
    ],
)
def test_a_film_of_no_script_is_refused(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(['generate', *words]) == 2
    assert told in capsys.readouterr().err


def test_a_film_of_another_format_is_refused(
    script: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """OpenCV would have said so in six lines of its own."""
    words = ['--script', str(script), '--video', str(tmp_path / 'film.xyz')]
    assert main(['generate', *words]) == 2
    err = capsys.readouterr().err
    assert err.endswith('film.xyz: expected a video to write (.mp4)\n')
    assert len(err.splitlines()) == 1


def test_a_problem_of_the_defaults_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / 'robot.yaml'
    assert main(['rig', 'new', 'robot', '--out', str(path)]) == 0
    text = path.read_text(encoding='utf-8')
    assert 'velocity: 3.5' in text
    path.write_text(text.replace('velocity: 3.5', 'velocity: -3.5', 1), encoding='utf-8')
    capsys.readouterr()
    assert main(['rig', 'lint', str(path)]) == 1
    assert capsys.readouterr().err.count('found -3.5') == 1
