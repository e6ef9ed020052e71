"""What the robot's face listens to; every callback converts and hands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fer_msgs.msg import ExpressionRequest, FaceExpressionArray
from geometry_msgs.msg import PointStamped
from hri_msgs.msg import Expression
from rclpy.callback_groups import CallbackGroup
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float32, String

RELIABLE = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE
)
# A face that lags behind is worse than one that misses a frame.
NEWEST = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT
)


class _Unserved(CallbackGroup):
    """What no executor waits for."""

    def can_execute(self, entity: Any) -> bool:
        """Say no."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Say no."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Do nothing."""


class People:
    """The newest message of who is seen, for who looks at a pace of its own.

    For each message that rclpy's executor waits for it makes its wait set anew, which takes a
    millisecond.
    """

    def __init__(self, node: Any) -> None:
        """Listen."""
        self._node = node
        self._newest: FaceExpressionArray | None = None
        self._subscription = node.create_subscription(
            FaceExpressionArray,
            'expressions',
            self._keep,  # for an executor that asks no callback group
            NEWEST,
            callback_group=_Unserved(),
        )

    def take(self) -> FaceExpressionArray | None:
        """Return the newest message, None where there is none since the last look."""
        handle = self._subscription.handle
        with handle:
            if (came := handle.take_message(FaceExpressionArray, False)) is not None:
                self._keep(came[0])
        newest, self._newest = self._newest, None
        return newest

    def close(self) -> None:
        """Listen no more; nobody may look after that."""
        self._node.destroy_subscription(self._subscription)

    def _keep(self, message: FaceExpressionArray) -> None:
        self._newest = message


class FaceInputs:
    """The subscriptions of the robot's face that an executor serves."""

    def __init__(self, node: Any) -> None:
        """Open none yet."""
        self._node = node
        self._open: list[Any] = []

    def open(self, handlers: dict[str, Callable[[Any], None]]) -> None:
        """Subscribe each topic's handler, by name of the input."""
        topics: dict[str, tuple[type, str, QoSProfile]] = {
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
