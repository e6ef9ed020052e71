"""What lives on a face beside its expression: blinks, gaze, breath and speech.

Each layer takes (T, ..., C) units of T ticks in a row and changes them in place; what it adds may
lead beyond 0..1, which the face clips. Time is in seconds since the face began, on the face's own
ticks. What happens now and then is looked at tick by tick only when it may happen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import ConfigError
from fer_ros.facs import (
    EYES_DOWN,
    EYES_LEFT,
    EYES_LIMIT_RAD,
    EYES_RIGHT,
    EYES_UP,
    HEAD_DOWN,
    HEAD_LEFT,
    HEAD_LIMIT_RAD,
    HEAD_RIGHT,
    HEAD_UP,
)
from fer_ros.generation.units import INDEX, channels_of
from fer_ros.types import Float64

LIDS = channels_of(43)
# Seconds a blink takes to close, stays closed and takes to open (VanderWerf et al. 2003).
CLOSE_S, CLOSED_S, OPEN_S = 0.09, 0.06, 0.18
# How fast speech takes the mouth and gives it back.
ATTACK_S, RELEASE_S = 0.08, 0.25


@dataclass(frozen=True, slots=True)
class LayerConfig:
    """How lively a face is.

    :param blink_period_s: mean time between blinks; 0 turns them off.
    :param blink_jitter: share by which that time varies, 0..1.
    :param saccade_period_s: mean time between small saccades; 0 turns them off.
    :param saccade_deg: how far those go.
    :param head_share: share of a gaze target's angle that the head turns.
    :param breath_period_s: of one breath; 0 turns it off.
    :param speech_timeout_s: silence after which the mouth is given back.
    """

    blink_period_s: float = 3.6
    blink_jitter: float = 0.6
    saccade_period_s: float = 1.2
    saccade_deg: float = 2.0
    head_share: float = 0.3
    breath_period_s: float = 4.0
    speech_timeout_s: float = 0.3

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, low, high in (
            ('blink_period_s', 0.0, 60.0),
            ('blink_jitter', 0.0, 0.9),
            ('saccade_period_s', 0.0, 60.0),
            ('saccade_deg', 0.0, 20.0),
            ('head_share', 0.0, 1.0),
            ('breath_period_s', 0.0, 60.0),
            ('speech_timeout_s', 0.05, 5.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f'{name}: expected a number in [{low:g}, {high:g}], found {value!r}'
                )


class _Schedule:
    """Moments that come about once a period, each row with its own."""

    def __init__(
        self, rows: tuple[int, ...], period_s: float, jitter: float, random: np.random.Generator
    ) -> None:
        self._period_s, self._jitter, self._random = period_s, jitter, random
        # 0-d for a single face: a plain array either way.
        self._next_s = np.asarray(random.uniform(0.0, max(period_s, 1e-9), rows))
        self._soonest_s = float(self._next_s.min())

    def is_quiet(self, until_s: float) -> bool:
        """Tell whether no row is due until then."""
        return not self._period_s or self._soonest_s > until_s

    def due(self, now_s: float) -> NDArray[np.bool_] | None:
        """Return which rows are due, None where no row is."""
        if self.is_quiet(now_s):
            return None
        found = self._next_s <= now_s
        spread = self._random.uniform(-self._jitter, self._jitter, self._next_s.shape)
        self._next_s = np.where(found, now_s + self._period_s * (1 + spread), self._next_s)
        self._soonest_s = float(self._next_s.min())
        return found


class Blink:
    """Closes the lids now and then."""

    def __init__(
        self, rows: tuple[int, ...], config: LayerConfig, random: np.random.Generator
    ) -> None:
        """Begin with open eyes."""
        self._schedule = _Schedule(rows, config.blink_period_s, config.blink_jitter, random)
        self._started_s = np.full(rows, -1e9)
        self._over_s = -1e9

    def apply(self, units: Float64, times_s: Float64) -> None:
        """Close the lids of those who blink."""
        if self._over_s < times_s[0] and self._schedule.is_quiet(times_s[-1]):
            return
        for tick, now_s in zip(units, times_s.tolist()):
            self._close(tick, now_s)

    def _close(self, units: Float64, now_s: float) -> None:
        due = self._schedule.due(now_s)
        if due is not None:
            self._started_s = np.where(due, now_s, self._started_s)
            self._over_s = now_s + CLOSE_S + CLOSED_S + OPEN_S
        if now_s > self._over_s:
            return
        since = now_s - self._started_s
        closed = smooth(since / CLOSE_S) - smooth((since - CLOSE_S - CLOSED_S) / OPEN_S)
        units[..., LIDS] = np.maximum(units[..., LIDS], closed[..., None])


class Gaze:
    """Turns eyes and head to a target, with the small saccades of a living eye."""

    def __init__(
        self, rows: tuple[int, ...], config: LayerConfig, random: np.random.Generator
    ) -> None:
        """Look straight ahead."""
        self._config, self._random = config, random
        self._schedule = _Schedule(rows, config.saccade_period_s, 0.7, random)
        self._target = np.zeros((*rows, 2))
        self._offset = np.zeros((*rows, 2))
        self._added: Float64 | None = None
        eyes, head = 1.0 / EYES_LIMIT_RAD, 1.0 / HEAD_LIMIT_RAD
        share = config.head_share
        # Of yaw to the left and pitch down, each by channel.
        self._turn = np.zeros((2, len(INDEX)))
        for row, code, value in (
            (0, EYES_LEFT, eyes * (1 - share)), (0, EYES_RIGHT, -eyes * (1 - share)),
            (1, EYES_DOWN, eyes * (1 - share)), (1, EYES_UP, -eyes * (1 - share)),
            (0, HEAD_LEFT, head * share), (0, HEAD_RIGHT, -head * share),
            (1, HEAD_DOWN, head * share), (1, HEAD_UP, -head * share),
        ):  # fmt: skip
            self._turn[row, INDEX[str(code)]] = value

    def look(self, yaw_rad: float, pitch_rad: float, row: Any = ...) -> None:
        """Look at a direction: to the face's own left and down are positive."""
        self._target[row] = yaw_rad, pitch_rad
        self._added = None

    def apply(self, units: Float64, times_s: Float64) -> None:
        """Add the turn of eyes and head."""
        if self._added is not None and self._schedule.is_quiet(times_s[-1]):
            units += self._added
            return
        for tick, now_s in zip(units, times_s.tolist()):
            self._turn_by(tick, now_s)

    def _turn_by(self, units: Float64, now_s: float) -> None:
        due = self._schedule.due(now_s)
        if due is not None:
            spread = math.radians(self._config.saccade_deg)
            offset = self._random.normal(0.0, spread, self._offset.shape)
            self._offset = np.where(due[..., None], offset, self._offset)
            self._added = None
        if self._added is None:
            self._added = (self._target + self._offset) @ self._turn
        units += self._added


class Breath:
    """A slow rise and fall."""

    def __init__(self, units: Float64, config: LayerConfig) -> None:
        """Breathe ``units`` (C,) at the height of a breath."""
        self._units = units
        self._period_s = config.breath_period_s

    def apply(self, units: Float64, times_s: Float64) -> None:
        """Add the breath."""
        if self._period_s:
            height = 0.5 - 0.5 * np.cos(2 * math.pi * times_s / self._period_s)
            units += height.reshape(-1, *(1,) * (units.ndim - 1)) * self._units


class Speech:
    """Moves the mouth while somebody speaks through it, and only then."""

    def __init__(
        self,
        rows: tuple[int, ...],
        share: Float64,
        visemes: Mapping[str, Float64],
        config: LayerConfig,
    ) -> None:
        """Begin silent.

        :param share: (C,) share of each channel that speech owns while it lasts.
        """
        self._channels = np.flatnonzero(share)
        self._share = share[self._channels]
        self._visemes = {name: units[self._channels] for name, units in visemes.items()}
        self._mouth = np.zeros((*rows, len(self._channels)))
        # Owned since the last viseme, which found so much of it owned, and until when.
        self._since_s, self._until_s = np.full(rows, -1e9), np.full(rows, -1e9)
        self._found = np.zeros(rows)
        self._timeout_s = config.speech_timeout_s
        self._silent_s = -1e9  # when every row has given the mouth back

    def say(self, viseme: str, weight: float, now_s: float, row: Any = ...) -> None:
        """Form a viseme, or ``level`` with the loudness as its weight (0..1)."""
        if viseme not in self._visemes:
            raise ConfigError(
                f'viseme {viseme!r}: expected one of {", ".join(sorted(self._visemes))}'
            )
        if not 0.0 <= weight <= 1.0:
            raise ConfigError(f'viseme weight: expected a number in [0, 1], found {weight!r}')
        self._mouth[row] = weight * self._visemes[viseme]
        self._found[row] = self._owned(np.asarray(now_s))[row]
        self._since_s[row], self._until_s[row] = now_s, now_s + self._timeout_s
        self._silent_s = float(self._until_s.max()) + RELEASE_S

    def apply(self, units: Float64, times_s: Float64) -> None:
        """Mix the mouth into the face by how far speech owns it."""
        if times_s[0] >= self._silent_s:
            return
        owned = self._owned(times_s)[..., None] * self._share
        face = units[..., self._channels]
        units[..., self._channels] = face + owned * (self._mouth - face)

    def _owned(self, times_s: Float64) -> Float64:
        """Return how far speech owns the mouth at (...,) times, (..., *rows)."""
        times = times_s.reshape((*times_s.shape, *(1,) * self._until_s.ndim))
        taken = self._found + (np.minimum(times, self._until_s) - self._since_s) / ATTACK_S
        given = np.maximum(times - self._until_s, 0.0) / RELEASE_S
        found: Float64 = np.maximum(np.minimum(taken, 1.0) - given, 0.0)
        return found


def smooth(share: Float64) -> Float64:
    """Return the minimum-jerk course of 0 to 1 for shares of its time; flat beyond its ends."""
    s = np.minimum(np.maximum(share, 0.0), 1.0)
    found: Float64 = s**3 * (10 - 15 * s + 6 * s**2)
    return found
