"""The channels of a face: every action unit that can be moved, by side where it has sides.

A channel is named by its FACS code and, for units with a left and a right half, the subject's own
side: ``12L``, ``12R``, ``26``. ``12`` alone means both halves. Head turns (51 to 56) and gaze (61
to 64) are channels too: 1 is the limit of :mod:`fer_ros.facs`. Jaw sideways (30) has its
direction as its side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from fer_ros.errors import ConfigError
from fer_ros.types import AuPose, Float64

PAIRED = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 16, 20, 24, 30, 43)
SINGLE = (
    17, 18, 19, 22, 23, 25, 26, 27, 28, 29, 34,
    51, 52, 53, 54, 55, 56, 61, 62, 63, 64,
)  # fmt: skip
CODES = tuple(sorted(PAIRED + SINGLE))
CHANNELS: tuple[str, ...] = (
    *(f'{code}{side}' for code in PAIRED for side in 'LR'),
    *map(str, SINGLE),
)
INDEX: dict[str, int] = {name: index for index, name in enumerate(CHANNELS)}


def channels_of(unit: str | int) -> list[int]:
    """Return the channels that a unit names: two for ``12``, one for ``12L`` or ``26``."""
    name = str(unit)
    if name in INDEX:
        return [INDEX[name]]
    both = [INDEX[name + side] for side in 'LR' if name + side in INDEX]
    if both:
        return both
    raise ConfigError(
        f'unit {name!r}: expected a FACS code of {", ".join(map(str, CODES))}, with L or R for '
        f'one side of {", ".join(map(str, PAIRED))}'
    )


def vector(units: Mapping[str | int, float], *, low: float = 0.0) -> Float64:
    """Return (C,) values by channel of units by name; those that are not named are 0.

    A side's own entry goes before that of both.

    :param low: least value; the largest is 1.
    """
    found = np.zeros(len(CHANNELS))
    for unit in sorted(units, key=lambda name: str(name)[-1] in 'LR'):
        value = units[unit]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not low <= value <= 1.0:
            raise ConfigError(f'unit {unit}: expected a number in [{low:g}, 1], found {value!r}')
        found[channels_of(unit)] = value
    return found


def as_pose(values: Float64, stamp_ns: int) -> AuPose:
    """Return (C,) values by channel as a pose."""
    left, right = {}, {}
    for code in CODES:
        sides = channels_of(code)
        left[code], right[code] = float(values[sides[0]]), float(values[sides[-1]])
    return AuPose(stamp_ns, left, right)
