"""Learned time courses of expressions: how they come and go, instead of minimum jerk.

A course from 0 to 1 is the minimum-jerk one and a bend that changes neither end,
``m(s) + s^3 (1 - s)^3 (b0 + b1 s + b2 s^2)``: three numbers for the onset and three for the
offset, and how long each takes. The limits of every actuator are in force as before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from fer_ros.config import load_yaml
from fer_ros.errors import ConfigError
from fer_ros.generation.motion import BUMPS, PLAIN
from fer_ros.types import Float64

MIN_S, MAX_S = 0.1, 5.0
# Beyond this a bend would leave 0..1 by far.
MAX_BEND = 40.0
ANY = 'any'
SHAPE = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """The time course of one expression.

    :param rise_s, decay_s: seconds, 0 for those of the library.
    :param rise, decay: (3,) coefficients of the bend.
    """

    rise_s: float = 0.0
    decay_s: float = 0.0
    rise: Float64 = field(default_factory=lambda: PLAIN)
    decay: Float64 = field(default_factory=lambda: PLAIN)

    def course(self, decay: bool = False) -> Float64:
        """Return (101,) values of the course over its time, from 0 to 1."""
        powers = SHAPE[:, None] ** np.arange(BUMPS.shape[1])
        bend = powers @ ((self.decay if decay else self.rise) @ BUMPS)
        found: Float64 = SHAPE**3 * (10 - 15 * SHAPE + 6 * SHAPE**2) + bend
        return found


MINIMUM_JERK = Profile()


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles by the name of an expression; ``any`` holds for those that have none."""

    by_name: Mapping[str, Profile]

    def of(self, expression: str) -> Profile:
        """Return the profile of an expression."""
        return self.by_name.get(expression, self.by_name.get(ANY, MINIMUM_JERK))


NO_PROFILES = Profiles({})


def load_profiles(path: Path) -> Profiles:
    """Read what ``fer-ros generate learn`` wrote."""
    content = load_yaml(path)
    entries = content.get('profiles')
    if not isinstance(entries, dict):
        raise ConfigError(f'{path}: expected a mapping profiles, found {entries!r}')
    return Profiles({str(name): _profile(f'{path}: {name}', e) for name, e in entries.items()})


def save_profiles(path: Path, profiles: Profiles, notes: Mapping[str, Any]) -> None:
    """Write profiles, with notes on what they were learned from."""
    entries = {
        name: {
            'rise_s': round(profile.rise_s, 3),
            'decay_s': round(profile.decay_s, 3),
            'rise': [round(value, 4) for value in profile.rise.tolist()],
            'decay': [round(value, 4) for value in profile.decay.tolist()],
        }
        for name, profile in profiles.by_name.items()
    }
    text = yaml.safe_dump({'learned_from': dict(notes), 'profiles': entries}, sort_keys=False)
    path.write_text(text, encoding='utf-8')


def _profile(place: str, entry: Any) -> Profile:
    if not isinstance(entry, dict) or set(entry) != {'rise_s', 'decay_s', 'rise', 'decay'}:
        raise ConfigError(f'{place}: expected rise_s, decay_s, rise and decay, found {entry!r}')
    times = [_number(f'{place}.{key}', entry[key], MIN_S, MAX_S) for key in ('rise_s', 'decay_s')]
    bends = []
    for key in ('rise', 'decay'):
        values = entry[key]
        if not isinstance(values, list) or len(values) != 3:
            raise ConfigError(f'{place}.{key}: expected three numbers, found {values!r}')
        bends.append(np.array([_number(f'{place}.{key}', v, -MAX_BEND, MAX_BEND) for v in values]))
    return Profile(times[0], times[1], bends[0], bends[1])


def _number(place: str, value: Any, low: float, high: float) -> float:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high:
        if number and value == 0 and place.endswith('_s'):
            return 0.0  # as the library has it
        raise ConfigError(f'{place}: expected a number in [{low:g}, {high:g}], found {value!r}')
    return float(value)
