"""What keeps a face whole: conflicts, load, time at an extreme, bad numbers, emergency stop.

Every intervention is counted when it begins, by name.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.generation.limiter import Limiter
from fer_ros.generation.rig import Mapper, Rig
from fer_ros.generation.units import CHANNELS
from fer_ros.types import Float64

Flags = NDArray[np.bool_]

# Weaker overlaps are no conflict that anybody would see or a motor feel.
VISIBLE = 0.02
# An actuator that was too long at its extreme goes back to this share of its throw.
RELIEF_SHARE, RELIEF_S = 0.8, 1.0


# What an actuator can be at a limit of.
LIMITS = ('position', 'velocity', 'time')


class Stop(str, Enum):
    """What an emergency stop does."""

    FREEZE = 'freeze'  # come to rest where the face is, within the limits
    RELAX = 'relax'  # ease to neutral and stay there


class Interventions:
    """Counts beginnings of what safety does, by name."""

    def __init__(self) -> None:
        """Start at zero."""
        self.counts: Counter[str] = Counter()

    def episodes(self, kind: str, names: tuple[str, ...] = ()) -> Episodes:
        """Return what counts one kind of intervention, for each of N names or under its own."""
        return Episodes(self.counts, kind, names)


class Episodes:
    """Counts an intervention of one kind when it begins, however long it lasts."""

    def __init__(self, counts: Counter[str], kind: str, names: tuple[str, ...]) -> None:
        """Start with nothing going on."""
        self._counts, self._kind, self._names = counts, kind, names
        self._last: Flags | None = None

    def note(self, active: Flags) -> None:
        """Take what is going on at this tick: (..., N) flags where there are names."""
        begun = active if self._last is None else active & ~self._last
        self._last = active
        if not self._names:
            self._count(self._kind, begun)
            return
        for index in np.flatnonzero(begun.reshape(-1, len(self._names)).any(axis=0)).tolist():
            self._count(f'{self._kind} {self._names[index]}', begun[..., index])

    def over(self) -> None:
        """Take that nothing is going on."""
        self._last = None

    def _count(self, name: str, begun: Flags) -> None:
        count = int(np.count_nonzero(begun))
        if count:
            self._counts[name] += count


class Conflicts:
    """Units that work against each other: the strong one takes its strength from the weak."""

    def __init__(self, pairs: tuple[tuple[int, int], ...], interventions: Interventions) -> None:
        """Prepare for pairs (strong, weak) of channels."""
        weak = sorted({weak for _, weak in pairs})
        rivals = [[strong for strong, other in pairs if other == one] for one in weak]
        most = max(map(len, rivals), default=1)
        # A rival more than once changes nothing, and makes the table rectangular.
        self._strong = np.array([rival + rival[:1] * (most - len(rival)) for rival in rivals])
        self._weak = np.array(weak, dtype=np.intp)
        self._episodes = interventions.episodes('conflict', tuple(CHANNELS[one] for one in weak))

    def resolve(self, units: Float64) -> None:
        """Take from the weak of (T, ..., C) units, in place."""
        weak = units.take(self._weak, axis=-1)
        taken = np.minimum(weak, np.maximum.reduce(units.take(self._strong, axis=-1), axis=-1))
        if not np.count_nonzero(taken):
            self._episodes.over()
            return
        for tick in taken > VISIBLE:
            self._episodes.note(tick)
        units[..., self._weak] = weak - taken


class Guard:
    """Between action units and the actuators of one rig."""

    def __init__(
        self,
        rig: Rig,
        interventions: Interventions,
        period_s: float,
        rows: tuple[int, ...] = (),
        spare: int = 0,
    ) -> None:
        """Rest at neutral; see :class:`Limiter`."""
        self.rig = rig
        self.stop: Stop | None = None
        self._not_finite = interventions.episodes('not_finite')
        self._overload = interventions.episodes('load')
        self._extreme = interventions.episodes('extreme', rig.names)
        self._mapper = Mapper(rig)
        self._period_s = period_s
        up, down = rig.high - rig.neutral, rig.neutral - rig.low
        # A side without throw has no share and no extreme.
        self._up = np.where(up > 0, 1.0 / np.maximum(up, 1e-9), 0.0)
        self._down = -np.where(down > 0, 1.0 / np.maximum(down, 1e-9), 0.0)
        self._hot_high = np.where(up > 0, rig.neutral + rig.extreme_share * up, np.inf)
        self._hot_low = np.where(down > 0, rig.neutral - rig.extreme_share * down, -np.inf)
        self._heat_s = np.zeros((*rows, len(rig.names)))
        self._hottest_s = 0.0
        self._start = np.broadcast_to(rig.neutral, self._heat_s.shape)
        self.limiter = Limiter(
            rig.low, rig.high, rig.velocity, rig.acceleration, rig.jerk, period_s, self._start,
            spare,
        )  # fmt: skip
        self.position: Float64 = self.limiter.position

    def start_at(self, position: Float64) -> None:
        """Begin where the actuators are, (..., M); beyond the limits at the limit.

        :raises DataError: one of them is no number.
        """
        if not np.isfinite(position).all():
            raise DataError(f'start: expected a number for every actuator, found {position}')
        self.limiter.reset(np.broadcast_to(position, self._heat_s.shape))
        self.position = self.limiter.position

    def take_back(self, ticks: int) -> None:
        """Be where the actuators were some ticks ago."""
        self.limiter.take_back(ticks)
        self.position = self.limiter.position

    def steps(self, units: Float64) -> Float64:
        """Move one period for each of (T, ..., C) units; return (T, ..., M) positions."""
        rig, ticks = self.rig, len(units)
        targets: Float64 | None = None
        if self.stop is Stop.RELAX:
            targets = np.broadcast_to(self._start, (ticks, *self._start.shape))
        elif self.stop is None:
            targets = rig.neutral + self._safe(self._mapper.offsets(units))
        positions = self.limiter.steps(targets, ticks)
        self._warm_up(positions)
        self.position = positions[-1]
        return positions

    def _safe(self, offset: Float64) -> Float64:
        """Return ways from neutral that are numbers, within the load, and not extreme for long."""
        rig = self.rig
        share = np.maximum(offset * self._up, offset * self._down)
        load = np.add.reduce(share, axis=-1) / len(rig.names)
        if np.maximum.reduce(load, axis=None) <= rig.max_load:
            self._not_finite.over()
            self._overload.over()
        else:  # too much, or no number
            offset = self._bounded(offset)
            share = np.maximum(offset * self._up, offset * self._down)
        if self._hottest_s > rig.extreme_s:
            too_long = np.clip((self._heat_s - rig.extreme_s) / RELIEF_S, 0.0, 1.0)
            self._extreme.note(too_long > 0.0)
            allowed = 1.0 - (1.0 - RELIEF_SHARE) * too_long
            offset = offset * np.minimum(allowed / np.maximum(share, 1e-9), 1.0)
        else:
            self._extreme.over()
        return offset

    def _bounded(self, offset: Float64) -> Float64:
        """Return ways from neutral: none for what is no number, shorter for what is too much."""
        numbers = np.isfinite(offset)
        offset = np.where(numbers, offset, 0.0)
        share = np.maximum(offset * self._up, offset * self._down)
        load = share.sum(axis=-1) / len(self.rig.names)
        for spoilt, heavy in zip(~numbers, load > self.rig.max_load):
            self._not_finite.note(spoilt)
            self._overload.note(heavy)
        bounded: Float64 = (
            offset * np.minimum(self.rig.max_load / np.maximum(load, 1e-9), 1.0)[..., None]
        )
        return bounded

    def _warm_up(self, positions: Float64) -> None:
        """Count the time that actuators are at an extreme, forgotten at half the speed."""
        beyond = np.maximum(positions - self._hot_high, self._hot_low - positions)
        if np.maximum.reduce(beyond, axis=None) < 0.0 and not self._hottest_s:
            return
        most_s = self.rig.extreme_s + RELIEF_S
        for change in np.where(beyond >= 0.0, self._period_s, -self._period_s / 2):
            self._heat_s = np.minimum(np.maximum(self._heat_s + change, 0.0), most_s)
        self._hottest_s = float(self._heat_s.max())

    def limits_hit(self) -> list[str]:
        """Return the actuators of a single face that are at a limit, and which."""
        rig, position = self.rig, self.position
        at_end = (position >= rig.high - 1e-6) | (position <= rig.low + 1e-6)
        # Resting at the end of the range is where a blendshape lives.
        at_end &= np.abs(position - rig.neutral) > 1e-6
        hit = np.array([at_end, self.limiter.limited, self._heat_s > rig.extreme_s])
        return [f'{rig.names[index]}: {LIMITS[kind]}' for kind, index in np.argwhere(hit).tolist()]
