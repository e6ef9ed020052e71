"""Least squares with bounds, small and for many right-hand sides at once.

Accelerated projected gradient (Beck & Teboulle 2009, FISTA, begun at the last
solution) on ``|A x - b|^2 + ridge |x|^2`` in a box. From one tick to the next a face moves little,
so a few steps do.
"""

from __future__ import annotations

import numpy as np

from fer_ros.types import Float64

RIDGE = 1e-3
STEPS = 200
TOLERANCE = 5e-5  # of an actuator's range, a step


class BoundedLeastSquares:
    """min |A x - b|^2 for low <= x <= high."""

    def __init__(self, matrix: Float64, low: Float64, high: Float64) -> None:
        """Prepare for a matrix of (P, M); bounds are (M,)."""
        # In shares of the range, so that a step means the same for every actuator.
        self._low, self._high, self._span = low, high, high - low
        scaled = matrix * self._span
        hessian = scaled.T @ scaled
        hessian += RIDGE * max(np.trace(hessian) / len(low), 1e-12) * np.eye(len(low))
        step = 1.0 / np.linalg.eigvalsh(hessian)[-1]
        self._matrix = matrix
        self._forward = np.eye(len(low)) - step * hessian
        self._back = step * scaled
        # The ridge pulls to the actuators' neutral, which is 0.
        self._centre = np.clip(-low / self._span, 0.0, 1.0)
        ridge = RIDGE * max(np.trace(scaled.T @ scaled) / len(low), 1e-12)
        self._pull = step * ridge * self._centre
        self._last: Float64 | None = None
        self._wanted = np.zeros(0)
        self._answer: Float64 | None = None

    def solve(self, wanted: Float64) -> Float64:
        """Return (..., M) x for (..., P) right-hand sides b."""
        if self._answer is not None and np.array_equal(wanted, self._wanted):
            return self._answer
        constant = (wanted - self._matrix @ self._low) @ self._back + self._pull
        found = self._last
        if found is None or found.shape != constant.shape:
            found = self._centre + np.zeros_like(constant)
        momentum, weight = found, 1.0
        for _ in range(STEPS):
            last = found
            found = np.minimum(np.maximum(momentum @ self._forward + constant, 0.0), 1.0)
            following = (1.0 + (1.0 + 4.0 * weight**2) ** 0.5) / 2.0
            momentum = found + (weight - 1.0) / following * (found - last)
            weight = following
            if np.abs(found - last).max() < TOLERANCE:
                break
        self._last = found
        self._wanted = wanted
        self._answer = np.minimum(self._low + found * self._span, self._high)
        return self._answer
