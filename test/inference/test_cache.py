from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fer_ros.errors import ModelError
from fer_ros.inference.cache import cache_dir, locked, write_whole


def test_the_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('FER_ROS_CACHE', str(tmp_path / 'own'))
    assert cache_dir() == tmp_path / 'own'
    monkeypatch.delenv('FER_ROS_CACHE')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    assert cache_dir() == tmp_path / 'fer_ros'
    monkeypatch.delenv('XDG_CACHE_HOME')
    assert cache_dir() == Path.home() / '.cache' / 'fer_ros'


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / 'new' / 'engine'
    write_whole(path, b'old')
    write_whole(path, b'newer')
    assert path.read_bytes() == b'newer'
    assert [one.name for one in path.parent.iterdir()] == ['engine']


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / 'engine'
    write_whole(path, b'old')

    def fail(*_: object) -> None:
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('fer_ros.inference.cache.os.fsync', fail)
    with pytest.raises(ModelError, match='No space left on device; set FER_ROS_CACHE'):
        write_whole(path, b'new')
    assert path.read_bytes() == b'old'
    assert [one.name for one in tmp_path.iterdir()] == ['engine']


def test_a_lock_keeps_other_processes_out(tmp_path: Path) -> None:
    path = tmp_path / 'lock'
    code = (
        'import fcntl, sys\n'
        'with open(sys.argv[1], "w") as file:\n'
        '    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)\n'
    )

    def taken() -> bool:
        ended = subprocess.run([sys.executable, '-c', code, str(path)], capture_output=True)
        return ended.returncode != 0

    with locked(path):
        assert taken()
    assert not taken()
