"""Steadiness of labels over time, and events against those that were labelled."""

from __future__ import annotations

from bisect import bisect_left
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
    """Match events of one kind one to one, the nearest pairs first, within a tolerance.

    Event-based scoring as in Mesaros, Heittola & Virtanen 2016, "Metrics for polyphonic sound
    event detection", with onset-like points in time instead of intervals.
    """
    known = EventIndex(labelled)
    pairs = sorted(
        (abs(one.stamp_ns - labelled[j].stamp_ns), i, j)
        for i, one in enumerate(found)
        for j in known.near(one, tolerance_ns)
    )
    used_found: set[int] = set()
    used_labelled: set[int] = set()
    errors_ns = []
    for _, i, j in pairs:
        if i not in used_found and j not in used_labelled:
            used_found.add(i)
            used_labelled.add(j)
            errors_ns.append(found[i].stamp_ns - labelled[j].stamp_ns)
    nan = float('nan')
    matched = len(errors_ns)
    return EventScores(
        matched=matched,
        precision=matched / len(found) if found else nan,
        recall=matched / len(labelled) if labelled else nan,
        timing_error_ms=float(np.abs(errors_ns).mean()) / 1e6 if matched else nan,
        delay_ms=float(np.mean(errors_ns)) / 1e6 if matched else nan,
    )
