"""Limits of position, velocity, acceleration and jerk that hold whatever is asked for.

Each actuator's target is clipped to its range, its change a tick is clipped to the velocity
limit, and the result passes a moving average of ``n1`` ticks and one of ``n2``. With a period dt:

* position: an average of values in a range is in that range;
* velocity: an average of changes of at most V dt is at most V dt;
* acceleration: the change of a mean over n1 ticks is (new - old) / n1, at most 2 V dt / n1 a tick,
  which is at most A dt^2 for ``n1 >= 2 V / (A dt)``;
* jerk: likewise at most 2 A dt^2 / n2, which is at most J dt^3 for ``n2 >= 2 A / (J dt)``.

So acceleration changes by at most J dt a tick: it is continuous. Both averages together are one
finite kernel (Biagiotti & Melchiorri 2012, "FIR filters for online trajectory planning"): nothing
accumulates, nothing drifts, and a face whose target stands still stands still ``n1 + n2`` ticks
later. The price is a delay of half of that.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import ConfigError
from fer_ros.types import Float64

# Longer than this no face needs: the limits are a mistake.
MAX_TAPS = 4000


class Limiter:
    """M actuators of one face, or of many: arrays have the shape (..., M)."""

    def __init__(
        self,
        low: Float64,
        high: Float64,
        velocity: Float64,
        acceleration: Float64,
        jerk: Float64,
        period_s: float,
        start: Float64,
        spare: int = 0,
    ) -> None:
        """Rest at ``start``; the limits are (M,) in each actuator's unit and seconds.

        :param spare: how many ticks can be taken back.
        """
        self._low, self._high = low, high
        self._step = velocity * period_s
        kernels = [
            _kernel(*limits, period_s)
            for limits in zip(velocity.tolist(), acceleration.tolist(), jerk.tolist())
        ]
        self.taps = max(map(len, kernels))
        # The newest value is the last one of the window.
        self._kernel = np.zeros((self.taps, *(1,) * (start.ndim - 1), len(low)))
        for actuator, kernel in enumerate(kernels):
            self._kernel[-len(kernel) :, ..., actuator] = kernel.reshape(
                -1, *(1,) * (start.ndim - 1)
            )
        self._length = self.taps + spare
        self.reset(start)

    def reset(self, start: Float64) -> None:
        """Rest at a place within the limits."""
        self._raw = np.clip(start, self._low, self._high)
        # A ring, written twice, so that every window is one piece of memory.
        self._history = np.repeat(self._raw[None], 2 * self._length, axis=0)
        self._newest = 0
        self._wanted = self._change = np.zeros_like(self._raw)

    @property
    def position(self) -> Float64:
        """Where the actuators are, (..., M)."""
        return self._mean()

    def step(self, target: Float64 | None) -> Float64:
        """Move one period towards a target and return the position; None: come to rest."""
        if target is not None:
            self._wanted = target - self._raw
            self._change = np.minimum(np.maximum(self._wanted, -self._step), self._step)
            moved = self._raw + self._change
            self._raw = np.minimum(np.maximum(moved, self._low), self._high)
        self._newest = (self._newest + 1) % self._length
        self._history[self._newest] = self._raw
        self._history[self._newest + self._length] = self._raw
        return self._mean()

    def take_back(self, ticks: int) -> None:
        """Be where it was some ticks ago, at most as many as were to spare."""
        self._newest = (self._newest - ticks) % self._length
        self._raw = self._history[self._newest].copy()

    @property
    def limited(self) -> NDArray[np.bool_]:
        """Which actuators are asked for more than their velocity, (..., M)."""
        found: NDArray[np.bool_] = self._change != self._wanted
        return found

    @property
    def window(self) -> Float64:
        """The limited targets of the last ticks, (taps, ..., M): all equal means at rest."""
        end = self._newest + self._length + 1
        return self._history[end - self.taps : end]

    def _mean(self) -> Float64:
        mean = np.add.reduce(self.window * self._kernel, axis=0)
        # Rounding alone could leave the range.
        found: Float64 = np.minimum(np.maximum(mean, self._low), self._high)
        return found


def _kernel(velocity: float, acceleration: float, jerk: float, period_s: float) -> Float64:
    """Return the two moving averages of one actuator as one kernel."""
    first = max(math.ceil(2 * velocity / (acceleration * period_s) - 1e-9), 1)
    second = max(math.ceil(2 * acceleration / (jerk * period_s) - 1e-9), 1)
    if first + second > MAX_TAPS:
        raise ConfigError(
            f'expected limits that stop an actuator within {MAX_TAPS} ticks, found velocity '
            f'{velocity:g}, acceleration {acceleration:g}, jerk {jerk:g}; raise the latter two'
        )
    return np.convolve(np.full(first, 1 / first), np.full(second, 1 / second))
