"""rclpy.callback_groups: all the same to an executor of one thread, unless one says no."""

from __future__ import annotations

from typing import Any


class CallbackGroup:
    """Callbacks that belong together."""

    def can_execute(self, entity: Any) -> bool:
        """Tell whether an executor may call back; asked once, when the topic opens."""
        return True


class MutuallyExclusiveCallbackGroup(CallbackGroup):
    """Callbacks of which one runs at a time."""


class ReentrantCallbackGroup(CallbackGroup):
    """Callbacks that may run at the same time."""
