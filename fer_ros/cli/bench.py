"""``fer-ros bench``: how fast it is here, beside others where they are installed."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from fer_ros.cli import common
from fer_ros.config import share_dir
from fer_ros.errors import ConfigError, MiddlewareError
from fer_ros.evaluation.bench import BenchPlan, bench, headline
from fer_ros.evaluation.bench.scenes import portrait_of, scene
from fer_ros.evaluation.replay.files import write_json
from fer_ros.evaluation.summary import percentiles
from fer_ros.inference.factory import Device

LIMIT_S = 60.0
NODE_FACES = (1, 4)
NODE_SIZE = '720p'
RATE_HZ = 30.0
SETTLE_S = 2.0
SCENE_FRAMES = 20  # sent in turn: more would only fill memory


def main(words: Sequence[str]) -> int:
    """Measure; print text or JSON."""
    options = _options(words)
    plan = BenchPlan.quick() if options.quick else BenchPlan(frames=options.frames)
    if options.device != 'all':
        plan = replace(plan, devices=(Device(options.device),))
    if options.no_peers:
        plan = replace(plan, peers=False)
    if options.clip is not None:
        plan = replace(plan, clip=options.clip)
    sample = share_dir() / 'samples' / 'astronaut.mcap'
    # First, on all cores: a node, its camera and the middleware are three processes.
    node = None if options.no_node else _node(sample, options)
    if hasattr(os, 'sched_setaffinity'):
        # The last core: the first one serves the machine's interrupts.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    figures = bench(sample, plan, _say)
    if node is not None:
        figures['node'] = node
    if options.out is not None:
        write_json(options.out, figures)
    if options.json:
        common.print_json(figures)
    else:
        _tell(figures)
    return 0


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = common.parser(
        'bench',
        'Time the whole chain and each room on one core, at 360p, 720p and 1080p with 1, 4 and 16 '
        'faces, beside MediaPipe Face Mesh and fer where they are installed '
        '(benchmarks/peers.txt); then the node: start, memory, and what the middleware adds.',
    )
    parser.add_argument('--frames', type=int, default=120, help='timed frames a case')
    parser.add_argument('--seconds', type=float, default=10.0, help='a case of the node')
    parser.add_argument(
        '--device',
        default='all',
        choices=['all', *(device.value for device in BenchPlan().devices)],
        help='where the chain runs; a GPU also at 4K, stage by stage',
    )
    parser.add_argument('--quick', action='store_true', help='seconds; figures mean little')
    parser.add_argument('--no-node', action='store_true', help='leave the node out')
    parser.add_argument('--no-peers', action='store_true', help='leave other programs out')
    parser.add_argument('--clip', type=Path, help='a clip of one person to time the chain on, too')
    parser.add_argument('--out', type=Path, help='a file for the JSON')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    if options.frames < 1:
        raise ConfigError(f'frames: expected 1 or more, found {options.frames}')
    if not 0.1 <= options.seconds <= 3600.0:
        raise ConfigError(f'seconds: expected 0.1 to 3600, found {options.seconds:g}')
    if options.quick:
        options.seconds = min(options.seconds, 0.5)
    return options


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _tell(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    for line in headline(figures):
        print(line)
    for key, one in figures.get('node', {}).items():
        print(f'node {key:24} {one}')


def _node(sample: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Start the node; return what it takes to its first message, and what the middleware adds."""
    common.stay_on_this_machine()
    common.choose_domain()
    which = common.use_ros()
    import rclpy

    from fer_ros.nodes.probe_node import ProbeNode

    _say('node')
    portrait = portrait_of(sample)
    counts = NODE_FACES[:1] if options.quick else NODE_FACES
    scenes = {faces: list(scene(portrait, NODE_SIZE, faces, SCENE_FRAMES)) for faces in counts}
    rclpy.init(args=[])
    probe = ProbeNode()
    start_s = time.monotonic()
    words = [sys.executable, '-m', 'fer_ros.cli.main', 'up', '--log-level', 'error']
    perception = subprocess.Popen(words)
    try:
        if not probe.wait_for_perception(LIMIT_S):
            raise MiddlewareError(f'expected the node within {LIMIT_S:.0f} s, found none')
        while not probe.send(scenes[1], RATE_HZ, 0.2).total_ms:
            if time.monotonic() - start_s > LIMIT_S:
                raise MiddlewareError(f'expected a message within {LIMIT_S:.0f} s, found none')
        found: dict[str, Any] = {
            'middleware': which,
            'start_to_first_message_s': round(time.monotonic() - start_s, 3),
        }
        for faces, frames in scenes.items():
            probe.send(frames, RATE_HZ, 0.1 if options.quick else SETTLE_S)
            found[f'{faces}face' + ('s' if faces > 1 else '')] = _case(
                probe, perception.pid, frames, options.seconds
            )
        found['resident_mb'] = _resident_mb(perception.pid)
        return found
    finally:
        perception.terminate()
        perception.wait()
        probe.destroy_node()
        rclpy.try_shutdown()


def _case(probe: Any, pid: int, frames: Sequence[Any], seconds: float) -> dict[str, Any]:
    """Send images at 30 Hz; return latencies and the share of a core that the node takes."""
    began_s, began_cpu_s = time.monotonic(), _cpu_s(pid)
    heard = probe.send(frames, RATE_HZ, seconds)
    spent_s, ended_cpu_s = time.monotonic() - began_s, _cpu_s(pid)
    share = None
    if began_cpu_s is not None and ended_cpu_s is not None:
        share = round((ended_cpu_s - began_cpu_s) / spent_s, 3)
    return {
        'sent': heard.sent,
        'answered': len(heard.total_ms),
        'faces_seen': heard.faces,
        'stamp_to_message_ms': percentiles(heard.total_ms),
        'inference_ms': percentiles(heard.inference_ms),
        'transport_ms': percentiles(heard.transport_ms),
        'core_share_at_30_hz': share,
    }


def _cpu_s(pid: int) -> float | None:
    """Return a process's CPU time, its threads included; None where the system does not tell."""
    try:
        fields = Path(f'/proc/{pid}/stat').read_text(encoding='ascii').rpartition(')')[2].split()
    except OSError:
        return None
    # After the name: state is field 3 of proc(5), utime and stime are 14 and 15.
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def _resident_mb(pid: int) -> float | None:
    """Return a process's resident memory, None where the system does not tell."""
    try:
        lines = Path(f'/proc/{pid}/status').read_text(encoding='ascii').splitlines()
    except OSError:
        return None
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith('VmRSS:'))
    return round(kilobytes / 1024, 1)
