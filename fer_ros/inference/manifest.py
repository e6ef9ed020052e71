"""A model's manifest: all that the code needs to know about a net, in one YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from fer_ros.config import load_yaml
from fer_ros.errors import ConfigError, ModelError

Choice = TypeVar('Choice', bound=Enum)
_HEX = set('0123456789abcdef')


class Task(str, Enum):
    """What a model is for."""

    FACE_DETECTION = 'face_detection'
    FACE_LANDMARKS = 'face_landmarks'
    STATIC_EXPRESSION = 'static_expression'
    TEMPORAL_EXPRESSION = 'temporal_expression'
    CLIP_EXPRESSION = 'clip_expression'


EXPRESSION_TASKS = (Task.STATIC_EXPRESSION, Task.TEMPORAL_EXPRESSION, Task.CLIP_EXPRESSION)


class Colour(str, Enum):
    """Channels that a net reads."""

    RGB = 'rgb'
    BGR = 'bgr'
    GRAY = 'gray'

    @property
    def channels(self) -> int:
        """How many there are."""
        return 1 if self is Colour.GRAY else 3


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The net reads ``(pixel - mean) / std`` of 0..255 pixels, (N, C, height, width) float32."""

    name: str
    width: int
    height: int
    colour: Colour
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check size and scale."""
        if self.width <= 0 or self.height <= 0:
            raise ConfigError(f'input: expected a positive size, found {self.width}x{self.height}')
        for name, values in (('mean', self.mean), ('std', self.std)):
            if len(values) != self.colour.channels:
                raise ConfigError(
                    f'input.{name}: expected {self.colour.channels} numbers for '
                    f'{self.colour.value}, found {len(values)}'
                )
        if min(self.std) <= 0:
            raise ConfigError(f'input.std: expected positive numbers, found {self.std}')


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far another backend or precision may be from float32 on the CPU, on real faces.

    :param landmark_px: largest distance of a landmark, in pixels of the net's input.
    :param box_px: likewise, of a corner of a detection's box.
    :param score: largest difference of a detection's score or a face's presence.
    :param probability: largest difference of a class's calibrated probability.
    :param label_agreement: least share of faces with the same label.
    """

    landmark_px: float = 0.5
    box_px: float = 1.0
    score: float = 0.02
    probability: float = 0.05
    label_agreement: float = 0.995

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ('landmark_px', 'box_px', 'score', 'probability'):
            if getattr(self, name) < 0:
                raise ConfigError(
                    f'tolerance.{name}: expected 0 or more, found {getattr(self, name)}'
                )
        if not 0 <= self.label_agreement <= 1:
            raise ConfigError(
                f'tolerance.label_agreement: expected a share, found {self.label_agreement}'
            )


@dataclass(frozen=True, slots=True)
class Manifest:
    """One model: its file, where that came from, how to feed it and how to read it.

    :param int8: manifest of its quantised form, which a CPU runs that multiplies bytes fast.
    """

    id: str
    task: Task
    file: Path
    sha256: str
    licence: str
    source: str
    input: InputSpec
    outputs: tuple[str, ...]
    labels: tuple[str, ...]
    temperature: float
    options: Mapping[str, Any]
    url: str | None = None
    tolerance: Tolerance = field(default_factory=Tolerance)
    int8: Path | None = None

    def __post_init__(self) -> None:
        """Check what the loader can not."""
        if len(self.sha256) != 64 or not _HEX.issuperset(self.sha256):
            raise ConfigError(f'sha256: expected 64 hex digits, found {self.sha256!r}')
        if self.task in EXPRESSION_TASKS and len(self.labels) < 2:
            raise ConfigError(f'labels: expected two or more, found {list(self.labels)}')
        if len(set(self.labels)) != len(self.labels):
            raise ConfigError(f'labels: expected each label once, found {list(self.labels)}')
        if not self.temperature > 0:
            raise ConfigError(f'temperature: expected a positive number, found {self.temperature}')


def load_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    :raises ModelError: one line that names the file, the entry, what was expected and found.
    """
    try:
        entries = load_yaml(path)
    except ConfigError as error:
        raise ModelError(str(error)) from None
    try:
        return _parse(_Entries(entries), path.parent)
    except ConfigError as error:
        raise ModelError(f'{path}: {error}') from None


def _parse(entries: _Entries, folder: Path) -> Manifest:
    """Turn YAML entries into a manifest."""
    source = entries.entries('input')
    spec = InputSpec(
        name=source.text('name'),
        width=source.count('width'),
        height=source.count('height'),
        colour=source.choice('colour', Colour),
        mean=source.numbers('mean'),
        std=source.numbers('std'),
    )
    return Manifest(
        id=entries.text('id'),
        task=entries.choice('task', Task),
        file=folder / entries.text('file'),
        sha256=entries.text('sha256').lower(),
        licence=entries.text('licence'),
        source=entries.text('source'),
        input=spec,
        outputs=entries.texts('outputs'),
        labels=entries.texts('labels') if entries.has('labels') else (),
        temperature=entries.number('temperature') if entries.has('temperature') else 1.0,
        options=entries.mapping('options') if entries.has('options') else {},
        url=entries.text('url') if entries.has('url') else None,
        tolerance=_tolerance(entries),
        int8=folder / entries.text('int8') if entries.has('int8') else None,
    )


def _tolerance(entries: _Entries) -> Tolerance:
    """Read the tolerances that a manifest sets; the others stay as they are."""
    if not entries.has('tolerance'):
        return Tolerance()
    given = entries.entries('tolerance')
    names = [one.name for one in fields(Tolerance)]
    unknown = sorted(set(entries.mapping('tolerance')) - set(names))
    if unknown:
        raise ConfigError(f'tolerance: expected some of {", ".join(names)}, found {unknown}')
    return Tolerance(**{name: given.number(name) for name in names if given.has(name)})


class _Entries:
    """Entries of a mapping, each of the kind that is asked for; an error says which is not."""

    def __init__(self, entries: Mapping[str, Any], owner: str = '') -> None:
        self._entries = entries
        self._owner = owner

    def has(self, name: str) -> bool:
        return self._entries.get(name) is not None

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str) or not value:
            raise self._wrong(name, 'text', value)
        return value

    def count(self, name: str) -> int:
        value = self._value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, 'a whole number', value)
        return value

    def number(self, name: str) -> float:
        value = self._value(name)
        if not _is_number(value):
            raise self._wrong(name, 'a number', value)
        return float(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        values = self._value(name)
        if not isinstance(values, list) or not all(map(_is_number, values)):
            raise self._wrong(name, 'a list of numbers', values)
        return tuple(map(float, values))

    def texts(self, name: str) -> tuple[str, ...]:
        values = self._value(name)
        whole = isinstance(values, list) and values
        if not whole or not all(isinstance(value, str) for value in values):
            raise self._wrong(name, 'a list of names', values)
        return tuple(values)

    def choice(self, name: str, kind: type[Choice]) -> Choice:
        value = self._value(name)
        for member in kind:
            if member.value == value:
                return member
        raise self._wrong(name, f'one of {", ".join(member.value for member in kind)}', value)

    def mapping(self, name: str) -> dict[str, Any]:
        value = self._value(name)
        if not isinstance(value, dict):
            raise self._wrong(name, 'a mapping', value)
        return value

    def entries(self, name: str) -> _Entries:
        return _Entries(self.mapping(name), f'{self._owner}{name}.')

    def _value(self, name: str) -> Any:
        if not self.has(name):
            raise ConfigError(f"expected the entry '{self._owner}{name}', found none")
        return self._entries[name]

    def _wrong(self, name: str, wanted: str, found: object) -> ConfigError:
        return ConfigError(f'{self._owner}{name}: expected {wanted}, found {found!r}')


def _is_number(value: object) -> bool:
    """Tell a finite number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
