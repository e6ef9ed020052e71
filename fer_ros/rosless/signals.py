"""rclpy.signals: who hears SIGINT and SIGTERM."""

from __future__ import annotations

from enum import IntFlag


class SignalHandlerOptions(IntFlag):
    """Which of them end the context; the others are the program's own."""

    NO = 0
    SIGINT = 1
    SIGTERM = 2
    ALL = 3
