"""rclpy's init, ok and shutdown: one participant a process, and what wakes its executor."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from fer_ros.errors import MiddlewareError, MissingExtra
from fer_ros.rosless.arguments import Arguments, parse
from fer_ros.rosless.logging import settings

if TYPE_CHECKING:
    from fer_ros.rosless.graph import Graph
    from fer_ros.rosless.transport import Participant

# Beyond this, the ports that DDS derives from the number do not exist.
MAX_DOMAIN = 232


class ExternalShutdownException(Exception):
    """The process was told to end while a node was spinning."""

    def __init__(self) -> None:
        """Say so as rclpy does."""
        super().__init__('rcl_shutdown already called on the context given to rcl_init')


class Context:
    """What lives between ``init`` and ``shutdown``."""

    def __init__(self) -> None:
        """Start outside."""
        self.arguments = Arguments()
        self.work = threading.Condition()
        self._participant: Participant | None = None
        self._graph: Graph | None = None
        self._running = False
        self._told_to_stop = False

    @property
    def participant(self) -> Participant:
        """Where this process is in the graph; raises where ``init`` was not called."""
        if self._participant is None:
            raise MiddlewareError('expected rclpy.init() before a node is made, found no context')
        return self._participant

    @property
    def graph(self) -> Graph:
        """The names of nodes."""
        assert self._graph is not None, 'the graph lives with the participant'
        return self._graph

    def init(self, args: list[str] | None, domain_id: int | None) -> None:
        """Join the domain of ``ROS_DOMAIN_ID`` with the command line's arguments."""
        if self._running:
            raise RuntimeError('Context.init() must only be called once')
        self.arguments = parse(sys.argv if args is None else args)
        settings.level = self.arguments.level
        number = _domain_id() if domain_id is None else domain_id
        try:
            from fer_ros.rosless.graph import Graph
            from fer_ros.rosless.transport import Participant
        except ImportError as error:
            if error.name and error.name.startswith('cyclonedds'):
                raise MissingExtra(
                    'cyclonedds', 'rosless', 'ROS 2 topics without a ROS 2 installation'
                ) from None
            raise
        self._participant = Participant(number)
        self._graph = Graph(self._participant)
        self._running = True
        self._told_to_stop = False
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_sigterm)

    def ok(self) -> bool:
        """Tell whether ``init`` was called, and ``shutdown`` was not."""
        return self._running and not self._told_to_stop

    def shutdown(self) -> None:
        """Leave the domain."""
        if self._participant is not None:
            self._participant.close()
        self._participant = self._graph = None
        self._running = False
        self.wake()

    def wake(self) -> None:
        """Let the executor look for work."""
        with self.work:
            self.work.notify_all()

    def _on_sigterm(self, number: int, frame: Any) -> None:
        # A handler must not take a lock that the interrupted code may hold: spin looks often.
        self._told_to_stop = True


context = Context()


def init(*, args: list[str] | None = None, domain_id: int | None = None, **_: Any) -> None:
    """Begin; see :class:`Context`."""
    context.init(args, domain_id)


def ok(**_: Any) -> bool:
    """Tell whether nodes may go on."""
    return context.ok()


def shutdown(**_: Any) -> None:
    """End; an error where it has ended already."""
    if not context._running:
        raise RuntimeError('Context must be initialized before it can be shutdown')
    context.shutdown()


def try_shutdown(**_: Any) -> None:
    """End where it has not ended already."""
    if context._running:
        context.shutdown()


def _domain_id() -> int:
    """Return the domain of the environment."""
    text = os.environ.get('ROS_DOMAIN_ID', '').strip() or '0'
    if not text.isdigit() or int(text) > MAX_DOMAIN:
        raise MiddlewareError(
            f'ROS_DOMAIN_ID: expected a number in [0, {MAX_DOMAIN}], found {text!r}'
        )
    return int(text)
