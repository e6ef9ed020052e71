"""A robot beside the nodes that a test launches; tests of this folder need a real ROS 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def robot() -> Iterator[Any]:
    import rclpy
    from robot import Robot

    rclpy.init()
    made = Robot()
    yield made
    made.destroy_node()
    rclpy.try_shutdown()
