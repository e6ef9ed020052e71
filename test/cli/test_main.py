from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from fer_ros import __version__
from fer_ros.cli.main import COMMANDS, main, parser
from fer_ros.errors import ModelError


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(['--version'])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f'{__version__}\n'


@pytest.mark.parametrize('words', [['smile'], [], ['--smile']])
def test_an_unknown_command_is_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ''
    assert err.startswith('usage: fer-ros')


def test_an_unknown_command_lists_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(['smile'])
    err = capsys.readouterr().err
    assert all(command in err for command in COMMANDS)


@pytest.mark.parametrize('command', COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command in parser().format_help()
    with pytest.raises(SystemExit) as caught:
        main([command, '--help'])
    assert caught.value.code == 0
    assert f'usage: fer-ros {command}' in capsys.readouterr().out


def raises(error: BaseException):
    def run(words: list[str]) -> int:
        raise error

    return run


@pytest.mark.parametrize(
    ('error', 'status', 'line'),
    [
        (ModelError('expected a net, found none'), 2, 'expected a net, found none'),
        (KeyboardInterrupt(), 130, ''),
        (BrokenPipeError(), 0, ''),
    ],
)
def test_exit_status(
    error: BaseException,
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(import_module('fer_ros.cli.models'), 'main', raises(error))
    assert main(['models', 'list']) == status
    out, err = capsys.readouterr()
    assert out == ''
    assert err == (f'fer-ros models: {line}\n' if line else '')


def test_an_error_that_is_not_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = raises(ZeroDivisionError())
    monkeypatch.setattr(import_module('fer_ros.cli.models'), 'main', broken)
    with pytest.raises(ZeroDivisionError):
        main(['models', 'list'])


def test_help_does_not_wait_for_the_runtime() -> None:
    code = (
        'import sys; from fer_ros.cli.main import parser; parser(); '
        "heavy = {'onnxruntime', 'cv2', 'torch', 'rclpy', 'numpy'} & set(sys.modules); "
        'sys.exit(repr(heavy) if heavy else 0)'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
