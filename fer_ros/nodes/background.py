"""Work that is asked for again and again, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

STUCK_S = 2.0  # what takes so long will not end


class Background:
    """Does one thing whenever somebody asks for it, and when it is time."""

    def __init__(
        self, work: Callable[[], float | None], *, failed: Callable[[Exception], None]
    ) -> None:
        """Start the thread.

        :param work: returns in how many seconds it shall be done again unless somebody asks
            earlier, None for never.
        :param failed: told what the work raises; the next one is done nevertheless.
        """
        self._work, self._failed = work, failed
        self._asked: SimpleQueue[bool] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name='fer-plans', daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Have it done soon, without waiting for it."""
        self._asked.put(True)

    def stop(self) -> bool:
        """Do no more, once what was asked for is done; return False where that does not end."""
        self._asked.put(False)
        self._thread.join(STUCK_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        again_s: float | None = None
        while self._is_wanted(again_s):
            try:
                again_s = self._work()
            except Exception as error:  # one failure must not end the others
                again_s = None
                self._failed(error)

    def _is_wanted(self, again_s: float | None) -> bool:
        """Wait until it is time; return False where nothing shall be done any more."""
        try:
            return self._asked.get(timeout=again_s)
        except Empty:
            return True
