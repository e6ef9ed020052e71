"""What the action units say of each emotion: EMFACS as a table, and evidence read from it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from fer_ros.types import ActionUnit, Evidence

SEEN = 0.2  # intensity from which a unit is named: FACS' A, a trace


@dataclass(frozen=True, slots=True)
class Link:
    """One row of the table: a unit's weight for (positive) or against (negative) an emotion.

    :param one_sided: only what one side of the face shows more than the other counts.
    """

    code: int
    weight: float
    one_sided: bool

    def strength(self, unit: ActionUnit) -> float:
        """Return how strongly the unit shows in the way that counts, 0..1."""
        return unit.asymmetry if self.one_sided else unit.intensity


@functools.cache
def emfacs() -> Mapping[str, tuple[Link, ...]]:
    """Read the table once: links by emotion."""
    text = resources.files(__package__).joinpath('emfacs.csv').read_text(encoding='utf-8')
    rows = [line.split(',') for line in text.splitlines() if line and not line.startswith('#')]
    table: dict[str, tuple[Link, ...]] = {}
    for emotion, code, weight, side in rows:
        link = Link(int(code), float(weight), side == 'one')
        table[emotion] = (*table.get(emotion, ()), link)
    return table


def evidence(label: str, units: Mapping[int, ActionUnit]) -> Evidence:
    """Return which units speak for and against a label, and how much together.

    Only units with a confidence count; a label that the table does not have gets no evidence.
    """
    shown = []
    against = 0.0
    for link in emfacs().get(label, ()):
        unit = units.get(link.code)
        if unit is None or unit.confidence <= 0:
            continue
        strength = link.strength(unit)
        if strength >= SEEN:
            shown.append((-abs(link.weight) * strength, link))
        against = max(against, -link.weight * strength)
    shown.sort(key=lambda ranked: ranked[0])
    strength, _ = prototype(label, units)
    return Evidence(
        label,
        tuple(link.code for _, link in shown if link.weight > 0),
        tuple(link.code for _, link in shown if link.weight < 0),
        min(max(strength - against, -1.0), 1.0),
    )


def evidences(labels: Sequence[str], units: Mapping[int, ActionUnit]) -> tuple[Evidence, ...]:
    """Return the evidence of every label, in order."""
    return tuple(evidence(label, units) for label in labels)


def prototype(label: str, units: Mapping[int, ActionUnit]) -> tuple[float, float]:
    """Return how strongly a label's units show, and how far that can be relied on, both 0..1.

    The mean of the units that belong to the label, by weight and confidence; relied on as far as
    they are read at all. (0, 0) where none is.
    """
    total = known = strength = 0.0
    for link in emfacs().get(label, ()):
        if link.weight <= 0:
            continue
        total += link.weight
        unit = units.get(link.code)
        if unit is not None and unit.confidence > 0:
            share = link.weight * unit.confidence
            known += share
            strength += share * link.strength(unit)
    return (strength / known, known / total) if known > 0 else (0.0, 0.0)
