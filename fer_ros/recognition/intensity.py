"""How strong an expression is, beside the person's own neutral.

Two sources: the probability of anything but neutral beyond what this person shows at rest, which
says that something is expressed but saturates early, and the strength of the action units that
belong to it (EMFACS), which grades it. The second counts as far as those units can be relied on,
so that without action units the first alone is left.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fer_ros.recognition.emfacs import prototype
from fer_ros.recognition.neutral import NeutralConfig, PersonNeutral
from fer_ros.types import Expression

# Probability mass of all but neutral on neutral faces: mean and deviation. Bounded at two
# deviations, so that nobody's rest may be more than about half emotional.
_REST_MEAN, _REST_STD = 0.12, 0.17


class IntensityMeter:
    """Intensity of every face's expression, 0..1."""

    def __init__(self) -> None:
        """Start without a memory of any face."""
        self._neutral = PersonNeutral(
            np.array([_REST_MEAN]), np.array([_REST_STD]), NeutralConfig(bound_std=2.0)
        )

    def update(
        self, face_id: str, expression: Expression, *, weight: float, stamp_ns: int
    ) -> float:
        """Take one frame's expression of one face and return its intensity.

        :param expression: smoothed or not; its action units may be empty.
        :param weight: 0..1, how much this frame can be trusted (its quality).
        """
        shares: dict[str, float] = dict(zip(expression.labels, expression.probabilities.tolist()))
        neutral = shares.pop('neutral', 0.0)
        mass = min(max(1.0 - neutral, 0.0), 1.0)
        rest, _ = self._neutral.update(
            face_id, np.array([mass]), rest=weight * neutral**2, stamp_ns=stamp_ns
        )
        beyond = max(mass - float(rest[0]), 0.0) / (1.0 - float(rest[0]))
        strength, reliance = self._shown(shares, expression)
        return min(max(beyond * (1.0 - reliance + reliance * strength), 0.0), 1.0)

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left."""
        self._neutral.forget(face_ids)

    def reset(self) -> None:
        """Forget every face."""
        self._neutral.reset()

    @staticmethod
    def _shown(shares: dict[str, float], expression: Expression) -> tuple[float, float]:
        """Return strength and reliability of the units of all emotions, by their probability."""
        total = sum(shares.values())
        if total <= 0.0 or not expression.action_units:
            return 0.0, 0.0
        strength = reliance = 0.0
        for label, share in shares.items():
            shown, reliable = prototype(label, expression.action_units)
            strength += share / total * reliable * shown
            reliance += share / total * reliable
        return (strength / reliance, reliance) if reliance > 0.0 else (0.0, 0.0)
