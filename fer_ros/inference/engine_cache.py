"""TensorRT engines on disk: each belongs to one model, one TensorRT, one GPU, one driver.

An engine that is loaded where it was not built for is slow, wrong, or ends the process. So its
name holds a digest of all it depends on, a sidecar says the same in JSON together with the file's
own sum, and whatever does not fit is built again.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from fer_ros.errors import ModelError
from fer_ros.inference.cache import cache_dir, locked, sha256_of, write_whole

ENGINE, SIDECAR = '.engine', '.json'


@dataclass(frozen=True, slots=True)
class EngineKey:
    """All that an engine depends on.

    :param model: id, for people; the sum is what counts.
    :param sha256: of the ONNX file.
    :param sm: compute capability, ``8.7``.
    :param batches: largest batch of each optimisation profile.
    :param level: builder optimisation level, 0..5.
    :param dla: core of the deep-learning accelerator (Jetson), or None for the GPU.
    """

    model: str
    sha256: str
    tensorrt: str
    gpu: str
    sm: str
    driver: str
    precision: str
    batches: tuple[int, ...]
    level: int
    dla: int | None = None

    @property
    def digest(self) -> str:
        """Sum of everything."""
        return sha256_of(json.dumps(asdict(self), sort_keys=True).encode())

    @classmethod
    def from_json(cls, entries: Any) -> EngineKey | None:
        """Return the key that JSON holds, or None where it holds none."""
        names = {one.name for one in fields(cls)}
        if not isinstance(entries, dict) or set(entries) != names:
            return None
        batches = entries['batches']
        return cls(**{**entries, 'batches': tuple(batches)}) if batches else None


@dataclass(frozen=True, slots=True)
class Entry:
    """One engine in the folder.

    :param state: 'ok', or what is wrong with it.
    """

    path: Path
    key: EngineKey | None
    size: int
    state: str


class EngineCache:
    """The folder of engines, shared by every process of the user."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take a folder; ``tensorrt`` in the user's cache where none is given."""
        self.folder = folder or cache_dir() / 'tensorrt'

    def path(self, key: EngineKey) -> Path:
        """Return where an engine is kept."""
        return self.folder / f'{key.model}-{key.precision}-{key.digest[:16]}{ENGINE}'

    def read(self, key: EngineKey) -> bytes:
        """Return an engine that was built for just this.

        :raises ModelError: there is none, it is corrupt, or it was built for something else.
        """
        path = self.path(key)
        found, state = _inspect(path)
        if state == 'ok' and found == key:
            return path.read_bytes()
        if state == 'ok' and found is not None:
            state = f'foreign: built for {_difference(found, key)}'
        raise ModelError(f"model '{key.model}': no TensorRT engine: {path.name} is {state}")

    def write(self, key: EngineKey, content: bytes) -> None:
        """Keep an engine; the sidecar comes last and vouches for it."""
        path = self.path(key)
        path.with_suffix(SIDECAR).unlink(missing_ok=True)
        write_whole(path, content)
        entries = {'key': asdict(key), 'sha256': sha256_of(content), 'size': len(content)}
        write_whole(path.with_suffix(SIDECAR), json.dumps(entries, indent=2).encode())

    def discard(self, key: EngineKey) -> None:
        """Forget an engine that TensorRT refuses."""
        _delete(self.path(key))

    def lock(self, key: EngineKey) -> contextlib.AbstractContextManager[None]:
        """Hold the right to build one engine."""
        return locked(self.path(key).with_suffix('.lock'))

    def entries(self) -> list[Entry]:
        """Return what is in the folder, whole or not."""
        found = []
        for path in sorted(self.folder.glob(f'*{ENGINE}')):
            key, state = _inspect(path)
            found.append(Entry(path, key, path.stat().st_size, state))
        return found

    def prune(self, keep: Callable[[EngineKey], bool]) -> list[Path]:
        """Delete engines that are not whole or not wanted, and what is left over of others."""
        gone = []
        for entry in self.entries():
            if entry.state != 'ok' or entry.key is None or not keep(entry.key):
                _delete(entry.path)
                gone.append(entry.path)
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                alone = path.suffix == SIDECAR and not path.with_suffix(ENGINE).is_file()
                if alone or path.suffix == '.part':
                    path.unlink(missing_ok=True)
                    gone.append(path)
        return gone


def _inspect(path: Path) -> tuple[EngineKey | None, str]:
    """Return the key that an engine was built for, and its state."""
    try:
        content = path.read_bytes()
    except OSError:
        return None, 'not there'
    try:
        entries = json.loads(path.with_suffix(SIDECAR).read_text(encoding='utf-8'))
        key, wanted = EngineKey.from_json(entries['key']), entries['sha256']
    except (OSError, ValueError, KeyError, TypeError):
        return None, 'corrupt: its sidecar is not readable'
    if key is None:
        return None, 'foreign: its sidecar is of another version of fer_ros'
    if sha256_of(content) != wanted:
        return key, 'corrupt: its sum is not the one of its sidecar'
    return key, 'ok'


def _difference(found: EngineKey, wanted: EngineKey) -> str:
    """Say what an engine was built for instead."""
    there, here = asdict(found), asdict(wanted)
    return ', '.join(f'{k} {v} instead of {here[k]}' for k, v in there.items() if v != here[k])


def _delete(path: Path) -> None:
    for one in (path, path.with_suffix(SIDECAR), path.with_suffix('.lock')):
        one.unlink(missing_ok=True)
