"""rclpy.logging: lines on stderr as ROS 2 writes them."""

from __future__ import annotations

import sys
import time
from enum import IntEnum
from types import FrameType
from typing import Any


class LoggingSeverity(IntEnum):
    """Levels, the lowest first."""

    UNSET = 0
    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40
    FATAL = 50


class _Settings:
    """The level of the whole process, set by ``--log-level``."""

    level = LoggingSeverity.INFO


settings = _Settings()


class Logger:
    """Writes lines under a node's name."""

    def __init__(self, name: str) -> None:
        """Take the name."""
        self.name = name
        self._last_s: dict[tuple[str, int], float] = {}

    def debug(self, message: str, **options: Any) -> bool:
        """Write a line for developers."""
        return self._write(LoggingSeverity.DEBUG, message, **options)

    def info(self, message: str, **options: Any) -> bool:
        """Write what a user may want to know."""
        return self._write(LoggingSeverity.INFO, message, **options)

    def warning(self, message: str, **options: Any) -> bool:
        """Write what a user should look at."""
        return self._write(LoggingSeverity.WARN, message, **options)

    warn = warning

    def error(self, message: str, **options: Any) -> bool:
        """Write what went wrong."""
        return self._write(LoggingSeverity.ERROR, message, **options)

    def fatal(self, message: str, **options: Any) -> bool:
        """Write what ends the program."""
        return self._write(LoggingSeverity.FATAL, message, **options)

    def _write(
        self,
        level: LoggingSeverity,
        message: str,
        *,
        once: bool = False,
        throttle_duration_sec: float = 0.0,
        skip_first: bool = False,
    ) -> bool:
        """Write a line unless its call has written one too recently; return whether it did."""
        if level < settings.level:
            return False
        if once or throttle_duration_sec or skip_first:
            place = _caller(sys._getframe(2))
            last_s, now_s = self._last_s.get(place), time.monotonic()
            pause_s = float('inf') if once else throttle_duration_sec
            if last_s is None and skip_first:
                self._last_s[place] = now_s - pause_s
                return False
            if last_s is not None and now_s - last_s < pause_s:
                return False
            self._last_s[place] = now_s
        now = time.time_ns()
        stamp = f'{now // 10**9}.{now % 10**9:09d}'
        print(f'[{level.name}] [{stamp}] [{self.name}]: {message}', file=sys.stderr, flush=True)
        return True


def _caller(frame: FrameType) -> tuple[str, int]:
    """Return where a line was asked for: rclpy throttles each such place by itself."""
    return frame.f_code.co_filename, frame.f_lineno


def get_logger(name: str) -> Logger:
    """Return a logger."""
    return Logger(name)
