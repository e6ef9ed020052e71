"""Figures by group of people or pictures, and how far apart the groups are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fer_ros.evaluation.metrics.bootstrap import (
    LEVEL,
    RESAMPLES,
    Figure,
    Interval,
    bootstrap_interval,
    draws,
    percentiles,
)
from fer_ros.evaluation.metrics.classes import Labels


@dataclass(frozen=True, slots=True)
class GroupFigure:
    """The figure of one group of ``count`` rows."""

    count: int
    figure: Interval


@dataclass(frozen=True, slots=True)
class Gap:
    """The best group minus the worst, with its interval.

    The largest of several noisy differences is above zero even where the groups do not differ:
    read the interval's lower end, and the groups' own intervals.
    """

    best: str
    worst: str
    difference: Interval
    ratio: float


@dataclass(frozen=True, slots=True)
class Grouped:
    """Figures by value of one column; ``unknown`` rows have none."""

    groups: Mapping[str, GroupFigure]
    gap: Gap | None
    unknown: int


def by_group(
    figure: Figure,
    column: Sequence[str | None],
    *,
    clusters: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Grouped:
    """Return a figure for each value of a column, and the gap between its best and worst group.

    Gap and ratio of the worst to the best group are the fairness measures of Xu et al. 2020,
    "Investigating bias and fairness in facial expression recognition". The gap's interval comes
    from groups that are resampled each by itself.

    :param figure: takes (M,) row numbers.
    :param column: (N,) the group of each row, None or '' where it is unknown.
    :param clusters: (N,) persons, as of :func:`bootstrap_interval`.
    """
    rows = _rows(column)
    kept = {
        name: None if clusters is None else [clusters[i] for i in members]
        for name, members in rows.items()
    }

    def within(members: Labels) -> Figure:
        return lambda drawn: figure(members[drawn])

    groups = {
        name: GroupFigure(
            len(members),
            bootstrap_interval(
                within(members), len(members), clusters=kept[name], resamples=resamples,
                level=level, seed=seed,
            ),
        )
        for name, members in rows.items()
    }  # fmt: skip
    known = {name: one for name, one in groups.items() if np.isfinite(one.figure.value)}
    gap = None
    if len(known) > 1:
        best = max(known, key=lambda name: known[name].figure.value)
        worst = min(known, key=lambda name: known[name].figure.value)
        # Two seeds: groups are independent of each other.
        higher, lower = (
            [
                figure(rows[name][drawn])
                for drawn in draws(len(rows[name]), kept[name], resamples, s)
            ]
            for name, s in ((best, seed), (worst, seed + 1))
        )
        top, bottom = known[best].figure.value, known[worst].figure.value
        spread = percentiles([a - b for a, b in zip(higher, lower)], level)
        gap = Gap(
            best, worst, Interval(top - bottom, *spread, level), bottom / top if top else 1.0
        )
    return Grouped(groups, gap, len(column) - sum(map(len, rows.values())))


def _rows(column: Sequence[str | None]) -> dict[str, Labels]:
    """Return the rows of each value that is known, in order of name."""
    names = sorted({value for value in column if value})
    return {
        name: np.array([i for i, value in enumerate(column) if value == name], np.int64)
        for name in names
    }
