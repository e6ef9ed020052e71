"""Made courses of an expression over time, whose truth is known to the millisecond."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.errors import DataError
from fer_ros.types import Float64

# As the rise time of a signal: an expression has begun at a tenth of its peak and is at its apex
# from nine tenths on.
BEGUN, FULL = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Course:
    """Neutral, then one expression that comes and goes; all times in seconds of the clip.

    A still course has a rise and a fall of no length at the clip's ends.

    :param label: index of the emotion.
    :param peak: 0 .. 1, how much of the photo's expression is reached; 0 stays neutral.
    :param rise_s, fall_s: start and end of the rise and of the fall.
    :param length_s: of the clip.
    """

    label: int
    peak: float
    rise_s: tuple[float, float]
    fall_s: tuple[float, float]
    length_s: float

    def __post_init__(self) -> None:
        """Check the order of times."""
        times = (0.0, *self.rise_s, *self.fall_s, self.length_s)
        if list(times) != sorted(times) or not 0.0 <= self.peak <= 1.0:
            raise DataError(
                f'Course: expected times in order and a peak of 0 to 1, found {times} and '
                f'{self.peak:g}'
            )

    @property
    def moves(self) -> bool:
        """Whether there is an event to be told."""
        return self.peak > 0.0 and self.rise_s[1] > 0.0

    @property
    def onset_s(self) -> float:
        """When the expression has begun."""
        return _crossing(*self.rise_s, BEGUN)

    @property
    def apex_s(self) -> float:
        """When it is full."""
        return _crossing(*self.rise_s, FULL)

    @property
    def offset_s(self) -> float:
        """When it begins to fade."""
        return _crossing(*self.fall_s, 1 - FULL)

    @property
    def end_s(self) -> float:
        """When it is over."""
        return _crossing(*self.fall_s, 1 - BEGUN)

    def strength(self, times_s: Float64) -> Float64:
        """Return (T,) strengths, 0 .. peak: a smooth rise, a plateau and a smooth fall."""
        rise = _smooth_step(times_s, *self.rise_s)
        fall = _smooth_step(times_s, *self.fall_s)
        return self.peak * (rise - fall)


def draw_course(label: int, rng: np.random.Generator) -> Course:
    """Draw how one emotion comes and goes.

    Spontaneous smiles rise within 0.2 to 0.8 s (Schmidt et al. 2006, "Movement differences
    between deliberate and spontaneous facial expressions"); one clip in five stays neutral and
    one in eight is expressive throughout.
    """
    kind = rng.random()
    if kind < 0.2:
        length_s = float(rng.uniform(1.5, 4.0))
        return Course(0, 0.0, (0.0, 0.0), (length_s, length_s), length_s)
    peak = float(rng.uniform(0.7, 1.0))
    if kind < 0.325:
        length_s = float(rng.uniform(1.5, 4.0))
        return Course(label, peak, (0.0, 0.0), (length_s, length_s), length_s)
    begin = float(rng.uniform(0.3, 1.5))
    rise = float(np.exp(rng.uniform(np.log(0.12), np.log(0.9))))
    hold = float(np.exp(rng.uniform(np.log(0.2), np.log(2.5))))
    fall = float(np.exp(rng.uniform(np.log(0.12), np.log(1.2))))
    after = float(rng.uniform(0.1, 1.0))
    full, fade = begin + rise, begin + rise + hold
    return Course(label, peak, (begin, full), (fade, fade + fall), fade + fall + after)


def _smooth_step(times_s: Float64, start_s: float, end_s: float) -> Float64:
    """Return 0 before the start, 1 from the end on, and a smooth step between."""
    if end_s <= start_s:
        return (times_s >= end_s).astype(np.float64)
    share = np.clip((times_s - start_s) / (end_s - start_s), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), np.float64)


def _crossing(start_s: float, end_s: float, level: float) -> float:
    """Return when a smooth step reaches a level: the root of 3 u^2 - 2 u^3 = level."""
    share = 0.5 - np.sin(np.arcsin(1.0 - 2.0 * level) / 3.0)
    return float(start_s + share * (end_s - start_s))
