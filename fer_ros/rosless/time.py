"""rclpy.time, rclpy.duration and rclpy.clock."""

from __future__ import annotations

import time as _time
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fer_ros.rosless.messages import message_class

NS_PER_S = 1_000_000_000


class ClockType(IntEnum):
    """Which clock a time is of."""

    ROS_TIME = 1
    SYSTEM_TIME = 2
    STEADY_TIME = 3


@dataclass(frozen=True, order=True, init=False)
class Duration:
    """A span in nanoseconds."""

    nanoseconds: int

    def __init__(self, *, seconds: float = 0, nanoseconds: int = 0) -> None:
        """Add seconds and nanoseconds up."""
        object.__setattr__(self, 'nanoseconds', round(seconds * NS_PER_S) + nanoseconds)


@dataclass(frozen=True, order=True, init=False)
class Time:
    """A point in time in nanoseconds."""

    nanoseconds: int

    def __init__(
        self,
        *,
        seconds: float = 0,
        nanoseconds: int = 0,
        clock_type: ClockType = ClockType.SYSTEM_TIME,
    ) -> None:
        """Add seconds and nanoseconds up."""
        object.__setattr__(self, 'nanoseconds', round(seconds * NS_PER_S) + nanoseconds)

    @classmethod
    def from_msg(cls, message: Any) -> Time:
        """Return the time of a builtin_interfaces/Time."""
        return cls(nanoseconds=message.sec * NS_PER_S + message.nanosec)

    def to_msg(self) -> Any:
        """Return a builtin_interfaces/Time."""
        sec, nanosec = divmod(self.nanoseconds, NS_PER_S)
        return message_class('builtin_interfaces/msg/Time')(sec=sec, nanosec=nanosec)

    def __sub__(self, other: Any) -> Any:
        """Return the span to an earlier time, or an earlier time."""
        if isinstance(other, Time):
            return Duration(nanoseconds=self.nanoseconds - other.nanoseconds)
        return Time(nanoseconds=self.nanoseconds - other.nanoseconds)

    def __add__(self, other: Duration) -> Time:
        """Return a later time."""
        return Time(nanoseconds=self.nanoseconds + other.nanoseconds)


class Clock:
    """The system's time, or that of /clock once a simulation has taken over."""

    def __init__(self) -> None:
        """Follow the system's time."""
        self.simulated_ns: int | None = None

    def now(self) -> Time:
        """Return the time of now; zero while a simulation has not begun."""
        ns = _time.time_ns() if self.simulated_ns is None else self.simulated_ns
        return Time(nanoseconds=ns)

    def timers_ns(self) -> int:
        """Return the time that timers go by: one that nobody sets, unless it is simulated."""
        simulated_ns = self.simulated_ns
        return _time.monotonic_ns() if simulated_ns is None else simulated_ns
