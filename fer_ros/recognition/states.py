"""States that a user names: prototypes of action units, valence and arousal in a YAML file.

A new state needs a few lines of YAML and no training; ``config/states.yaml`` has the ready ones
and tells the format. What is wrong in a file is said with the state and the key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_ros.config import load_yaml, share_dir
from fer_ros.errors import ConfigError
from fer_ros.recognition.au_filters import CODES
from fer_ros.types import ActionUnit

_KEYS = ('action_units', 'against', 'valence', 'arousal', 'tolerance', 'source')
_TOLERANCE = 0.5
_MAX_STATES = 64


@dataclass(frozen=True, slots=True)
class State:
    """One prototype.

    :param units: alternatives of which the strongest counts, and their weight.
    :param against: codes that contradict the state, and their weight 0..1.
    :param valence, arousal: the middle of what fits, or None where any does.
    :param tolerance: distance from there at which the score is down to exp(-1/2).
    """

    name: str
    units: tuple[tuple[tuple[int, ...], float], ...]
    against: tuple[tuple[int, float], ...] = ()
    valence: float | None = None
    arousal: float | None = None
    tolerance: float = _TOLERANCE
    source: str = ''

    def score(self, units: Mapping[int, ActionUnit], valence: float, arousal: float) -> float:
        """Return how far a face shows the state, 0..1."""
        shown = against = 0.0
        if self.units:
            total = 0.0
            for codes, weight in self.units:
                total += weight
                shown += weight * max([_strength(units, code) for code in codes])
            against = max(
                [weight * _strength(units, code) for code, weight in self.against], default=0.0
            )
            shown = max(shown / total - against, 0.0)
        near = self._nearness(valence, arousal)
        return min(shown * near if self.units else near, 1.0)

    def _nearness(self, valence: float, arousal: float) -> float:
        """Return 1 where valence and arousal are those of the state, less further away."""
        distance = sum(
            (seen - wanted) ** 2
            for seen, wanted in ((valence, self.valence), (arousal, self.arousal))
            if wanted is not None
        )
        return math.exp(-0.5 * distance / self.tolerance**2)


def load_states(path: str = '') -> tuple[State, ...]:
    """Read a file of states.

    :param path: of a YAML file; '' is the shipped ``config/states.yaml``, 'none' is no states.
    :raises ConfigError: one line that names file, state and key, what was expected and found.
    """
    if path == 'none':
        return ()
    file = Path(path).expanduser() if path else share_dir() / 'config' / 'states.yaml'
    content = load_yaml(file)
    states = content.get('states')
    if not isinstance(states, dict) or not states or set(content) != {'states'}:
        raise ConfigError(
            f"{file}: expected one mapping 'states' of names to prototypes, found "
            f'{sorted(map(str, content))}; see config/states.yaml'
        )
    if len(states) > _MAX_STATES:
        raise ConfigError(
            f'{file}: expected at most {_MAX_STATES} states, found {len(states)}; split the file'
        )
    return tuple(_state(f'{file}: state {name!r}', name, entry) for name, entry in states.items())


def scores(
    states: Sequence[State], units: Mapping[int, ActionUnit], valence: float, arousal: float
) -> dict[str, float]:
    """Return every state's score, 0..1, in the order of the file."""
    return {state.name: state.score(units, valence, arousal) for state in states}


def _strength(units: Mapping[int, ActionUnit], code: int) -> float:
    unit = units.get(code)
    return unit.intensity if unit is not None and unit.confidence > 0 else 0.0


def _state(where: str, name: object, entry: object) -> State:
    """Check one entry."""
    if not isinstance(name, str) or not name.isidentifier():
        raise ConfigError(f'{where}: expected a name of letters, digits and _, found {name!r}')
    if not isinstance(entry, dict) or not ({'action_units', 'valence', 'arousal'} & set(entry)):
        raise ConfigError(
            f'{where}: expected action_units, valence or arousal, found {entry!r}; add one'
        )
    unknown = [str(key) for key in entry if key not in _KEYS]
    if unknown:
        raise ConfigError(
            f'{where}: expected keys of {list(_KEYS)}, found {unknown}; correct them'
        )
    return State(
        name,
        _units(f'{where}: action_units', entry.get('action_units', {})),
        tuple(
            (codes[0], weight)
            for codes, weight in _units(
                f'{where}: against', entry.get('against', {}), top=1.0, alone=True
            )
        ),
        _number(f'{where}: valence', entry.get('valence'), -1.0, 1.0),
        _number(f'{where}: arousal', entry.get('arousal'), -1.0, 1.0),
        _number(f'{where}: tolerance', entry.get('tolerance', _TOLERANCE), 0.05, 2.0)
        or _TOLERANCE,
        str(entry.get('source', '')),
    )


def _units(
    where: str, table: Any, *, top: float = 100.0, alone: bool = False
) -> tuple[tuple[tuple[int, ...], float], ...]:
    """Check a table of codes and weights."""
    if not isinstance(table, dict):
        raise ConfigError(f'{where}: expected a mapping of FACS codes to weights, found {table!r}')
    found = []
    for key, value in table.items():
        weight = _number(f'{where}: {key}', value, 0.01, top)
        if weight is None:
            raise ConfigError(f'{where}: {key}: expected a weight, found none')
        found.append((_codes(where, key, alone=alone), weight))
    return tuple(found)


def _codes(where: str, key: object, *, alone: bool) -> tuple[int, ...]:
    """Read '6' or '6|7'."""
    try:
        codes = tuple(int(part) for part in str(key).split('|'))
    except ValueError:
        codes = ()
    if not codes or not set(codes) <= set(CODES) or (alone and len(codes) > 1):
        raise ConfigError(
            f'{where}: expected FACS codes of {list(CODES)}, found {key!r}; choose one of them'
        )
    return codes


def _number(where: str, value: object, low: float, high: float) -> float | None:
    """Check a number, or None where it is not given."""
    if value is None:
        return None
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not good or not low <= float(value) <= high:  # type: ignore[arg-type]
        raise ConfigError(f'{where}: expected a number in [{low:g}, {high:g}], found {value!r}')
    return float(value)  # type: ignore[arg-type]
