"""A robot beside the nodes that a test launches; tests of this folder need a real ROS 2."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope='session', autouse=True)
def _alone() -> None:
    """Let nodes of earlier tests leave: rclpy keeps a lifecycle node's services until it is freed,
    and a launched node of the same name would wait in vain for what they were asked.
    """
    gc.collect()


@pytest.fixture
def robot() -> Iterator[Any]:
    import rclpy
    from rclpy.context import Context
    from robot import Robot

    context = Context()  # its own: other tests of this run may have the default one
    rclpy.init(args=[], context=context)
    made = Robot(context)
    yield made
    made.destroy_node()
    rclpy.shutdown(context=context)
