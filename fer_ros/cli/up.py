"""``fer-ros up``: the perception node in this process."""

from __future__ import annotations

from collections.abc import Sequence

from fer_ros.cli import common


def main(words: Sequence[str]) -> int:
    """Configure, activate and spin until interrupted."""
    parser = common.parser(
        'up',
        'Start the perception node, configured and active, on ROS 2 where rclpy can be imported '
        'and on DDS by itself where it can not.',
    )
    common.add_ros_arguments(parser)
    options = parser.parse_args(words)
    common.use_ros()
    from fer_ros.nodes.perception_node import run

    return run(common.ros_arguments(options), autostart=True)
