"""What the robot's face listens to; every callback converts and hands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fer_msgs.msg import ExpressionEvent, ExpressionRequest
from geometry_msgs.msg import PointStamped
from hri_msgs.msg import Expression
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float32, String

RELIABLE = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE
)
# A face that lags behind is worse than one that misses a frame.
PEOPLE = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT
)


class FaceInputs:
    """The subscriptions of the robot's face that an executor serves."""

    def __init__(self, node: Any) -> None:
        """Open none yet."""
        self._node = node
        self._open: list[Any] = []

    def open(self, handlers: dict[str, Callable[[Any], None]]) -> None:
        """Subscribe each topic's handler, by name of the input."""
        topics: dict[str, tuple[type, str, QoSProfile]] = {
            'event': (ExpressionEvent, 'events', RELIABLE),
            'expression': (Expression, '/robot_face/expression', RELIABLE),
            'set_expression': (Expression, '~/set_expression', RELIABLE),
            'request': (ExpressionRequest, '~/request', RELIABLE),
            'viseme': (String, '~/visemes', RELIABLE),
            'mouth': (Float32, '~/mouth', RELIABLE),
            'gaze': (PointStamped, '~/gaze_target', RELIABLE),
            'speaker': (String, '~/speaker', RELIABLE),
            'estop': (Bool, '~/estop', RELIABLE),
            'joint_states': (JointState, 'joint_states', RELIABLE),
        }
        for name, handler in handlers.items():
            kind, topic, qos = topics[name]
            self._open.append(self._node.create_subscription(kind, topic, handler, qos))

    def close(self) -> None:
        """Listen no more."""
        for subscription in self._open:
            self._node.destroy_subscription(subscription)
        self._open = []
