"""``fer-ros up``: the perception node in this process, the robot's face in another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from fer_ros.cli import common
from fer_ros.nodes import signals


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


def _face(arguments: list[str]) -> int:
    """Spin the robot's face in this process."""
    from fer_ros.nodes.generation_node import run

    return run(arguments, autostart=True)
