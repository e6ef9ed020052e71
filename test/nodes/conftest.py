"""A perception node in a process of its own, and a listener in this one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import rclpy
from listener import Listener, finish, start


@pytest.fixture(scope='session', autouse=True)
def _context() -> Iterator[None]:
    rclpy.init(args=[])
    yield
    rclpy.try_shutdown()


@pytest.fixture
def listener() -> Iterator[Listener]:
    node = Listener()
    yield node
    node.destroy_node()


@pytest.fixture
def perception(listener: Listener) -> Iterator[None]:
    """Start the node; its images are reliable, and none is stale however slow the machine."""
    rules = ('image_reliability:=reliable', 'max_age_s:=0.0', 'publish_json:=true')
    process = start('up', *(word for rule in rules for word in ('-p', rule)))
    try:
        listener.spin_until(
            lambda: (
                listener.count_publishers('/fer/expressions') > 0 or process.poll() is not None
            ),
            'the perception node',
        )
        assert process.poll() is None, process.communicate()
        yield
    finally:
        status, text = finish(process)
    assert status == 0, text
    assert 'Traceback' not in text
