"""What keeps a face whole: conflicts, load, time at an extreme, bad numbers, emergency stop.

Every intervention is counted when it begins, by name.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from fer_ros.generation.limiter import Limiter
from fer_ros.generation.rig import Mapper, Rig
from fer_ros.generation.units import CHANNELS
from fer_ros.types import Float64

Flags = NDArray[np.bool_]

# Weaker overlaps are no conflict that anybody would see or a motor feel.
VISIBLE = 0.02
# An actuator that was too long at its extreme goes back to this share of its throw.
RELIEF_SHARE, RELIEF_S = 0.8, 1.0


class Stop(str, Enum):
    """What an emergency stop does."""

    FREEZE = 'freeze'  # come to rest where the face is, within the limits
    RELAX = 'relax'  # ease to neutral and stay there


class Interventions:
    """Counts beginnings of what safety does."""

    def __init__(self) -> None:
        """Start at zero."""
        self.counts: Counter[str] = Counter()
        self._last: dict[str, Flags] = {}

    def note(self, name: str, active: Flags) -> None:
        """Count those that are active and were not at the last tick."""
        last = self._last.get(name)
        begun = active if last is None else active & ~last
        self._last[name] = active
        count = int(np.count_nonzero(begun))
        if count:
            self.counts[name] += count

    def each(self, names: tuple[str, ...], kind: str, active: Flags) -> None:
        """Count (..., N) flags under the name of each of N."""
        last = self._last.get(kind)
        self._last[kind] = active
        if not active.any():
            return
        begun = active if last is None else active & ~last
        for index in np.flatnonzero(begun.reshape(-1, len(names)).any(axis=0)).tolist():
            self.counts[f'{kind} {names[index]}'] += int(np.count_nonzero(begun[..., index]))


class Conflicts:
    """Units that work against each other: the strong one takes its strength from the weak."""

    def __init__(self, pairs: tuple[tuple[int, int], ...], interventions: Interventions) -> None:
        """Prepare for pairs (strong, weak) of channels."""
        self._interventions = interventions
        self._weak = sorted({weak for _, weak in pairs})
        rivals = [[strong for strong, other in pairs if other == weak] for weak in self._weak]
        most = max(map(len, rivals), default=1)
        # A rival more than once changes nothing, and makes the table rectangular.
        self._strong = np.array([rival + rival[:1] * (most - len(rival)) for rival in rivals])
        self._names = tuple(CHANNELS[weak] for weak in self._weak)

    def resolve(self, units: Float64) -> None:
        """Take from the weak, in place."""
        weak = units[..., self._weak]
        taken = units[..., self._strong].max(axis=-1)
        self._interventions.each(self._names, 'conflict', (weak > VISIBLE) & (taken > VISIBLE))
        units[..., self._weak] = np.maximum(weak - taken, 0.0)


class Guard:
    """Between action units and the actuators of one rig."""

    def __init__(
        self, rig: Rig, interventions: Interventions, period_s: float, rows: tuple[int, ...] = ()
    ) -> None:
        """Rest at neutral."""
        self.rig = rig
        self.stop: Stop | None = None
        self._interventions = interventions
        self._mapper = Mapper(rig)
        self._period_s = period_s
        up, down = rig.high - rig.neutral, rig.neutral - rig.low
        # A side without throw has no share and no extreme.
        self._up = np.where(up > 0, 1.0 / np.maximum(up, 1e-9), 0.0)
        self._down = np.where(down > 0, 1.0 / np.maximum(down, 1e-9), 0.0)
        self._hot_high = np.where(up > 0, rig.neutral + rig.extreme_share * up, np.inf)
        self._hot_low = np.where(down > 0, rig.neutral - rig.extreme_share * down, -np.inf)
        self._heat_s = np.zeros((*rows, len(rig.names)))
        self._hottest_s = 0.0
        self._start = np.broadcast_to(rig.neutral, self._heat_s.shape)
        self.limiter = Limiter(
            rig.low, rig.high, rig.velocity, rig.acceleration, rig.jerk, period_s, self._start
        )
        self.position: Float64 = self.limiter.position

    def start_at(self, position: Float64) -> None:
        """Begin where the actuators are, (..., M); beyond the limits at the limit."""
        self.limiter.reset(np.broadcast_to(position, self._heat_s.shape))
        self.position = self.limiter.position

    def step(self, units: Float64) -> Float64:
        """Move one period towards what (..., C) units ask for; return the positions."""
        if self.stop is Stop.FREEZE:
            target = None
        elif self.stop is Stop.RELAX:
            target = self._start
        else:
            target = self._safe(self._mapper.targets(units))
        self.position = self.limiter.step(target)
        return self.position

    def _safe(self, target: Float64) -> Float64:
        """Return targets that are numbers, within load and limits, and not extreme for long."""
        rig, note = self.rig, self._interventions
        if not np.isfinite(target.sum()):
            note.note('not_finite', ~np.isfinite(target))
            target = np.where(np.isfinite(target), target, self._start)
        offset = target - rig.neutral
        share = np.maximum(offset * self._up, -offset * self._down)
        load = share.sum(axis=-1) / len(rig.names)
        if load.max() > rig.max_load:
            note.note('load', load > rig.max_load)
            offset = offset * np.minimum(rig.max_load / np.maximum(load, 1e-9), 1.0)[..., None]
        self._warm_up()
        if self._hottest_s > rig.extreme_s:
            too_long = np.clip((self._heat_s - rig.extreme_s) / RELIEF_S, 0.0, 1.0)
            note.each(rig.names, 'extreme', too_long > 0.0)
            allowed = 1.0 - (1.0 - RELIEF_SHARE) * too_long
            offset = offset * np.minimum(allowed / np.maximum(share, 1e-9), 1.0)
        safe: Float64 = rig.neutral + offset
        return safe

    def _warm_up(self) -> None:
        """Count the time at an extreme; it is forgotten at half the speed."""
        extreme = (self.position >= self._hot_high) | (self.position <= self._hot_low)
        if not extreme.any() and not self._hottest_s:
            return
        change = np.where(extreme, self._period_s, -self._period_s / 2)
        self._heat_s = np.minimum(
            np.maximum(self._heat_s + change, 0.0), self.rig.extreme_s + RELIEF_S
        )
        self._hottest_s = float(self._heat_s.max())

    def limits_hit(self) -> list[str]:
        """Return the actuators of a single face that are at a limit, and which."""
        rig, position = self.rig, self.position
        found = []
        hit = {
            'position': (position >= rig.high - 1e-6) | (position <= rig.low + 1e-6),
            'velocity': self.limiter.limited,
            'time': self._heat_s > rig.extreme_s,
        }
        # Resting at the end of the range is where a blendshape lives.
        hit['position'] &= np.abs(position - rig.neutral) > 1e-6
        for kind, flags in hit.items():
            found += [f'{rig.names[index]}: {kind}' for index in np.flatnonzero(flags)]
        return found
