"""Which faces are looked at now: a still face less often, an onset at full rate.

Landmarks are read in every frame anyway and move before a label does, so they tell when another
look at a face's expression can bring something new. What is skipped is counted by its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from fer_ros.errors import ConfigError
from fer_ros.taxonomy import Phase, SkipReason
from fer_ros.types import Float32

NS_PER_S = 1_000_000_000
# This share of the landmarks moves less than what is called the motion of a face.
_SHARE = 90.0


@dataclass(frozen=True, slots=True)
class AttentionConfig:
    """When the expression of a face is looked at.

    :param adaptive: False looks at every face in every frame.
    :param max_skip_s: a still face is looked at again after so long: what an expression that
        landmarks do not show is late at most.
    :param still_motion: of the landmarks since the last look, in sides of the aligned crop, below
        which a face is still. At rest about 0.003, one frame into a smile 0.01.
    :param sure: least probability of the label of a face that is not looked at again.
    :param max_faces: looked at in one frame, those that wait longest first, new ones always; 0
        is no limit.
    """

    adaptive: bool = False
    max_skip_s: float = 0.2
    still_motion: float = 0.01
    sure: float = 0.6
    max_faces: int = 0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, low, high in (
            ('max_skip_s', 0.0, 10.0),
            ('still_motion', 0.0, 1.0),
            ('sure', 0.0, 1.0),
            ('max_faces', 0, 64),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(f'{name}: expected a number in [{low}, {high}], found {value!r}')


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """A face as it may be looked at.

    :param points: (L, 2) landmarks in sides of the aligned crop, so that a moving head is still.
    """

    face_id: str
    stamp_ns: int
    points: Float32


@dataclass(frozen=True, slots=True, eq=False)
class _Last:
    stamp_ns: int
    points: Float32
    phase: Phase = Phase.ONSET
    certainty: float = 0.0


class Attention:
    """Chooses faces and remembers when each was looked at; about 4 kB a face."""

    def __init__(self, config: AttentionConfig | None = None) -> None:
        """Know nobody."""
        self.config = config or AttentionConfig()
        self.skipped: Counter[str] = Counter({reason.value: 0 for reason in SkipReason})
        self._last: dict[str, _Last] = {}

    @property
    def looks_at_all(self) -> bool:
        """Whether every face is looked at in every frame, so that there is nothing to choose."""
        return not self.config.adaptive and not self.config.max_faces

    def choose(self, glances: Sequence[Glance]) -> list[bool]:
        """Tell which faces to look at in this frame."""
        if self.looks_at_all:
            return [True] * len(glances)
        wanted = [index for index, glance in enumerate(glances) if self._wants(glance)]
        self.skipped[SkipReason.STILL.value] += len(glances) - len(wanted)
        # Stable: of those that wait equally long, the one that is followed longest.
        wanted.sort(key=lambda index: self._since_ns(glances[index]), reverse=True)
        # Of a face that was never looked at nothing can be told: it has no turn to wait for.
        new = sum(glance.face_id not in self._last for glance in glances)
        limit = max(self.config.max_faces or len(glances), new)
        self.skipped[SkipReason.BUDGET.value] += len(wanted[limit:])
        looked = set(wanted[:limit])
        for index in looked:
            glance = glances[index]
            self._last[glance.face_id] = _Last(glance.stamp_ns, glance.points)
        return [index in looked for index in range(len(glances))]

    def saw(self, face_id: str, phase: Phase, certainty: float) -> None:
        """Keep what the look at a face brought.

        :param certainty: probability of its label.
        """
        last = self._last.get(face_id)
        if last is not None:
            self._last[face_id] = _Last(last.stamp_ns, last.points, phase, certainty)

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop faces that left."""
        for face_id in face_ids:
            self._last.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face; the counts go on."""
        self._last.clear()

    def _wants(self, glance: Glance) -> bool:
        """Tell whether a look may bring something new."""
        last = self._last.get(glance.face_id)
        if last is None or not self.config.adaptive:
            return True
        if last.phase in (Phase.ONSET, Phase.OFFSET) or last.certainty < self.config.sure:
            return True
        if self._since_ns(glance) >= round(self.config.max_skip_s * NS_PER_S):
            return True
        return motion(last.points, glance.points) >= self.config.still_motion

    def _since_ns(self, glance: Glance) -> int:
        last = self._last.get(glance.face_id)
        return 1 << 62 if last is None else glance.stamp_ns - last.stamp_ns


def motion(before: Float32, after: Float32) -> float:
    """Return how far all but a tenth of the landmarks stayed within, in sides of the crop."""
    return float(np.percentile(np.hypot(*(after - before).T), _SHARE))
