"""How sure a figure is: the percentile bootstrap (Efron & Tibshirani 1993), seeded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fer_ros.errors import DataError
from fer_ros.evaluation.metrics.classes import Labels

RESAMPLES = 1000
LEVEL = 0.95

# A figure of some of the rows.
Figure = Callable[[Labels], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the interval in which it lies with the given confidence."""

    value: float
    low: float
    high: float
    level: float = LEVEL


def bootstrap_interval(
    figure: Figure,
    rows: int,
    *,
    clusters: Sequence[str] | None = None,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Interval:
    """Return a figure of all rows with its percentile interval.

    :param figure: takes (M,) row numbers, some of them several times.
    :param clusters: (rows,) what belongs together, such as persons: then whole clusters are drawn,
        since pictures of one person are no independent evidence.
    """
    if rows < 1:
        raise DataError('bootstrap: expected one row or more, found none; nothing is labelled')
    found = [figure(drawn) for drawn in draws(rows, clusters, resamples, seed)]
    low, high = percentiles(found, level)
    return Interval(figure(np.arange(rows)), low, high, level)


def draws(
    rows: int, clusters: Sequence[str] | None, resamples: int, seed: int
) -> Iterator[Labels]:
    """Yield row numbers drawn with replacement, by rows or by whole clusters."""
    rng = np.random.default_rng(seed)
    if clusters is None:
        for _ in range(resamples):
            yield rng.integers(0, rows, rows)
        return
    members = list(_members(clusters).values())
    for _ in range(resamples):
        yield np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])


def percentiles(values: Sequence[float], level: float) -> tuple[float, float]:
    """Return the middle share of the values that are known; NaN where none is."""
    known = np.asarray(values, np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return float('nan'), float('nan')
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _members(clusters: Sequence[str]) -> dict[str, Labels]:
    """Return the rows of each cluster."""
    names, places = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)
    return {str(name): np.flatnonzero(places == index) for index, name in enumerate(names)}
