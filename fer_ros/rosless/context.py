"""rclpy's init, ok and shutdown: one participant a process, and what wakes its executor."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import ref

from fer_ros.errors import MiddlewareError
from fer_ros.rosless.arguments import Arguments, parse
from fer_ros.rosless.logging import settings
from fer_ros.rosless.network import domain_id as environment_domain_id
from fer_ros.rosless.signals import SignalHandlerOptions

if TYPE_CHECKING:
    from fer_ros.rosless.graph import Graph
    from fer_ros.rosless.transport import Participant


class ExternalShutdownException(Exception):
    """The process was told to end while a node was spinning."""

    def __init__(self) -> None:
        """Say so as rclpy does."""
        super().__init__('rcl_shutdown already called on the context given to rcl_init')


class Bell:
    """Wakes the thread that waits for it; one that rings before the wait ends it at once.

    A lock that is taken again and again, because a condition costs several times as much.
    """

    def __init__(self) -> None:
        """Start silent."""
        self._silent = threading.Lock()
        self._silent.acquire()
        context.hang(self)

    def ring(self) -> None:
        """Let the waiting thread go, or the next one that waits."""
        with suppress(RuntimeError):  # rung already
            self._silent.release()

    def wait(self, timeout_s: float) -> bool:
        """Wait until it rings; tell whether it has."""
        return self._silent.acquire(timeout=timeout_s)


class Context:
    """What lives between ``init`` and ``shutdown``."""

    def __init__(self) -> None:
        """Start outside."""
        self.arguments = Arguments()
        self._bells: tuple[ref[Bell], ...] = ()  # made anew for each: read without a lock
        self._bells_lock = threading.Lock()
        self._participant: Participant | None = None
        self._graph: Graph | None = None
        self._running = False
        self._told_to_stop = False
        self._handlers: dict[signal.Signals, Any] = {}

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

    def init(
        self, args: list[str] | None, domain_id: int | None, signals: SignalHandlerOptions
    ) -> None:
        """Join the domain of ``ROS_DOMAIN_ID`` with the command line's arguments."""
        if self._running:
            raise RuntimeError('Context.init() must only be called once')
        self.arguments = parse(sys.argv if args is None else args)
        settings.level = self.arguments.level
        number = environment_domain_id() if domain_id is None else domain_id
        try:
            from fer_ros.rosless.graph import Graph
            from fer_ros.rosless.transport import Participant
        except ImportError as error:
            if error.name and error.name.startswith('cyclonedds'):
                raise MiddlewareError(
                    'topics without ROS 2 need the package cyclonedds, which can not be imported '
                    f'({error}): pip install cyclonedds==11.0.1, or install ROS 2 where it has no '
                    'wheel (Linux on aarch64, Python 3.14)'
                ) from None
            raise
        self._participant = Participant(number)
        self._graph = Graph(self._participant)
        self._running = True
        self._told_to_stop = False
        self._listen_to_signals(signals)

    def ok(self) -> bool:
        """Tell whether ``init`` was called, and ``shutdown`` was not."""
        return self._running and not self._told_to_stop

    def shutdown(self) -> None:
        """Leave the domain."""
        if self._graph is not None:
            self._graph.close()
        if self._participant is not None:
            self._participant.close()
        self._participant = self._graph = None
        self._running = False
        if threading.current_thread() is threading.main_thread():  # others may not
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            self._handlers.clear()
        self.wake()

    def wake(self) -> None:
        """Let every executor look for work."""
        for known in self._bells:
            if (bell := known()) is not None:
                bell.ring()

    def hang(self, bell: Bell) -> None:
        """Ring a bell at every wake-up, for as long as somebody holds it."""
        with self._bells_lock:
            self._bells = (*(known for known in self._bells if known() is not None), ref(bell))

    def _listen_to_signals(self, options: SignalHandlerOptions) -> None:
        """End on SIGTERM and SIGINT, as rclpy does; what else hears them is called first."""
        if threading.current_thread() is not threading.main_thread():
            return
        for option in (SignalHandlerOptions.SIGINT, SignalHandlerOptions.SIGTERM):
            if option in options:
                number = signal.Signals[str(option.name)]
                self._handlers[number] = signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: Any) -> None:
        # A handler must not take a lock that the interrupted code may hold: spin looks often.
        self._told_to_stop = True
        before = self._handlers.get(signal.Signals(number))
        if callable(before):  # Python's own raises KeyboardInterrupt
            before(number, frame)


context = Context()


def init(
    *,
    args: list[str] | None = None,
    domain_id: int | None = None,
    signal_handler_options: SignalHandlerOptions | None = None,
    **_: Any,
) -> None:
    """Begin; see :class:`Context`."""
    options = signal_handler_options
    context.init(args, domain_id, SignalHandlerOptions.ALL if options is None else options)


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
