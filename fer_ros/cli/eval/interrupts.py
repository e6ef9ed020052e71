"""Ctrl-C and SIGTERM between two steps of a long job, not within one."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """Keeps what was asked for until :meth:`check`; a second signal does not wait.

    Signals that the process ignores stay ignored, and threads that get none change nothing.
    """

    def __init__(self) -> None:
        """Begin with none heard."""
        self._heard = False
        self._before: dict[signal.Signals, Any] = {}

    def check(self) -> None:
        """Raise KeyboardInterrupt where somebody has asked for an end."""
        if self._heard:
            raise KeyboardInterrupt

    def __enter__(self) -> Interrupts:
        """Listen."""
        if threading.current_thread() is threading.main_thread():
            # A pool ends its processes by SIGTERM, and waits until they have.
            is_worker = multiprocessing.parent_process() is not None
            for number in SIGNALS[:1] if is_worker else SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Listen no more."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.check()
        self._heard = True
