"""The user's cache folder, and files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from fer_ros.errors import ModelError


def cache_dir() -> Path:
    """Return the folder for what can be made again: ``$FER_ROS_CACHE`` or ``~/.cache/fer_ros``."""
    own = os.environ.get('FER_ROS_CACHE')
    if own:
        return Path(own).expanduser()
    base = os.environ.get('XDG_CACHE_HOME')
    return (Path(base) if base else Path.home() / '.cache') / 'fer_ros'


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that others see the old one or the new one, never a part.

    :raises ModelError: the folder can not be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f'.{path.name}.', suffix='.part')
        try:
            with os.fdopen(handle, 'wb') as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ModelError(
            f'{path}: expected a folder that can be written, found: {error.strerror}; set '
            'FER_ROS_CACHE to one'
        ) from None


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that every process of this machine respects; it ends with the process."""
    with contextlib.ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(path.open('w'))
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            raise ModelError(
                f'{path}: expected a file that can be locked, found: {error.strerror}; set '
                'FER_ROS_CACHE to a folder on a local disk'
            ) from None
        yield


def sha256_of(content: bytes) -> str:
    """Return the hex digest."""
    return hashlib.sha256(content).hexdigest()
