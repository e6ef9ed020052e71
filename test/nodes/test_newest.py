"""A topic is looked at, not waited for."""

from __future__ import annotations

import pytest
from fer_msgs.msg import FaceExpressionArray
from listener import Listener

from fer_ros.nodes.newest import Newest

pytestmark = pytest.mark.xdist_group('dds')


def test_the_newest_is_taken_once_and_an_executor_serves_it_not(listener: Listener) -> None:
    topic = Newest(listener, FaceExpressionArray, 'expressions', 1)
    served: list[FaceExpressionArray] = []
    topic._subscription.callback = served.append
    publisher = listener.create_publisher(FaceExpressionArray, 'expressions', 10)
    listener.spin_until(lambda: publisher.get_subscription_count() > 0, 'the topic')
    assert topic.take() is None
    found: list[int] = []

    def take() -> list[int]:
        if (message := topic.take()) is not None:
            found.append(message.frames_processed)
        return found

    for number in (1, 2):
        publisher.publish(FaceExpressionArray(frames_processed=number))
    listener.spin_until(lambda: take()[-1:] == [2], 'the newest')
    assert topic.take() is None
    assert served == []
    topic.close()


def test_an_executor_that_asks_no_group_is_as_good(listener: Listener) -> None:
    topic = Newest(listener, FaceExpressionArray, 'expressions', 1)
    message = FaceExpressionArray()
    topic._subscription.callback(message)
    assert topic.take() is message
    assert topic.take() is None
    topic.close()
