"""rclpy.lifecycle: nodes with states, moved on by the functions of this process.

The services of a managed node are not offered: ``ros2 lifecycle set`` needs ROS 2.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fer_ros.rosless.entities import Publisher
from fer_ros.rosless.node import Node


class TransitionCallbackReturn(IntEnum):
    """How a transition went."""

    SUCCESS = 97
    FAILURE = 98
    ERROR = 99


@dataclass(frozen=True)
class State:
    """A state by name and number (lifecycle_msgs/msg/State)."""

    label: str
    state_id: int


UNCONFIGURED = State('unconfigured', 1)
INACTIVE = State('inactive', 2)
ACTIVE = State('active', 3)
FINALIZED = State('finalized', 4)

LifecycleState = State


class LifecyclePublisher(Publisher):
    """A publisher that is silent while its node is not active."""

    enabled = False

    @property
    def is_activated(self) -> bool:
        """Tell whether it sends."""
        return self.enabled

    def publish(self, message: Any) -> None:
        """Send a message if the node is active."""
        if self.enabled:
            super().publish(message)


class LifecycleNode(Node):
    """A node whose owner configures and activates it."""

    def __init__(self, node_name: str, **options: Any) -> None:
        """Begin unconfigured."""
        super().__init__(node_name, **options)
        self._state = UNCONFIGURED

    def create_lifecycle_publisher(self, msg_type: Any, topic: str, qos: Any) -> Any:
        """Open a topic that is silent while the node is not active."""
        return self.create_publisher(msg_type, topic, qos, publisher_class=LifecyclePublisher)

    def on_configure(self, state: State) -> TransitionCallbackReturn:
        """Get ready."""
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state: State) -> TransitionCallbackReturn:
        """Begin."""
        self._enable(True)
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: State) -> TransitionCallbackReturn:
        """Pause."""
        self._enable(False)
        return TransitionCallbackReturn.SUCCESS

    def on_cleanup(self, state: State) -> TransitionCallbackReturn:
        """Release what configure took."""
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: State) -> TransitionCallbackReturn:
        """End."""
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: State) -> TransitionCallbackReturn:
        """Recover, or not."""
        return TransitionCallbackReturn.ERROR

    def trigger_configure(self) -> TransitionCallbackReturn:
        """Move from unconfigured to inactive."""
        return self._move(self.on_configure, UNCONFIGURED, INACTIVE)

    def trigger_activate(self) -> TransitionCallbackReturn:
        """Move from inactive to active."""
        return self._move(self.on_activate, INACTIVE, ACTIVE)

    def trigger_deactivate(self) -> TransitionCallbackReturn:
        """Move from active to inactive."""
        return self._move(self.on_deactivate, ACTIVE, INACTIVE)

    def trigger_cleanup(self) -> TransitionCallbackReturn:
        """Move from inactive to unconfigured."""
        return self._move(self.on_cleanup, INACTIVE, UNCONFIGURED)

    def trigger_shutdown(self) -> TransitionCallbackReturn:
        """Move to finalized."""
        return self._move(self.on_shutdown, self._state, FINALIZED)

    def _enable(self, enabled: bool) -> None:
        for publisher in self.publishers:
            if isinstance(publisher, LifecyclePublisher):
                publisher.enabled = enabled

    def _move(
        self, callback: Callable[[State], TransitionCallbackReturn], origin: State, goal: State
    ) -> TransitionCallbackReturn:
        """Call back and go to where its answer leads."""
        if self._state != origin:
            raise RuntimeError(
                f'expected the state {origin.label} for this transition, found {self._state.label}'
            )
        answer = self._ask(callback, origin)
        if answer == TransitionCallbackReturn.SUCCESS:
            self._state = goal
        elif answer == TransitionCallbackReturn.ERROR:
            recovered = self._ask(self.on_error, origin) == TransitionCallbackReturn.SUCCESS
            self._state = UNCONFIGURED if recovered else FINALIZED
        return answer

    def _ask(
        self, callback: Callable[[State], TransitionCallbackReturn], state: State
    ) -> TransitionCallbackReturn:
        """Call back; what it raises counts as an error, as in rclpy."""
        try:
            return callback(state)
        except Exception:  # whatever a node raises must lead to its on_error
            self.get_logger().error(traceback.format_exc())
            return TransitionCallbackReturn.ERROR
