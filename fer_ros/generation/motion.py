"""Minimum-jerk motion, replanned at any moment from position, velocity and acceleration.

A segment is the quintic of least jerk (Flash & Hogan 1985) that ends at rest::

    p(s) = goal + (1 - s)^3 (c0 + c1 s + c2 s^2),    s = (t - start) / duration

with c0..c2 from position, velocity v and acceleration a at its start. Interrupted, a face has a
motion that may lead away from its new goal; carried through a long segment it would overshoot far.
With distance D to the goal the segment does not overshoot while ``4 v T + a T^2 / 2 <= 10 D``, so
the share of the motion for which this holds is kept, and the rest dies away in ``brake_s`` in a
quintic of its own. The sum is continuous up to acceleration whatever the moment of interruption
(compare the superposition of Flash & Henis 1991).

A learned profile bends the segment by ``D s^3 (1 - s)^3 (b0 + b1 s + b2 s^2)``, which changes
neither end, so that all of this holds for it too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.types import Float64

DEGREE = 8
# s^3 (1 - s)^3 s^k by powers of s, for k = 0, 1, 2.
BUMPS = np.array(
    [
        [0, 0, 0, 1, -3, 3, -1, 0, 0],
        [0, 0, 0, 0, 1, -3, 3, -1, 0],
        [0, 0, 0, 0, 0, 1, -3, 3, -1],
    ],
    dtype=np.float64,
)
PLAIN = np.zeros(3)
# What c0, c1 and c2 of (1 - s)^3 (c0 + c1 s + c2 s^2) give each power of s.
_QUINTIC = np.array(
    [
        [1, -3, 3, -1, 0, 0, 0, 0, 0],
        [0, 1, -3, 3, -1, 0, 0, 0, 0],
        [0, 0, 1, -3, 3, -1, 0, 0, 0],
    ],
    dtype=np.float64,
)
_POWERS = np.arange(DEGREE + 1)
_FIRST = np.eye(DEGREE + 1, k=-1) * _POWERS[:, None]  # powers -> those of the derivative
_SECOND = _FIRST @ _FIRST


class MinJerk:
    """Channels on their way to goals, each row with a start and a duration of its own."""

    def __init__(self, rows: tuple[int, ...], channels: int, brake_s: float = 0.15) -> None:
        """Rest at 0.

        :param rows: shape of what is replanned together: (), (R,) or more.
        :param brake_s: in which a motion that leads away from its goal dies.
        """
        self._brake_s = brake_s
        self._goal = np.zeros((*rows, channels))
        # Coefficients of the segment and of what dies away, side by side for one product.
        self._both = np.zeros((*rows, channels, 2 * (DEGREE + 1)))
        self._main, self._rest = self._both[..., : DEGREE + 1], self._both[..., DEGREE + 1 :]
        self._start_s = np.zeros(rows)
        self._duration_s = np.ones(rows)
        self._pace = np.ones((*rows, 2))  # of both, 1/s
        self._all_there_s = 0.0  # from when on every channel rests at its goal

    @property
    def goal(self) -> Float64:
        """Where each channel goes, (*rows, C)."""
        return self._goal

    def aim(
        self,
        goal: Float64,
        duration_s: Float64 | float,
        now_s: float,
        row: Any = ...,
        bumps: Float64 = PLAIN,
    ) -> None:
        """Give rows a new goal from wherever they are.

        :param goal: (..., C) for the rows chosen.
        :param duration_s: (...,) or one for all of them.
        :param row: index of the rows.
        :param bumps: (3,) coefficients of a learned profile; zeros are minimum jerk.
        """
        position, velocity, acceleration = self.state(now_s, row)
        duration = np.broadcast_to(duration_s, self._start_s[row].shape)
        whole, brake = duration[..., None], np.minimum(duration, self._brake_s)[..., None]
        distance = np.asarray(goal) - position
        carried = 4 * velocity * whole + acceleration * whole**2 / 2
        with np.errstate(divide='ignore', invalid='ignore'):
            share = np.where(carried == 0.0, 0.0, np.clip(10 * distance / carried, 0.0, 1.0))
        self._main[row] = _quintic(
            -distance, share * velocity * whole, share * acceleration * whole**2
        ) + distance[..., None] * (np.asarray(bumps) @ BUMPS)
        left = 1.0 - share
        self._rest[row] = _quintic(
            np.zeros_like(distance), left * velocity * brake, left * acceleration * brake**2
        )
        self._goal[row] = goal
        self._start_s[row] = now_s
        self._duration_s[row] = duration
        self._pace[row] = np.stack([1.0 / duration, 1.0 / brake[..., 0]], axis=-1)
        self._all_there_s = float((self._start_s + self._duration_s).max())

    def position(self, times_s: Float64 | float) -> Float64:
        """Return (..., *rows, C) positions at times, which are in order.

        They are a little beyond 0..1 where a fast motion is turned back.
        """
        times = np.asarray(times_s, np.float64)
        if times.flat[0] >= self._all_there_s:
            return np.broadcast_to(self._goal, (*times.shape, *self._goal.shape))
        since = times.reshape((*times.shape, *(1,) * self._start_s.ndim)) - self._start_s
        phases = np.minimum(since[..., None] * self._pace, 1.0)
        powers = (phases[..., None] ** _POWERS).reshape(*since.shape, -1, 1)
        found: Float64 = self._goal + (self._both @ powers)[..., 0]
        return found

    def state(self, now_s: float, row: Any = ...) -> tuple[Float64, Float64, Float64]:
        """Return position, velocity (1/s) and acceleration (1/s^2) of rows, each (..., C)."""
        pace = self._pace[row][..., None]
        phases = np.minimum((now_s - self._start_s[row])[..., None, None] * pace, 1.0)
        # Powers of each phase, of their first and of their second derivative: (..., 2, 9) each.
        powers = phases**_POWERS
        first, second = powers @ _FIRST.T * pace, powers @ _SECOND.T * pace**2
        both = self._both[row]
        position, velocity, acceleration = (
            (both @ order.reshape(*order.shape[:-2], -1, 1))[..., 0]
            for order in (powers, first, second)
        )
        return self._goal[row] + position, velocity, acceleration


def _quintic(offset: Float64, velocity: Float64, acceleration: Float64) -> Float64:
    """Return (..., 9) coefficients of the quintic to rest at 0, in units of its duration."""
    first = velocity + 3 * offset
    second = acceleration / 2 - 3 * offset + 3 * first
    found: Float64 = np.stack([offset, first, second], axis=-1) @ _QUINTIC
    return found
