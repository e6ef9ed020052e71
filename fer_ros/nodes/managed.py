"""A lifecycle node that says what goes wrong in a transition, goes on, and waits for little."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from rclpy.lifecycle import LifecycleNode, State, TransitionCallbackReturn

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ImportError:  # Humble
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

from fer_ros.errors import FerError

Self = TypeVar('Self')
Transition = Callable[[Self, State], TransitionCallbackReturn]
Service = Callable[[Any, Any], Any]


class ManagedNode(LifecycleNode):
    """A node that a wrong request does not end.

    Its topics have no events of their own; peers whose QoS do not fit report it. rclpy's executor
    would wait for two of each topic, which takes half of the time of a node that ticks at 100 Hz;
    and when the worker closes the topics of a face meanwhile, it would find them gone and end.
    """

    def __init__(self, name: str, **kwargs: Any) -> None:
        """Guard the service that asks for transitions."""
        super().__init__(name, **kwargs)
        for service in self.services:
            if service.srv_name.endswith('/change_state'):
                service.callback = self._refusing(service.callback)

    def create_publisher(self, *args: Any, **kwargs: Any) -> Any:
        """Open a topic for sending, without events."""
        events = PublisherEventCallbacks(use_default_callbacks=False)
        return super().create_publisher(*args, **{'event_callbacks': events, **kwargs})

    def create_subscription(self, *args: Any, **kwargs: Any) -> Any:
        """Open a topic for receiving, without events."""
        events = SubscriptionEventCallbacks(use_default_callbacks=False)
        return super().create_subscription(*args, **{'event_callbacks': events, **kwargs})

    def _refusing(self, change_state: Service) -> Service:
        """Return what answers no where rclpy raises (ros2/rclpy#1209: up to Jazzy, at least)."""

        def change(request: Any, response: Any) -> Any:
            try:
                return change_state(request, response)
            except RuntimeError as error:  # rclpy's RCLError
                self.get_logger().error(str(error))
                response.success = False
                return response

        return change


def reported(transition: Transition[Self]) -> Transition[Self]:
    """Log what a transition raises: rclpy makes an error of it, and is silent."""

    @wraps(transition)
    def guarded(node: Any, state: State) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except FerError as error:
            node.get_logger().error(str(error))
            return TransitionCallbackReturn.ERROR
        except Exception:  # whatever it is, on_error comes next
            node.get_logger().error(traceback.format_exc())
            return TransitionCallbackReturn.ERROR

    return guarded
