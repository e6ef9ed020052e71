"""SIGINT and SIGTERM as a wish: remembered, so that a node ends in order and not in the middle.

Imports nothing that takes long: an executable listens before it imports its node.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

NUMBERS = (signal.SIGINT, signal.SIGTERM)

_heard: list[int] = []


def listen() -> None:
    """Remember these signals from now on; Python leaves that to the main thread."""
    if threading.current_thread() is threading.main_thread():
        for number in NUMBERS:
            signal.signal(number, _remember)


def told_to_end() -> bool:
    """Tell whether one has come."""
    return bool(_heard)


@contextmanager
def waking(wake: Callable[[], None]) -> Iterator[None]:
    """Call back whenever a signal comes: who waits in the middleware would not see it.

    From another thread, which waits for what Python's own handler writes; in the main thread only.
    """
    heard, written = socket.socketpair()
    written.setblocking(False)
    before = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)

    def pass_on() -> None:
        while heard.recv(64):
            wake()

    thread = threading.Thread(target=pass_on, name='fer-signals', daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        written.close()
        thread.join()
        heard.close()


def ignore() -> None:
    """Let the process end: ros2 launch interrupts its nodes twice when a user presses Ctrl-C."""
    if threading.current_thread() is threading.main_thread():
        for number in NUMBERS:
            signal.signal(number, signal.SIG_IGN)


def _remember(number: int, *_: Any) -> None:
    _heard.append(number)
