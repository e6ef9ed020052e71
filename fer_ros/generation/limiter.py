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
        self._kept = self.taps + spare
        self.reset(start)

    def reset(self, start: Float64) -> None:
        """Rest at a place within the limits."""
        self._raw = np.clip(start, self._low, self._high)
        # A tape: at its end, what is still needed goes back to its beginning.
        self._tape = np.repeat(self._raw[None], 2 * self._kept, axis=0)
        self._newest = self._kept - 1
        self._wanted = self._change = np.zeros_like(self._raw)

    @property
    def position(self) -> Float64:
        """Where the actuators are, (..., M)."""
        found: Float64 = self._means(1)[0]
        return found

    def step(self, target: Float64 | None) -> Float64:
        """Move one period towards a target and return the position; None: come to rest."""
        found: Float64 = self.steps(None if target is None else target[None], 1)[0]
        return found

    def steps(self, targets: Float64 | None, ticks: int) -> Float64:
        """Move some periods on, not more than can be taken back and one.

        :param targets: (ticks, ..., M), one for each period.
        :return: (ticks, ..., M) positions.
        """
        if self._newest + ticks >= len(self._tape):
            first = self._newest + 1 - self._kept
            self._tape[: self._kept] = self._tape[first : self._newest + 1]
            self._newest = self._kept - 1
        way = self._tape[self._newest + 1 : self._newest + 1 + ticks]
        if targets is None:
            way[:] = self._raw
        else:
            self._go(np.minimum(np.maximum(targets, self._low), self._high), way)
        self._newest += ticks
        return self._means(ticks)

    def _go(self, targets: Float64, way: Float64) -> None:
        """Follow targets as fast as velocity allows; write the way."""
        before = np.concatenate([self._raw[None], targets[:-1]])
        changes = targets - before
        if (np.abs(changes) <= self._step).all():  # they are the way
            way[:] = targets
            self._wanted = self._change = changes[-1]
            self._raw = targets[-1]
            return
        for place, target in zip(way, targets):
            self._wanted = target - self._raw
            self._change = np.minimum(np.maximum(self._wanted, -self._step), self._step)
            self._raw = place[...] = self._raw + self._change

    def take_back(self, ticks: int) -> None:
        """Be where it was some ticks ago, at most as many as were to spare."""
        self._newest -= ticks
        self._raw = self._tape[self._newest].copy()

    @property
    def limited(self) -> NDArray[np.bool_]:
        """Which actuators are asked for more than their velocity, (..., M)."""
        found: NDArray[np.bool_] = self._change != self._wanted
        return found

    @property
    def window(self) -> Float64:
        """The limited targets of the last ticks, (taps, ..., M): all equal means at rest."""
        return self._tape[self._newest + 1 - self.taps : self._newest + 1]

    def _means(self, ticks: int) -> Float64:
        """Return the positions of the last ticks: means over the window of each."""
        tape = self._tape
        windows = np.ndarray(
            (ticks, self.taps, *tape.shape[1:]), tape.dtype, tape,
            (self._newest + 2 - self.taps - ticks) * tape.strides[0],
            (tape.strides[0], *tape.strides),
        )  # fmt: skip
        means = np.add.reduce(windows * self._kernel, axis=1)
        # Rounding alone could leave the range.
        found: Float64 = np.minimum(np.maximum(means, self._low), self._high)
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
