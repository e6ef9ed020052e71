"""The model store: finds manifests by id and vouches for the files they name."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from fer_ros.config import share_dir
from fer_ros.errors import ModelError
from fer_ros.inference.manifest import Manifest, Task, load_manifest
from fer_ros.types import Float64


def model_dir() -> Path:
    """Return the folder of the shipped models."""
    return share_dir() / 'models'


def find_manifest(name: str, task: Task) -> Manifest:
    """Return the manifest of a shipped model by id, or of the user's own by the path of its YAML.

    :raises ModelError: unknown, of another task, or its file is missing or changed.
    """
    manifest = load_manifest(manifest_path(name, task))
    if manifest.task is not task:
        raise ModelError(
            f"model '{name}': expected a model for {task.value}, found {manifest.task.value}; "
            f'shipped: {", ".join(shipped(task)) or "none"}'
        )
    verify(manifest)
    return manifest


def manifest_path(name: str, task: Task | None = None) -> Path:
    """Return where the manifest of an id or a path is.

    :raises ModelError: there is none; names those of this task, or all.
    """
    path = Path(name).expanduser() if name.endswith(('.yaml', '.yml')) else None
    path = path or model_dir() / f'{name}.yaml'
    if not path.is_file():
        raise ModelError(
            f"model '{name}': expected a manifest at {path}, found none; shipped: "
            f'{", ".join(shipped(task)) or "none"}'
        )
    return path


def shipped(task: Task | None = None) -> list[str]:
    """Return the ids of the shipped models, of one task or of all."""
    manifests = map(load_manifest, sorted(model_dir().glob('*.yaml')))
    return [manifest.id for manifest in manifests if task in (None, manifest.task)]


def load_table(name: str, what: str, rows: int, columns: str) -> Float64:
    """Return a shipped table of numbers, (rows, columns) float64.

    :param what: what it holds, as errors say it.
    :param columns: their names; where one is ``weight``, something has to weigh something.
    :raises ModelError: it is missing or not as it must be.
    """
    path = model_dir() / 'data' / name
    try:
        table: Float64 = np.loadtxt(path, delimiter=',', dtype=np.float64)
    except (OSError, ValueError) as error:
        raise ModelError(
            f'{path}: expected {what}, not readable: {error}; install the package again'
        ) from None
    names = columns.split(',')
    fits = table.shape == (rows, len(names))
    if not fits or ('weight' in names and not (table[:, names.index('weight')] > 0).any()):
        raise ModelError(
            f'{path}: expected {rows} rows {columns}, found {table.shape}; '
            'install the package again'
        )
    return table


def verify(manifest: Manifest) -> None:
    """Refuse a model file that is missing or is not the one that its manifest describes."""
    try:
        found = hashlib.sha256(manifest.file.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(
            f"model '{manifest.id}': expected {manifest.file}, not readable: {error.strerror}; "
            'install the package again or fetch the model'
        ) from None
    if found != manifest.sha256:
        raise ModelError(
            f"model '{manifest.id}': {manifest.file} is corrupt or another file: expected sha256 "
            f'{manifest.sha256[:12]}…, found {found[:12]}…; install the package again'
        )
