"""Whom a robot's face answers: one person at a time, not another one every frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from fer_ros.errors import DataError

# Another person must lead by this much, and for this long, to be answered instead.
LEAD = 1.25
LEAD_NS = 600_000_000


class Target(str, Enum):
    """Whom to answer."""

    NEAREST = 'nearest'  # the largest face
    ENGAGED = 'engaged'  # who looks at the robot, then the largest face
    SPEAKING = 'speaking'  # who is said to speak, then who seems to, then the largest face


@dataclass(frozen=True, slots=True)
class Person:
    """What was seen of one face.

    :param emotion: one of the eight of FER+.
    :param intensity: 0..1.
    :param size: width of the face as a share of the image.
    :param centre: of the face, in shares of the image: x to the right, y down.
    :param yaw_rad, pitch_rad: of the head, NaN where unknown.
    :param speech: how surely the person speaks, 0..1.
    """

    face_id: str
    emotion: str
    intensity: float
    confidence: float
    abstained: bool
    size: float
    centre: tuple[float, float]
    yaw_rad: float = math.nan
    pitch_rad: float = math.nan
    speech: float = 0.0

    def __post_init__(self) -> None:
        """Refuse numbers that are none."""
        for name in ('intensity', 'confidence', 'size', 'speech'):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise DataError(f'Person.{name}: expected a number in [0, 1], found {value!r}')
        if not all(-1.0 <= value <= 2.0 for value in self.centre):
            raise DataError(
                f'Person.centre: expected shares in or near the image, found {self.centre}'
            )


class Attention:
    """Chooses a person and stays with them until another one clearly leads."""

    def __init__(self, target: Target) -> None:
        """Answer nobody yet."""
        self.target = target
        self._face_id = ''
        self._rival, self._rival_since_ns = '', 0

    def choose(self, people: Sequence[Person], now_ns: int, speaker: str = '') -> Person | None:
        """Return the person to answer, or None where nobody is there."""
        if not people:
            self._face_id = self._rival = ''
            return None
        by_id: Mapping[str, Person] = {person.face_id: person for person in people}
        best = max(people, key=lambda person: self._worth(person, speaker))
        held = by_id.get(self._face_id)
        if held is not None and best is not held:
            leads = self._worth(best, speaker) > LEAD * self._worth(held, speaker)
            if not leads or best.face_id != self._rival:
                self._rival, self._rival_since_ns = best.face_id if leads else '', now_ns
            if not leads or now_ns - self._rival_since_ns < LEAD_NS:
                return held
        self._face_id, self._rival = best.face_id, ''
        return best

    def _worth(self, person: Person, speaker: str) -> float:
        """Return how much a person is to be answered."""
        worth = person.size
        if self.target is Target.SPEAKING:
            worth *= 0.1 + person.speech
            worth += 10.0 * (person.face_id == speaker)
        turned = math.hypot(person.yaw_rad, person.pitch_rad)
        if self.target is Target.ENGAGED and math.isfinite(turned):
            worth *= 0.1 + max(math.cos(min(2 * turned, math.pi / 2)), 0.0)
        return worth
