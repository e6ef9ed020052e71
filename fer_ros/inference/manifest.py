"""A model's manifest: all that the code needs to know about a net, in one YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from fer_ros.config import load_yaml
from fer_ros.errors import ConfigError, ModelError


class Task(str, Enum):
    """What a model is for."""

    FACE_DETECTION = 'face_detection'
    FACE_LANDMARKS = 'face_landmarks'
    STATIC_EXPRESSION = 'static_expression'


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
class Manifest:
    """One model: its file, where that came from, how to feed it and how to read it."""

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

    def __post_init__(self) -> None:
        """Check what the loader can not."""
        if len(self.sha256) != 64:
            raise ConfigError(f'sha256: expected 64 hex digits, found {self.sha256!r}')
        if self.task is Task.STATIC_EXPRESSION and len(set(self.labels)) != len(self.labels):
            raise ConfigError(f'labels: expected each label once, found {list(self.labels)}')
        if not self.temperature > 0:
            raise ConfigError(f'temperature: expected a positive number, found {self.temperature}')


def load_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    :raises ModelError: one line that names the file, the entry, what was expected and found.
    """
    try:
        entries = load_yaml(path)
        return _parse(entries, path.parent)
    except KeyError as error:
        raise ModelError(f'{path}: expected the entry {error}, found none') from None
    except (ValueError, TypeError) as error:
        # ConfigError of this module, and what int(), float() and the enums say of a bad value.
        raise ModelError(f'{path}: {error}') from None


def _parse(entries: dict[str, Any], folder: Path) -> Manifest:
    """Turn YAML entries into a manifest."""
    source = entries['input']
    spec = InputSpec(
        name=str(source['name']),
        width=int(source['width']),
        height=int(source['height']),
        colour=Colour(source['colour']),
        mean=tuple(map(float, source['mean'])),
        std=tuple(map(float, source['std'])),
    )
    return Manifest(
        id=str(entries['id']),
        task=Task(entries['task']),
        file=folder / str(entries['file']),
        sha256=str(entries['sha256']).lower(),
        licence=str(entries['licence']),
        source=str(entries['source']),
        input=spec,
        outputs=tuple(map(str, entries['outputs'])),
        labels=tuple(map(str, entries.get('labels') or ())),
        temperature=float(entries.get('temperature', 1.0)),
        options=dict(entries.get('options') or {}),
        url=entries.get('url'),
    )
