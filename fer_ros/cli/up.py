"""``fer-ros up``: the perception node in this process, the robot's face in another."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.errors import ConfigError
from fer_ros.nodes import signals
from fer_ros.rosless.arguments import matches, read_parameter_file


def main(words: Sequence[str]) -> int:
    """Configure, activate and spin until interrupted."""
    parser = common.parser(
        'up',
        'Start the perception node, configured and active, on ROS 2 where rclpy can be imported '
        'and on DDS by itself where it can not.',
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument('--generation', action='store_true', help="the robot's face as well")
    which.add_argument('--face-only', action='store_true', help="the robot's face alone")
    common.add_ros_arguments(parser)
    options = parser.parse_args(words)
    arguments = common.ros_arguments(options)
    if options.params:
        _require_our_parameters(options)
    signals.listen()  # imports take long: Ctrl-C ends them in order as well
    common.use_ros()
    if options.face_only:
        return _face(arguments)
    from fer_ros.nodes.perception_node import run

    if not options.generation:
        return run(arguments, autostart=True)
    rest = [word for word in words if word != '--generation']
    face = subprocess.Popen([sys.executable, '-m', 'fer_ros.cli.main', 'up', '--face-only', *rest])
    try:
        return run(arguments, autostart=True)
    finally:
        face.terminate()
        face.wait()


def _require_our_parameters(options: argparse.Namespace) -> None:
    """Refuse a parameter file that is for other nodes, unless these are called otherwise."""
    if any('__' in rule.partition(':=')[0] for rule in options.remap):
        return
    nodes = ['/fer'] * (not options.face_only)
    nodes += ['/fer/robot_face'] * (options.face_only or options.generation)
    given = {pattern for pattern, _, _ in read_parameter_file(Path(options.params))}
    if given and not any(matches(pattern, node) for pattern in given for node in nodes):
        raise ConfigError(
            f'{options.params}: expected parameters of {" or ".join(nodes)}, or of /**, found '
            f'those of {", ".join(sorted(given))}'
        )


def _face(arguments: list[str]) -> int:
    """Spin the robot's face in this process."""
    from fer_ros.nodes.generation_node import run

    return run(arguments, autostart=True)
