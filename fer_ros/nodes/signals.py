"""SIGINT and SIGTERM as a wish: remembered, so that a node ends in order and not in the middle.

Imports nothing that takes long: an executable listens before it imports its node.
"""

from __future__ import annotations

import signal
import threading
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


def ignore() -> None:
    """Let the process end: ros2 launch interrupts its nodes twice when a user presses Ctrl-C."""
    if threading.current_thread() is threading.main_thread():
        for number in NUMBERS:
            signal.signal(number, signal.SIG_IGN)


def _remember(number: int, *_: Any) -> None:
    _heard.append(number)
