"""The library of expressions: what each name means in action units, from ``expressions.yaml``.

An expression without a name is blended from the anchors of the circumplex (Russell 1980) by a
Gaussian of their distance, so that a face moves smoothly over all of valence and arousal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.config import load_yaml, share_dir
from fer_ros.errors import ConfigError
from fer_ros.generation.units import CHANNELS, INDEX, channels_of, vector
from fer_ros.types import Float64

# Wide enough that neighbours on the circumplex meet, narrow enough that each keeps its own face.
ANCHOR_WIDTH = 0.22


@dataclass(frozen=True, slots=True, eq=False)
class ExpressionSpec:
    """One expression.

    :param variants: (V, C) units by channel, the plain one first.
    :param valence, arousal: -1..1.
    :param anchor: it takes part in blends by valence and arousal.
    """

    name: str
    variants: Float64
    rise_s: float
    hold_s: float
    decay_s: float
    valence: float
    arousal: float
    anchor: bool = False

    def __post_init__(self) -> None:
        """Check times and place."""
        for what, low, high in (
            ('rise_s', 0.05, 10.0),
            ('hold_s', 0.0, 60.0),
            ('decay_s', 0.05, 10.0),
            ('valence', -1.0, 1.0),
            ('arousal', -1.0, 1.0),
        ):
            value = getattr(self, what)
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise ConfigError(
                    f'expression {self.name}: {what}: expected a number in [{low:g}, {high:g}], '
                    f'found {value!r}'
                )


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """Everything of ``expressions.yaml``.

    :param conflicts: pairs (strong, weak) of channels: the first takes its strength from the
        second.
    :param speech_share: (C,) share of each channel that belongs to speech while it lasts.
    :param visemes: (C,) units by name.
    :param breathing: (C,) units at the height of a breath.
    """

    expressions: Mapping[str, ExpressionSpec]
    conflicts: tuple[tuple[int, int], ...]
    speech_share: Float64
    visemes: Mapping[str, Float64]
    breathing: Float64

    def spec(self, name: str) -> ExpressionSpec:
        """Return an expression by its name."""
        try:
            return self.expressions[name]
        except KeyError:
            raise ConfigError(
                f'expression {name!r}: expected one of {", ".join(self.expressions)}'
            ) from None

    def units(self, name: str, intensity: float = 1.0, variant: int = 0) -> Float64:
        """Return (C,) units of an expression, one variant after the other as ``variant`` grows."""
        variants = self.spec(name).variants
        found: Float64 = intensity * variants[variant % len(variants)]
        return found

    def blend(self, name: str, second: str, share: float) -> Float64:
        """Return (C,) units of two expressions, ``share`` (0..1) of the second."""
        return (1.0 - share) * self.units(name) + share * self.units(second)

    def circumplex(self, valence: float, arousal: float) -> Float64:
        """Return (C,) units for a place on the circumplex."""
        anchors = [spec for spec in self.expressions.values() if spec.anchor]
        places = np.array([(spec.valence, spec.arousal) for spec in anchors])
        distance = ((places - (valence, arousal)) ** 2).sum(axis=1)
        weights = np.exp((distance.min() - distance) / (2 * ANCHOR_WIDTH**2))
        weights /= weights.sum()
        faces = np.array([spec.variants[0] for spec in anchors])
        found: Float64 = weights @ faces
        return found


def load_library(path: Path | None = None) -> Library:
    """Read a library; the shipped one without a path.

    :raises ConfigError: the file is not one; the text names the expression and what is wrong.
    """
    path = path or share_dir() / 'config' / 'expressions.yaml'
    content = load_yaml(path)
    try:
        return Library(
            expressions={
                name: _spec(name, entry)
                for name, entry in _mapping(content, 'expressions').items()
            },
            conflicts=_conflicts(content.get('conflicts', [])),
            speech_share=vector(content.get('speech_share', {})),
            visemes={name: vector(units) for name, units in content.get('visemes', {}).items()},
            breathing=vector(content.get('breathing', {})),
        )
    except ConfigError as error:
        raise ConfigError(f'{path}: {error}') from None
    except (KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f'{path}: expected the layout of the shipped file, found {error!r}'
        ) from None


def _mapping(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    if not isinstance(found, dict) or 'neutral' not in found:
        raise ConfigError(f'{name}: expected a mapping with at least neutral')
    return found


def _spec(name: str, entry: Mapping[str, Any]) -> ExpressionSpec:
    """Return an expression of its entry; variants say what is different from the plain one."""
    known = {'units', 'rise_s', 'hold_s', 'decay_s', 'valence', 'arousal', 'anchor', 'variants'}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise ConfigError(f'expression {name}: expected {sorted(known)}, found {unknown}')
    try:
        variants = [
            vector({**_by_channel(entry['units']), **_by_channel(change)})
            for change in ({}, *entry.get('variants', []))
        ]
    except ConfigError as error:
        raise ConfigError(f'expression {name}: {error}') from None
    numbers = {key: entry[key] for key in ('rise_s', 'hold_s', 'decay_s', 'valence', 'arousal')}
    return ExpressionSpec(
        name, np.array(variants), **numbers, anchor=bool(entry.get('anchor', False))
    )


def _by_channel(units: Mapping[str | int, float]) -> dict[str | int, float]:
    """Return units with one entry for each channel, so that a variant can change one side."""
    found: dict[str | int, float] = {
        CHANNELS[channel]: value
        for unit, value in units.items()
        for channel in channels_of(unit)
        if str(unit) not in INDEX
    }
    found.update({str(unit): value for unit, value in units.items() if str(unit) in INDEX})
    return found


def _conflicts(pairs: list[list[str | int]]) -> tuple[tuple[int, int], ...]:
    """Return pairs of channels of pairs of units, side by side where both have sides."""
    found: list[tuple[int, int]] = []
    for strong, weak in pairs:
        firsts, seconds = channels_of(strong), channels_of(weak)
        if len(firsts) == len(seconds):
            found += zip(firsts, seconds)
        else:
            found += [(first, second) for first in firsts for second in seconds]
    return tuple(found)
