"""Work that is asked for again and again, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue


class Background:
    """Does one thing whenever somebody asks for it."""

    def __init__(self, work: Callable[[], None], *, failed: Callable[[Exception], None]) -> None:
        """Start the thread.

        :param failed: told what the work raises; the next one is done nevertheless.
        """
        self._work, self._failed = work, failed
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name='fer-plans', daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Have it done soon, without waiting for it."""
        self._asked.put(True)

    def stop(self) -> None:
        """Do no more, once what was asked for is done."""
        self._asked.put(False)
        self._thread.join()

    def _run(self) -> None:
        while self._asked.get():
            try:
                self._work()
            except Exception as error:  # one failure must not end the others
                self._failed(error)
