"""Measures what a rig was told, against its limits, from the positions alone.

Velocity, acceleration and jerk are backward differences of what was sent, so the audit shares no
code with what it judges.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.generation.rig import Rig
from fer_ros.types import Float64

# Rounding of differences at 1/period^3.
ROUNDING = 1e-6
ORDERS = ('velocity', 'acceleration', 'jerk')


class Audit:
    """Keeps the extremes of every actuator over all ticks and faces."""

    def __init__(self, rig: Rig, period_s: float, start: Float64) -> None:
        """Begin at (..., M) positions at rest."""
        self._rig, self._period_s = rig, period_s
        self._last = [start, *(np.zeros_like(start) for _ in ORDERS)]
        self._largest = [np.zeros(len(rig.names)) for _ in ORDERS]
        self._steps = [np.zeros(len(rig.names)) for _ in ORDERS]
        self._low, self._high = start.copy(), start.copy()
        self.ticks = 0

    def look(self, position: Float64) -> None:
        """Take the positions of one tick."""
        self.ticks += 1
        value = position
        axes = tuple(range(position.ndim - 1))
        for order in range(len(ORDERS)):
            step = value - self._last[order]
            self._steps[order] = np.maximum(self._steps[order], np.abs(step).max(axis=axes))
            self._last[order] = value
            value = step / self._period_s
            self._largest[order] = np.maximum(self._largest[order], np.abs(value).max(axis=axes))
        np.minimum(self._low, position, out=self._low)
        np.maximum(self._high, position, out=self._high)

    def report(self) -> dict[str, Any]:
        """Return violations, and extremes against limits by actuator."""
        rig = self._rig
        axes = tuple(range(self._low.ndim - 1))
        low, high = self._low.min(axis=axes), self._high.max(axis=axes)
        limits = [getattr(rig, order) for order in ORDERS]
        span = rig.high - rig.low
        over = {
            'position': (low < rig.low - ROUNDING * span) | (high > rig.high + ROUNDING * span),
            **{
                order: found > limit * (1 + ROUNDING)
                for order, found, limit in zip(ORDERS, self._largest, limits)
            },
        }
        actuators = {
            name: {
                'position': [_round(low[i]), _round(high[i])],
                'position_limits': [_round(rig.low[i]), _round(rig.high[i])],
                **{
                    f'max_{order}': _round(found[i]) for order, found in zip(ORDERS, self._largest)
                },
                **{f'{order}_limit': _round(limit[i]) for order, limit in zip(ORDERS, limits)},
                'largest_step': {
                    what: _round(step[i])
                    for what, step in zip(('position', 'velocity', 'acceleration'), self._steps)
                },
            }
            for i, name in enumerate(rig.names)
        }
        return {
            'ticks': self.ticks,
            'violations': int(sum(flags.sum() for flags in over.values())),
            'violations_by_kind': {kind: int(flags.sum()) for kind, flags in over.items()},
            # A continuous acceleration changes by at most the jerk limit times a period.
            'largest_acceleration_step_share': _round(
                (self._steps[2] / (rig.jerk * self._period_s)).max()
            ),
            'actuators': actuators,
        }


def _round(value: Any) -> float:
    return float(f'{float(value):.6g}')
