"""Whether somebody speaks, from how their mouth moves: so that speech does not read as surprise.

A speaking mouth opens and closes several times a second; an expression opens it once. What counts
is the number of swings of the opening within the last moment, not how far it is open.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from fer_ros.types import ActionUnit, Expression

WINDOW_NS = 1_200_000_000
_SWING = 0.1  # of the opening, from which a change of direction counts
_QUIET, _SURE = 2, 6  # swings in the window: an expression comes and goes in two
_MOUTH = (25, 26, 27)
_UPPER = (1, 2, 5)  # what surprise and fear show that speech does not
_STOLEN = ('surprise', 'fear')


@dataclass(slots=True)
class _Mouth:
    turning: float  # the opening where it last changed direction, or the extreme since
    direction: int = 0
    swings: deque[int] = field(default_factory=lambda: deque(maxlen=16))


class SpeechMeter:
    """How surely each face speaks, 0..1."""

    def __init__(self) -> None:
        """Start without a memory of any face."""
        self._faces: dict[str, _Mouth] = {}

    def update(self, face_id: str, units: Mapping[int, ActionUnit], *, stamp_ns: int) -> float:
        """Take one frame's action units and return how surely the person speaks now."""
        known = [units[code].intensity for code in _MOUTH if code in units]
        if not known:
            return 0.0
        opening = sum(known) / len(known)
        mouth = self._faces.setdefault(face_id, _Mouth(opening))
        self._follow(mouth, opening, stamp_ns)
        while mouth.swings and stamp_ns - mouth.swings[0] > WINDOW_NS:
            mouth.swings.popleft()
        return min(max((len(mouth.swings) - _QUIET) / (_SURE - _QUIET), 0.0), 1.0)

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left."""
        for face_id in face_ids:
            self._faces.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face."""
        self._faces.clear()

    @staticmethod
    def _follow(mouth: _Mouth, opening: float, stamp_ns: int) -> None:
        """Count a swing when the opening has turned by enough."""
        change = opening - mouth.turning
        if mouth.direction and change * mouth.direction > 0:
            mouth.turning = opening
        elif abs(change) >= _SWING:
            mouth.direction = 1 if change > 0 else -1
            mouth.turning = opening
            mouth.swings.append(stamp_ns)


def without_speech(expression: Expression, speech: float) -> Expression:
    """Return the expression with what a speaking mouth adds to surprise and fear given to neutral.

    As far as the person speaks and the brows and upper lids do not share it: somebody who speaks
    in surprise stays surprised.
    """
    labels = expression.labels
    if speech <= 0.0 or 'neutral' not in labels:
        return expression
    units = expression.action_units
    shown = max((units[code].intensity for code in _UPPER if code in units), default=0.0)
    taken = speech * max(1.0 - 2.0 * shown, 0.0)
    kept = np.array([1.0 - taken if label in _STOLEN else 1.0 for label in labels], np.float32)
    probabilities = expression.probabilities * kept
    probabilities[labels.index('neutral')] += max(1.0 - float(probabilities.sum()), 0.0)
    return replace(expression, probabilities=probabilities, confidence=float(probabilities.max()))
