from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

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
        (
            OSError(28, 'No space left on device', 'out/a.json'),
            2,
            'out/a.json: expected to read and write, found: No space left on device',
        ),
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


def test_ctrl_c_within_a_compiled_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """pybind11 and others raise an error of their own because of it."""

    def run(words: list[str]) -> int:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ImportError('initialization failed') from error

    monkeypatch.setattr(import_module('fer_ros.cli.models'), 'main', run)
    assert main(['models', 'list']) == 130


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


@pytest.mark.skipif(sys.platform == 'win32', reason='pipes of POSIX')
@pytest.mark.parametrize('command', [['eval', 'datasets', 'ferplus'], ['--help']])
def test_a_reader_that_leaves_early_is_no_error(command: list[str]) -> None:
    """As with ``| head -1``; what is still to be written would be told when Python ends."""
    words = [sys.executable, '-m', 'fer_ros.cli.main', *command]
    buffered = {name: value for name, value in os.environ.items() if name != 'PYTHONUNBUFFERED'}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=buffered
    ) as child:
        assert child.stdout is not None
        child.stdout.close()
        assert child.stderr is not None
        assert child.stderr.read() == b''
    assert child.returncode == 0


def test_a_name_that_no_encoding_has_is_printed(tmp_path: Path) -> None:
    """A file name may hold any byte; a strict standard output would refuse it."""
    code = "import sys; from fer_ros.cli.main import main; sys.exit(main(['rig', 'list']))"
    rigs = 'import fer_ros.cli.rig as r; r.shipped_rigs = lambda: print("a\\udcfe") or []; '
    environment = {**os.environ, 'PYTHONIOENCODING': 'utf-8:strict'}
    done = subprocess.run(
        [sys.executable, '-c', rigs + code], capture_output=True, env=environment
    )
    assert (done.returncode, done.stdout) == (0, b'a\\udcfe\n'), done.stderr
