"""Steadiness of labels over time, and events against those that were labelled."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from fer_ros.evaluation.metrics.classes import Labels


def flips(labels: Sequence[object]) -> int:
    """Count changes between neighbours."""
    return sum(before != after for before, after in pairwise(labels))


def flip_rate(answers: Labels) -> float:
    """Return label changes per step of one face (N,): 0 never, 1 at every frame.

    For a face whose expression does not change every flip is an error. Frames without an answer
    (-1) are left out.
    """
    known = answers[answers >= 0].tolist()
    return flips(known) / (len(known) - 1) if len(known) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens at a time: an onset, apex or offset of one expression."""

    stamp_ns: int
    kind: str


class EventIndex:
    """Events by kind and time, of which there may be many."""

    def __init__(self, events: Sequence[Event]) -> None:
        """Take events in any order."""
        self._by_kind: dict[str, list[tuple[int, int]]] = {}
        for place, event in enumerate(events):
            self._by_kind.setdefault(event.kind, []).append((event.stamp_ns, place))
        for entries in self._by_kind.values():
            entries.sort()

    def near(self, event: Event, tolerance_ns: int) -> list[int]:
        """Return the places of those of the same kind that are at most so far away."""
        entries = self._by_kind.get(event.kind, [])
        first = bisect_left(entries, (event.stamp_ns - tolerance_ns, 0))
        behind = bisect_left(entries, (event.stamp_ns + tolerance_ns + 1, 0))
        return [place for _, place in entries[first:behind]]


@dataclass(frozen=True, slots=True)
class EventScores:
    """Found events against labelled ones.

    :param precision: share of the found ones that were labelled; NaN where none was found.
    :param recall: share of the labelled ones that were found; NaN where none was labelled.
    :param timing_error_ms: mean absolute error of the matched ones; NaN where none is matched.
    :param delay_ms: their mean signed error, positive: found late.
    """

    matched: int
    precision: float
    recall: float
    timing_error_ms: float
    delay_ms: float


def event_scores(
    found: Sequence[Event], labelled: Sequence[Event], tolerance_ns: int = 500_000_000
) -> EventScores:
    """Match events of one kind one to one, as many as a tolerance allows and as near as can be.

    The nearest pairs first would leave some alone where events lie closer than the tolerance.
    Event-based scoring as in Mesaros, Heittola & Virtanen 2016, "Metrics for polyphonic sound
    event detection", with onset-like points in time instead of intervals.
    """
    errors_ns = [
        found[i].stamp_ns - labelled[j].stamp_ns for i, j in _pairs(found, labelled, tolerance_ns)
    ]
    nan = float('nan')
    matched = len(errors_ns)
    return EventScores(
        matched=matched,
        precision=matched / len(found) if found else nan,
        recall=matched / len(labelled) if labelled else nan,
        timing_error_ms=float(np.abs(errors_ns).mean()) / 1e6 if matched else nan,
        delay_ms=float(np.mean(errors_ns)) / 1e6 if matched else nan,
    )


def _pairs(
    found: Sequence[Event], labelled: Sequence[Event], tolerance_ns: int
) -> list[tuple[int, int]]:
    """Return places of partners: the largest matching, and of those the one of least error."""
    known = EventIndex(labelled)
    edges = [(i, j) for i, one in enumerate(found) for j in known.near(one, tolerance_ns)]
    if not edges:
        return []
    rows, columns = np.array(edges).T
    away_ms = [abs(found[i].stamp_ns - labelled[j].stamp_ns) / 1e6 for i, j in edges]
    # Each found one may stay alone, in a column of its own, which costs more than any detour.
    alone = np.arange(len(found))
    alone_ms = np.full(len(found), (tolerance_ns / 1e6 + 1.0) * (len(found) + 1))
    costs = csr_matrix(
        (
            # An entry of 0 would be no edge.
            np.concatenate([away_ms, alone_ms]) + 1.0,
            (np.concatenate([rows, alone]), np.concatenate([columns, len(labelled) + alone])),
        ),
        shape=(len(found), len(labelled) + len(found)),
    )
    chosen, partners = min_weight_full_bipartite_matching(costs)
    return [(int(i), int(j)) for i, j in zip(chosen, partners) if j < len(labelled)]
