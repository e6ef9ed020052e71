"""What a robot's face answers to a person's: one small class a kind, one YAML block a policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from fer_ros.config import load_yaml, share_dir
from fer_ros.errors import ConfigError
from fer_ros.generation.library import Library
from fer_ros.taxonomy import EMOTION_TO_HRI, EMOTIONS

T = TypeVar('T')
NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Response:
    """What the robot shows: an expression of the library at an intensity, 0..1."""

    expression: str
    intensity: float


NEUTRAL = Response('neutral', 0.0)


class Policy(Protocol):
    """Answers a person's emotion."""

    def respond(self, emotion: str, intensity: float) -> Response | None:
        """Return the answer to one of the eight emotions at an intensity 0..1, or None."""


@dataclass(frozen=True, slots=True)
class Off:
    """Answers nothing: the face belongs to requests alone."""

    def respond(self, emotion: str, intensity: float) -> Response | None:
        """Return None."""
        return None


@dataclass(frozen=True, slots=True)
class Neutral:
    """Stays neutral whatever the person shows."""

    def respond(self, emotion: str, intensity: float) -> Response | None:
        """Return neutral."""
        return NEUTRAL


@dataclass(frozen=True, slots=True)
class Mirror:
    """Shows what the person shows, by a gain."""

    gain: float = 1.0
    gains: Mapping[str, float] = field(default_factory=lambda: NOTHING)

    def respond(self, emotion: str, intensity: float) -> Response | None:
        """Return the same expression."""
        name = 'contempt' if emotion == 'contempt' else EMOTION_TO_HRI[emotion]
        return Response(name, intensity * self.gains.get(emotion, self.gain))


@dataclass(frozen=True, slots=True)
class Table:
    """Shows what a table says, for empathy and anything else."""

    answers: Mapping[str, str]
    gain: float = 1.0
    gains: Mapping[str, float] = field(default_factory=lambda: NOTHING)

    def respond(self, emotion: str, intensity: float) -> Response | None:
        """Return the table's expression, neutral for an emotion that it does not have."""
        name = self.answers.get(emotion, 'neutral')
        return Response(name, intensity * self.gains.get(emotion, self.gain))


_KINDS: dict[str, Callable[..., Policy]] = {
    'mirror': Mirror,
    'table': Table,
    'neutral': Neutral,
    'off': Off,
}


@dataclass(frozen=True, slots=True)
class Policies:
    """Everything of ``policies.yaml``."""

    by_name: Mapping[str, Policy]
    display_rules: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def policy(self, name: str) -> Policy:
        """Return a policy by name."""
        return _find(self.by_name, 'policy', name)

    def rules(self, name: str) -> Mapping[str, float]:
        """Return the display rules of a name: a factor for each expression."""
        return _find(self.display_rules, 'display_rules', name)


def _find(table: Mapping[str, T], what: str, name: str) -> T:
    if name not in table:
        raise ConfigError(f'{what}: expected one of {", ".join(table)}, found {name!r}')
    return table[name]


def load_policies(library: Library, path: Path | None = None) -> Policies:
    """Read policies and display rules; the shipped ones without a path.

    :raises ConfigError: the text names file, entry and what is wrong.
    """
    path = path or share_dir() / 'config' / 'policies.yaml'
    content = load_yaml(path)
    try:
        return Policies(
            {
                _word(name): _policy(_word(name), entry, library)
                for name, entry in content['policies'].items()
            },
            {
                name: _shares(f'display_rules.{name}', rules, library.expressions)
                for name, rules in content.get('display_rules', {'none': {}}).items()
            },
        )
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from None
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f'{path}: expected the layout of the shipped file, found {error!r}'
        ) from None


def _word(name: Any) -> str:
    """Return a key as it was written: YAML takes a bare ``off`` for false."""
    return 'off' if name is False else str(name)


def _policy(name: str, entry: Mapping[str, Any], library: Library) -> Policy:
    """Return the policy of one block."""
    place = f'policies.{name}'
    options = dict(entry)
    kind = _word(options.pop('kind', ''))
    if kind not in _KINDS:
        raise ConfigError(f'{place}.kind: expected one of {", ".join(_KINDS)}, found {kind!r}')
    if 'gains' in options:
        options['gains'] = _shares(f'{place}.gains', options['gains'], EMOTIONS)
    if 'gain' in options:
        options['gain'] = _shares(place, {'gain': options['gain']}, ('gain',))['gain']
    if 'answers' in options:
        _require_names(f'{place}.answers', options['answers'], EMOTIONS)
        for expression in options['answers'].values():
            library.spec(expression)
    try:
        return _KINDS[kind](**options)
    except TypeError as error:
        raise ConfigError(f'{place}: expected the entries of kind {kind}, found {error}') from None


def _shares(place: str, entries: Mapping[str, Any], known: Any) -> dict[str, float]:
    """Return numbers in [0, 1] by name."""
    _require_names(place, entries, known)
    for name, value in entries.items():
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not 0.0 <= value <= 1.0:
            raise ConfigError(f'{place}.{name}: expected a number in [0, 1], found {value!r}')
    return {name: float(value) for name, value in entries.items()}


def _require_names(place: str, entries: Mapping[str, Any], known: Any) -> None:
    unknown = [name for name in entries if name not in known]
    if unknown:
        raise ConfigError(f'{place}: expected names of {", ".join(known)}, found {unknown[0]!r}')
