"""rclpy.callback_groups: accepted, and without effect in an executor of one thread."""

from __future__ import annotations


class CallbackGroup:
    """Callbacks that belong together."""


class MutuallyExclusiveCallbackGroup(CallbackGroup):
    """Callbacks of which one runs at a time."""


class ReentrantCallbackGroup(CallbackGroup):
    """Callbacks that may run at the same time."""
