"""Least squares with bounds, small and for many right-hand sides at once.

``|A x - b|^2 + ridge |x|^2`` has its least value where one product says, and that is the answer
wherever it lies within the bounds. Where it does not: accelerated projected gradient (Beck &
Teboulle 2009, FISTA, begun at the last solution). From one tick to the next a face moves little,
so a few steps do. Of several right-hand sides the first axis is time.
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
        # Without bounds: (b - A low) scaled' / hessian, and what the ridge adds.
        self._free = np.linalg.solve(hessian, scaled.T).T
        self._free_pull = (
            np.linalg.solve(hessian, ridge * self._centre) - (matrix @ low) @ self._free
        )

    def solve(self, wanted: Float64) -> Float64:
        """Return (..., M) x for (..., P) right-hand sides b, the last one the newest."""
        free = wanted @ self._free + self._free_pull
        found: Float64 = np.minimum(np.maximum(free, 0.0), 1.0)
        if np.count_nonzero(free - found):
            found = self._descend((wanted - self._matrix @ self._low) @ self._back + self._pull)
        self._last = found if found.ndim == 1 else found[-1]
        answer: Float64 = np.minimum(self._low + found * self._span, self._high)
        return answer

    def _descend(self, constant: Float64) -> Float64:
        """Return the place in the box, in shares of its range."""
        found = self._last
        if (
            found is None
            or found.shape != constant.shape[-found.ndim :]
            or not np.isfinite(found).all()
        ):
            found = self._centre
        found = found + np.zeros_like(constant)
        momentum, weight = found, 1.0
        for _ in range(STEPS):
            last = found
            found = np.minimum(np.maximum(momentum @ self._forward + constant, 0.0), 1.0)
            following = (1.0 + (1.0 + 4.0 * weight**2) ** 0.5) / 2.0
            momentum = found + (weight - 1.0) / following * (found - last)
            weight = following
            if np.abs(found - last).max() < TOLERANCE:
                break
        return found
