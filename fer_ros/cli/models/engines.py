"""``fer-ros models build``, ``engines`` and ``prune``: TensorRT engines of this machine."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from fer_ros.cli import common
from fer_ros.errors import FerError, ModelError
from fer_ros.inference import parity
from fer_ros.inference.engine_cache import EngineCache, EngineKey
from fer_ros.inference.factory import Precision, half_of
from fer_ros.inference.hardware import Gpu, probe_gpu
from fer_ros.inference.manifest import Manifest, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest, manifest_path, shipped
from fer_ros.inference.tensorrt_build import Building, BuildOptions
from fer_ros.inference.tensorrt_engine import import_tensorrt, key_of, load


def main(action: str, parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Run one of the three actions."""
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    if action == 'build':
        return _build(parser, words)
    if action == 'engines':
        rows = [
            {
                'path': str(entry.path),
                'megabytes': round(entry.size / 2**20, 1),
                'state': entry.state,
                **(_shown(entry.key) if entry.key else {}),
            }
            for entry in EngineCache().entries()
        ]
    else:
        parser.add_argument('--all', action='store_true', help='delete every engine')
        everything = parser.parse_args(words).all
        gone = EngineCache().prune(_never if everything else _wanted_here())
        rows = [{'path': str(path), 'state': 'deleted'} for path in gone]
    _print(rows, as_json=parser.parse_args(words).json)
    return 0


def _build(parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Build what is missing; return 1 where a model could not be built or is not as it must be."""
    parser.add_argument('--device', choices=['tensorrt'], default='tensorrt')
    parser.add_argument('--build-only', action='store_true', help='do not load and compare them')
    parser.add_argument('--model', action='append', help='id or manifest (default: all shipped)')
    parser.add_argument('--precision', choices=['fp16', 'fp32'], default='fp16')
    parser.add_argument('--level', type=int, help='builder optimisation, 0 to 5 (3)')
    parser.add_argument('--dla', type=int, metavar='CORE', help='deep-learning accelerator')
    options = parser.parse_args(words)
    # The run time reads the same two, so that it looks for the same engines.
    for name, value in (('TENSORRT_LEVEL', options.level), ('DLA_CORE', options.dla)):
        if value is not None:
            os.environ[f'FER_ROS_{name}'] = str(value)
    found = probe_gpu()
    if found.gpu is None:
        raise ModelError(f'device: expected tensorrt, which can not be had: {found.reason}')
    import_tensorrt()
    names = options.model or [name for task in parity.TASKS for name in shipped(task)]
    rows = []
    for name in names:
        task = load_manifest(manifest_path(name)).task
        manifest = find_manifest(name, task)
        rows.append(
            _build_one(manifest, Precision(options.precision), found.gpu, options.build_only)
        )
    _print(rows, as_json=options.json)
    return int(any(row['state'] == 'failed' for row in rows))


def _build_one(
    original: Manifest, precision: Precision, gpu: Gpu, build_only: bool
) -> dict[str, Any]:
    """Build one engine, and compare it with the CPU."""
    row: dict[str, Any] = {'model': original.id, 'precision': precision.value}
    try:
        is_half = precision is Precision.FP16 and 'precision' not in original.options
        manifest = half_of(original) if is_half else original
        row['state'] = _ensure(manifest, gpu)
        if not build_only:
            engine = load(manifest, gpu, 'built')
            figures = asdict(parity.check(engine, OnnxRuntimeEngine(original)))
            row['parity'] = {k: round(v, 6) for k, v in figures.items() if v is not None}
    except FerError as error:
        row |= {'state': 'failed', 'error': str(error)}
    return row


def _ensure(manifest: Manifest, gpu: Gpu) -> str:
    """Build an engine unless there is one."""
    cache = EngineCache()
    key = key_of(import_tensorrt(), manifest, gpu, BuildOptions.from_environment())
    try:
        cache.read(key)
    except ModelError:
        Building(manifest.file, key, cache).wait()
        return 'built'
    return 'there'


def _never(_: EngineKey) -> bool:
    return False


def _wanted_here() -> Callable[[EngineKey], bool]:
    """Return what tells the engines that this machine can use."""
    gpu = probe_gpu().gpu
    try:
        version = import_tensorrt().__version__
    except ModelError:
        version = None
    if gpu is None or version is None:
        return lambda _: True  # nothing can be told of them without a GPU and TensorRT

    def wanted(key: EngineKey) -> bool:
        here = (version, gpu.name, gpu.sm, gpu.driver)
        return (key.tensorrt, key.gpu, key.sm, key.driver) == here

    return wanted


def _shown(key: EngineKey) -> dict[str, Any]:
    """Return what is worth a column."""
    return {
        'model': key.model,
        'precision': key.precision,
        'tensorrt': key.tensorrt,
        'gpu': key.gpu,
        'driver': key.driver,
        'level': key.level,
        'dla': key.dla,
    }


def _print(rows: Sequence[dict[str, Any]], *, as_json: bool) -> None:
    """Print rows as JSON or text."""
    if as_json:
        common.print_json(list(rows))
        return
    for row in rows:
        print('  '.join(f'{key} {value}' for key, value in row.items() if value is not None))
