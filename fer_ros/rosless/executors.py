"""rclpy.executors: one thread that calls back whatever is ready."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from fer_ros.rosless.context import Bell, ExternalShutdownException, context
from fer_ros.rosless.time import NS_PER_S

# A signal handler can not wake a waiting thread: look this often whether it has spoken.
PATIENCE_NS = 250_000_000
CHECK_PERIOD_S = 1.0


class SingleThreadedExecutor:
    """Calls back for the nodes that were added, in the thread that spins."""

    def __init__(self, **_: Any) -> None:
        """Start without a node."""
        self._nodes: list[Any] = []
        self._bell = Bell()
        self._rung = True  # whether a message may wait
        self._checked_s = time.monotonic()
        self._tasks: deque[Callable[[], Any]] = deque()

    def add_node(self, node: Any) -> bool:
        """Serve a node; return whether it is a new one."""
        if node in self._nodes:
            return False
        self._nodes.append(node)
        self._rung = True
        self._bell.ring()
        return True

    def remove_node(self, node: Any) -> None:
        """Serve it no more."""
        if node in self._nodes:
            self._nodes.remove(node)

    def spin(self) -> None:
        """Serve until the process is told to end.

        :raises ExternalShutdownException: it was.
        """
        while True:
            self.spin_once()

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Wait for something to be ready, and call it back.

        :raises ExternalShutdownException: the process was told to end.
        """
        deadline_s = time.monotonic() + (float('inf') if timeout_sec is None else timeout_sec)
        while context.ok():
            if not self._rung:
                wait_s = min(self._due_s(), deadline_s - time.monotonic())
                self._rung = self._bell.wait(max(wait_s, 0.0))
            if self._work() or time.monotonic() >= deadline_s:
                return
        raise ExternalShutdownException

    def create_task(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Have something done in the thread that spins; rclpy returns a future of it."""
        self._tasks.append(partial(callback, *args, **kwargs))
        self._bell.ring()

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Serve nobody any more."""
        self._nodes.clear()
        return True

    def _work(self) -> bool:
        """Call back what is ready; return whether anything was."""
        self._check()
        done = bool(self._tasks)
        while self._tasks:
            self._tasks.popleft()()
        for node in list(self._nodes):
            now_ns = node.get_clock().timers_ns()
            for timer in list(node.timers):
                if timer.due_ns <= now_ns:
                    timer.call(now_ns)
                    done = True
        # Every message rings, so that where only a timer is due, no topic is looked at.
        return self._call_subscriptions() or done if self._rung else done

    def _call_subscriptions(self) -> bool:
        """Call back one message of each topic; return whether there was one."""
        ready = [s for node in self._nodes for s in list(node.subscriptions) if s.waiting()]
        for subscription in ready:
            subscription.handle_one()
        # What comes to the others meanwhile rings again.
        self._rung = any(subscription.waiting() for subscription in ready)
        return bool(ready)

    def _due_s(self) -> float:
        """Return seconds until the first timer is due, at most PATIENCE_NS."""
        left_ns = PATIENCE_NS
        for node in self._nodes:
            now_ns = node.get_clock().timers_ns()
            for timer in node.timers:
                left_ns = min(left_ns, timer.due_ns - now_ns)
        return max(left_ns, 0) / NS_PER_S

    def _check(self) -> None:
        """Report QoS that do not fit, once a second."""
        if time.monotonic() - self._checked_s > CHECK_PERIOD_S:
            self._checked_s = time.monotonic()
            for node in self._nodes:
                node.check()


# Our nodes have worker threads of their own where they need them.
MultiThreadedExecutor = SingleThreadedExecutor


@cache
def get_global_executor() -> SingleThreadedExecutor:
    """Return the executor of :func:`spin` and :func:`spin_once`."""
    return SingleThreadedExecutor()


def spin(node: Any, executor: SingleThreadedExecutor | None = None) -> None:
    """Serve a node until the process is told to end."""
    executor = executor or get_global_executor()
    executor.add_node(node)
    try:
        executor.spin()
    finally:
        executor.remove_node(node)


def spin_once(
    node: Any,
    *,
    executor: SingleThreadedExecutor | None = None,
    timeout_sec: float | None = None,
) -> None:
    """Serve a node once."""
    executor = executor or get_global_executor()
    executor.add_node(node)
    try:
        executor.spin_once(timeout_sec)
    finally:
        executor.remove_node(node)
