"""Beats at a fixed rate, in a thread that does nothing else.

A timer of a node costs its executor a look at all that it serves, at every tick; rclpy's makes its
wait set anew, which at 100 Hz takes a seventh of a core. Topics may be sent on from any thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

NS_PER_S = 1_000_000_000
# The longest sleep: how long it may take to stop.
PATIENCE_NS = 100_000_000
# A beat that takes so long will not end: what it sends to takes no more.
STUCK_S = 2.0


class Metronome:
    """Calls back once a period of the machine's steady clock.

    Beats are due at multiples of the period, so that a late one does not delay those that follow;
    those that were missed are left out.
    """

    def __init__(
        self,
        period_s: float,
        beat: Callable[[], None],
        *,
        failed: Callable[[Exception], None],
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        """Start; the first beat is one period from now.

        :param failed: told what a beat raises; the next one comes nevertheless.
        :param begin: called in the thread before anything else.
        """
        self._period_ns = max(round(period_s * NS_PER_S), 1)
        self._begin, self._beat, self._failed = begin, beat, failed
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name='fer-ticks', daemon=True)
        self._thread.start()

    def stop(self) -> bool:
        """Beat no more, once the beat at hand is over; return False where it does not end."""
        self._stopping = True
        self._thread.join(STUCK_S)
        return not self._thread.is_alive()

    def _run(self) -> None:
        self._begin()
        period_ns, due_ns = self._period_ns, time.monotonic_ns() + self._period_ns
        while not self._stopping:
            left_ns = due_ns - time.monotonic_ns()
            if left_ns > 0:
                time.sleep(min(left_ns, PATIENCE_NS) / NS_PER_S)
                if left_ns > PATIENCE_NS or self._stopping:
                    continue
            elif left_ns <= -period_ns:  # missed
                due_ns -= left_ns // period_ns * period_ns
                continue
            try:
                self._beat()
            except Exception as error:  # one bad beat must not end the others
                self._failed(error)
            due_ns += period_ns
