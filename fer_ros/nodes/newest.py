"""The newest message of a topic, for who looks at a pace of its own."""

from __future__ import annotations

from typing import Any

from rclpy.callback_groups import CallbackGroup


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


class Newest:
    """A topic that is looked at, and not waited for.

    For each message that rclpy's executor waits for it makes its wait set anew, which takes most
    of a millisecond; to look whether there is one takes a tenth of that.
    """

    def __init__(self, node: Any, kind: type, topic: str, qos: Any) -> None:
        """Listen."""
        self._node, self._kind = node, kind
        self._newest: Any = None
        self._subscription = node.create_subscription(
            kind,
            topic,
            self._keep,  # for an executor that asks no callback group
            qos,
            callback_group=_Unserved(),
        )

    def take(self) -> Any:
        """Return the newest message, None where none has come since the last look."""
        handle = self._subscription.handle
        with handle:
            while (came := handle.take_message(self._kind, False)) is not None:
                self._keep(came[0])
        newest, self._newest = self._newest, None
        return newest

    def close(self) -> None:
        """Listen no more; nobody may look after that."""
        self._node.destroy_subscription(self._subscription)

    def _keep(self, message: Any) -> None:
        self._newest = message
