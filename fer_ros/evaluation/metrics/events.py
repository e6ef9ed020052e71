"""Steadiness of labels over time, and events against those that were labelled."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

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
    pairs: list[tuple[int, int]] = []
    for kind in {event.kind for event in found}:
        ours, theirs = (
            sorted(
                (event.stamp_ns, place) for place, event in enumerate(events) if event.kind == kind
            )
            for events in (found, labelled)
        )
        partners = _matched([ns for ns, _ in ours], [ns for ns, _ in theirs], tolerance_ns)
        pairs += [(ours[i][1], theirs[j][1]) for i, j in partners]
    return pairs


@dataclass(frozen=True, slots=True)
class _Best:
    """The best matching of the first events of both sides, its last pair first."""

    rank: tuple[int, int] = (0, 0)  # pairs, and less their error
    pair: tuple[int, int] | None = None
    before: _Best | None = None

    def with_pair(self, pair: tuple[int, int], error_ns: int) -> _Best:
        count, less = self.rank
        return _Best((count + 1, less - error_ns), pair, self)


def _matched(
    found: Sequence[int], labelled: Sequence[int], tolerance_ns: int
) -> list[tuple[int, int]]:
    """Match times on a line, both in order.

    Partners never cross: to exchange two that do makes no pair worse. So the best matching of the
    first i and the first j follows from that of fewer, and only j within the tolerance change.
    """
    best = [_Best()] * (len(labelled) + 1)
    first = known = 0
    for i, stamp_ns in enumerate(found):
        first = bisect_left(labelled, stamp_ns - tolerance_ns, first)
        behind = bisect_right(labelled, stamp_ns + tolerance_ns, first)
        if behind > known:
            best[known + 1 : behind + 1] = [best[known]] * (behind - known)
            known = behind
        shorter = best[first]
        for j in range(first, behind):
            paired = shorter.with_pair((i, j), abs(stamp_ns - labelled[j]))
            shorter = best[j + 1]
            best[j + 1] = max(best[j + 1], best[j], paired, key=lambda one: one.rank)
    pairs = []
    last: _Best | None = best[known]
    while last is not None and last.pair is not None:
        pairs.append(last.pair)
        last = last.before
    return pairs
