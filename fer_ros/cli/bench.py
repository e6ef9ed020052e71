"""``fer-ros bench``: how fast it is here."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fer_ros.cli import common
from fer_ros.config import share_dir
from fer_ros.errors import MiddlewareError
from fer_ros.evaluation.bench import bench

LIMIT_S = 60.0


def main(words: Sequence[str]) -> int:
    """Time the chain and the node; print text or JSON."""
    parser = common.parser(
        'bench',
        'Time the whole chain at 720p with 1 and 4 faces on one core, beside MediaPipe Face Mesh '
        'where it is installed, and the start of the node.',
    )
    parser.add_argument('--frames', type=int, default=120, help='timed frames a case')
    parser.add_argument('--no-node', action='store_true', help='leave the node out')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    sample = share_dir() / 'samples' / 'astronaut.mcap'
    if hasattr(os, 'sched_setaffinity'):
        # The last core: the first one serves the machine's interrupts.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    figures = bench(sample, frames=options.frames)
    if not options.no_node:
        figures['node'] = _node(sample)
    if options.json:
        common.print_json(figures)
    else:
        for name, value in figures.items():
            print(f'{name:28} {value}')
    return 0


def _node(sample: Path) -> dict[str, Any]:
    """Start the node under a playing camera; return what it takes to its first message."""
    common.stay_on_this_machine()
    common.choose_domain()
    common.use_ros()
    import rclpy
    from fer_msgs.msg import FaceExpressionArray  # type: ignore[attr-defined,unused-ignore]
    from rclpy.node import Node

    heard: list[Any] = []
    rclpy.init(args=[])
    node = Node('fer_bench')
    node.create_subscription(FaceExpressionArray, '/fer/expressions', heard.append, 10)
    command = [sys.executable, '-m', 'fer_ros.cli.main']
    player = subprocess.Popen([*command, 'play', str(sample), '--quiet', '--wait', '20'])
    time.sleep(3.0)  # the player is there, and waits for the node
    start_s = time.monotonic()
    perception = subprocess.Popen([*command, 'up', '--log-level', 'error'])
    try:
        while not heard:
            if time.monotonic() - start_s > LIMIT_S:
                raise MiddlewareError(f'expected a message within {LIMIT_S:.0f} s, found none')
            rclpy.spin_once(node, timeout_sec=0.01)
        seconds = time.monotonic() - start_s
        while len(heard) < 100 and player.poll() is None:
            rclpy.spin_once(node, timeout_sec=0.1)
        return {
            'start_to_first_message_s': round(seconds, 3),
            'resident_mb': _resident_mb(perception.pid),
        }
    finally:
        for child in (player, perception):
            child.terminate()
            child.wait()
        node.destroy_node()
        rclpy.try_shutdown()


def _resident_mb(pid: int) -> float | None:
    """Return a process's resident memory, None where the system does not tell."""
    try:
        lines = Path(f'/proc/{pid}/status').read_text(encoding='ascii').splitlines()
    except OSError:
        return None
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith('VmRSS:'))
    return round(kilobytes / 1024, 1)
