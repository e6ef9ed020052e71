"""Which faces are looked at now: a still face less often, an onset at full rate.

Landmarks are read in every frame anyway and move before a label does, so they tell when another
look at a face's expression can bring something new: key frames, as surveys of expression
recognition call them. Looks that only time asks for are spread, so that the faces of a group are
not all looked at in one frame. What is skipped is counted by its reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_ros.errors import ConfigError
from fer_ros.taxonomy import Phase, SkipReason
from fer_ros.types import Float32

NS_PER_S = 1_000_000_000
# A face has moved when more than this share of its landmarks has.
_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class AttentionConfig:
    """When the expression of a face is looked at.

    :param adaptive: False looks at every face in every frame.
    :param max_skip_s: a still face is looked at again after so long at most (and a third of a
        frame, for stamps tremble): what an expression that landmarks do not show is late.
    :param still_motion: of the landmarks since the last look, in sides of the aligned crop, below
        which a face is still. At rest about 0.003, one frame into a smile 0.01.
    :param sure: least probability of the label of a face that is not looked at again.
    :param max_faces: looked at in one frame, those that wait longest first, new ones always; 0
        is no limit.
    """

    adaptive: bool = True
    max_skip_s: float = 0.1
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
    """The last look at a face, what it brought, and when the next one is due at the latest."""

    stamp_ns: int
    points: Float32
    due_ns: int
    phase: Phase = Phase.ONSET
    certainty: float = 0.0


class Attention:
    """Chooses faces and remembers when each was looked at; about 4 kB a face."""

    def __init__(self, config: AttentionConfig | None = None) -> None:
        """Know nobody."""
        self.config = config or AttentionConfig()
        self.skipped: Counter[str] = Counter({reason.value: 0 for reason in SkipReason})
        self._last: dict[str, _Last] = {}
        self._stamp_ns: int | None = None

    @property
    def looks_at_all(self) -> bool:
        """Whether every face is looked at in every frame, so that there is nothing to choose."""
        return not self.config.adaptive and not self.config.max_faces

    def choose(self, glances: Sequence[Glance]) -> list[bool]:
        """Tell which faces to look at in this frame."""
        if self.looks_at_all or not glances:
            return [True] * len(glances)
        step_ns = self._step_ns(glances[0].stamp_ns)
        wanted = [index for index, one in enumerate(glances) if self._wants(one, step_ns)]
        self.skipped[SkipReason.STILL.value] += len(glances) - len(wanted)
        # Stable: of those that wait equally long, the one that is followed longest.
        wanted.sort(key=lambda index: self._since_ns(glances[index]), reverse=True)
        # Of a face that was never looked at nothing can be told: it has no turn to wait for.
        new = sum(glance.face_id not in self._last for glance in glances)
        limit = max(self.config.max_faces or len(glances), new)
        self.skipped[SkipReason.BUDGET.value] += len(wanted[limit:])
        looked = wanted[:limit]
        for index, due_ns in zip(looked, self._dues(len(looked), len(glances), step_ns)):
            glance = glances[index]
            due_ns += glance.stamp_ns
            self._last[glance.face_id] = _Last(glance.stamp_ns, glance.points, due_ns)
        return [index in looked for index in range(len(glances))]

    def saw(self, face_id: str, phase: Phase, certainty: float) -> None:
        """Keep what the look at a face brought.

        :param certainty: probability of its label.
        """
        last = self._last.get(face_id)
        if last is not None:
            self._last[face_id] = replace(last, phase=phase, certainty=certainty)

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop faces that left."""
        for face_id in face_ids:
            self._last.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face; the counts go on."""
        self._last.clear()
        self._stamp_ns = None

    def _wants(self, glance: Glance, step_ns: int) -> bool:
        """Tell whether a look may bring something new."""
        last = self._last.get(glance.face_id)
        if last is None or not self.config.adaptive:
            return True
        if last.phase in (Phase.ONSET, Phase.OFFSET) or last.certainty < self.config.sure:
            return True
        # A third of a frame late is on time, for stamps tremble; more would be late.
        if glance.stamp_ns + step_ns * 2 // 3 >= last.due_ns:
            return True
        return has_moved(last.points, glance.points, self.config.still_motion)

    def _dues(self, looks: int, faces: int, step_ns: int) -> list[int]:
        """Return after what time each look of a frame is due again, so that they do not coincide.

        As many as there are on average in a frame stay together, the others come one, two and
        more frames early, once.
        """
        skip_ns = round(self.config.max_skip_s * NS_PER_S)
        together = max(-(-faces * step_ns // max(skip_ns, 1)), 1)
        return [max(skip_ns - rank // together * step_ns, 0) for rank in range(looks)]

    def _step_ns(self, stamp_ns: int) -> int:
        """Return the time since the last frame with a face, 0 where there was none."""
        last_ns, self._stamp_ns = self._stamp_ns, stamp_ns
        return 0 if last_ns is None else stamp_ns - last_ns

    def _since_ns(self, glance: Glance) -> int:
        last = self._last.get(glance.face_id)
        return 1 << 62 if last is None else glance.stamp_ns - last.stamp_ns


def has_moved(before: Float32, after: Float32, limit: float) -> bool:
    """Tell whether more than a tenth of the landmarks moved by more than a limit."""
    apart = after - before
    moved = np.count_nonzero(np.einsum('ij,ij->i', apart, apart) > limit * limit)
    return bool(moved > _SHARE * len(apart))
