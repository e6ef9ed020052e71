"""The measurements, and the figures that come of them.

Milliseconds belong to one machine on one day; ratios that were measured on the same frames in
turn carry over.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_ros.errors import FerError
from fer_ros.evaluation.bench.beside import (
    OURS,
    Say,
    beside_peers,
    beside_peers_on,
    in_turn,
    key_of,
    ratios,
    run_of,
)
from fer_ros.evaluation.bench.peers import PEERS
from fer_ros.evaluation.bench.rooms import OWN, measured
from fer_ros.evaluation.bench.scenes import portrait_of, scene
from fer_ros.evaluation.bench.stages import gpu_figures
from fer_ros.inference.factory import Device
from fer_ros.pipeline import Pipeline, PipelineConfig
from fer_ros.types import UInt8

WARM_UP = 15


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """What is measured.

    :param frames: timed frames of each case.
    :param warm_up: frames before them.
    :param clip: a clip of one person to time the chain on as well: scenes have no expression.
    """

    frames: int = 120
    warm_up: int = WARM_UP
    sizes: tuple[str, ...] = ('360p', '720p', '1080p')
    faces: tuple[int, ...] = (1, 4, 16)
    devices: tuple[Device, ...] = (Device.CPU, Device.CUDA, Device.TENSORRT)
    peers: bool = True
    clip: Path | None = None

    @classmethod
    def quick(cls) -> BenchPlan:
        """Return one that takes seconds, and whose figures mean little."""
        return cls(frames=4, warm_up=2, sizes=('360p',), faces=(1,), peers=False)


def bench(sample: Path, plan: BenchPlan, say: Say) -> dict[str, Any]:
    """Measure everything that a plan names.

    :param sample: a source whose first frame shows one face.
    :param say: takes what is measured now, for people to read.
    """
    portrait = portrait_of(sample)
    beside, absent = (
        beside_peers(portrait, plan.frames, plan.warm_up, say) if plan.peers else ({}, {})
    )
    if plan.clip is not None:
        beside |= beside_peers_on(plan.clip, plan.warm_up, say, peers=plan.peers)
    return {
        **ratios(beside),
        'machine': _machine(),
        'peers': {peer.name: peer.version for peer in PEERS},
        'peers_absent': absent,
        'beside_peers': {
            key: {name: times.figures() for name, times in found.items()}
            for key, found in beside.items()
        },
        'chain': list(_matrix(portrait, plan, say)),
        'gpu': gpu_figures(portrait, plan.devices, plan.frames, plan.warm_up, say),
        'rooms_ms_per_frame': _rooms(portrait, plan, say),
        'start_up': _start_up(sample, say),
    }


def headline(figures: Mapping[str, Any]) -> list[str]:
    """Return the figures as lines for people, ratios first."""
    lines = [f'{name:28} {value}' for name, value in figures.items() if 'ratio_to_' in name]
    lines += [f'{name:28} {figures[name]}' for name in ('machine', 'peers')]
    for key, found in figures['beside_peers'].items():
        for name, one in found.items():
            lines.append(f'{key:20} {name:10} {_spread(one)}')
    for one in figures['chain']:
        case = f'{one["size"]} {one["faces"]} faces, {one["backend"]}'
        lines.append(f'{case:43} {_spread(one)}')
    for one in figures['gpu']['stages']:
        lines.append(' '.join(f'{key} {value}' for key, value in one.items()))
    lines += [f'{name}: {why}' for name, why in figures['gpu']['refused'].items()]
    for key, rooms in figures['rooms_ms_per_frame'].items():
        lines += [f'{key:14} {room:28} {value:.3f} ms' for room, value in rooms.items()]
    lines.append(f'start-up: {figures["start_up"]}')
    return lines


def _spread(one: Mapping[str, Any]) -> str:
    return (
        f'p50 {one["p50"]:.2f}  p90 {one["p90"]:.2f}  p99 {one["p99"]:.2f}  '
        f'mean {one["mean"]:.2f} ms, '
        f'CPU {one["cpu_ms_per_frame"]:.2f} ms, {one["faces_seen"]} seen'
    )


def _matrix(portrait: UInt8, plan: BenchPlan, say: Say) -> Iterator[dict[str, Any]]:
    """Yield the chain's figures by device, size and number of faces."""
    for device in plan.devices:
        try:
            Pipeline(PipelineConfig(device=device))
        except FerError as error:
            say(f'{device.value}: {error}')
            continue
        for size in plan.sizes:
            for faces in plan.faces:
                say(f'chain on {device.value}, {faces} faces at {size}')
                pipeline = Pipeline(PipelineConfig(device=device))
                frames = scene(portrait, size, faces, plan.frames + plan.warm_up)
                times = in_turn(frames, {OURS: run_of(pipeline)}, plan.warm_up)[OURS]
                yield {
                    'size': size,
                    'faces': faces,
                    'backend': pipeline.backend,
                    **times.figures(),
                }


def _rooms(portrait: UInt8, plan: BenchPlan, say: Say) -> dict[str, dict[str, float]]:
    """Return the mean time that a frame spends in each room, by number of faces."""
    size = '720p' if '720p' in plan.sizes else plan.sizes[0]
    found = {}
    for faces in plan.faces:
        say(f'rooms, {faces} faces at {size}')
        pipeline = Pipeline(PipelineConfig(device=Device.CPU))
        frames = list(scene(portrait, size, faces, plan.frames + plan.warm_up))
        for frame in frames[: plan.warm_up]:
            pipeline.process(frame)
        with measured(pipeline) as watch:
            for frame in frames[plan.warm_up :]:
                with watch.inside(OWN):
                    pipeline.process(frame)
        means = {room: spent / plan.frames * 1e3 for room, spent in watch.spent_s.items()}
        ordered = sorted(means.items(), key=lambda item: -item[1])
        found[f'{size} {key_of(faces)}'] = {room: round(value, 4) for room, value in ordered}
    return found


_START = """
import json, sys, time
began = time.perf_counter()
from fer_ros.pipeline import Pipeline
from fer_ros.sources import open_source
imported = time.perf_counter()
pipeline = Pipeline()
loaded = time.perf_counter()
with open_source(sys.argv[1], now_ns=lambda: 0) as source:
    frames = iter(source)
    frame = next(frames)
    opened = time.perf_counter()
    pipeline.process(frame)
    first = time.perf_counter()
    for _, frame in zip(range(30), frames):
        pipeline.process(frame)
try:
    lines = open('/proc/self/status', encoding='ascii').read().splitlines()
    resident = next(int(line.split()[1]) for line in lines if line.startswith('VmHWM:')) / 1024
except OSError:  # only Linux tells; getrusage would tell of the parent too
    resident = None
print(json.dumps({
    'import_s': round(imported - began, 3),
    'load_models_s': round(loaded - imported, 3),
    'first_frame_ms': round((first - opened) * 1e3, 1),
    'resident_mb': resident and round(resident, 1),
}))
"""


def _start_up(sample: Path, say: Say) -> dict[str, Any]:
    """Return what a process of its own takes to the first result, and its largest memory."""
    say('start-up')
    words = [sys.executable, '-c', _START, str(sample)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        return {'error': (done.stderr.strip().splitlines() or ['no output'])[-1]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _machine() -> dict[str, Any]:
    """Name what was measured on."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else None
    return {
        'cpu': _cpu_name() or platform.processor() or platform.machine(),
        'system': f'{platform.system()} {platform.machine()}',
        'python': platform.python_version(),
        'cores': os.cpu_count(),
        'cores_used': affinity,
        'load': round(os.getloadavg()[0], 2) if hasattr(os, 'getloadavg') else None,
    }


def _cpu_name() -> str:
    """Return the processor's name as Linux tells it."""
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8', errors='replace').splitlines()
    except OSError:
        return ''
    return next((line.partition(':')[2].strip() for line in lines if 'model name' in line), '')
