"""One person's run over one axis of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from fer_ros.evaluation import svg
from fer_ros.evaluation.results import FaceRow, FrameRow, people, told
from fer_ros.evaluation.svg import Values
from fer_ros.types import ExpressionEvent

POINTS = 600  # of all curves of a person, about what a screen shows
POINTS_OF_ALL = 2400  # shared by everybody, so that a crowd's page stays light
MIN_GAP_S = 0.5  # without a face, after which its curves are cut


@dataclass(frozen=True, slots=True)
class Happening:
    """One expression that came and went; seconds from the start of the run."""

    label: str
    peak: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """One person over time.

    :param times_s: when each of the faces was seen, from the start of the run.
    :param faces: as many.
    :param frame_s: how long one frame lasts.
    :param whole_s: start and end of the run.
    :param points: how many the curves may have.
    :param events: what the person expressed, in order of time.
    :param start_ns: stamp of the run's start.
    """

    face_id: str
    times_s: Values
    faces: tuple[FaceRow, ...]
    frame_s: float
    whole_s: tuple[float, float]
    points: int = POINTS
    events: tuple[Happening, ...] = ()
    start_ns: int = 0

    def stretches(self, key: Callable[[FaceRow], Any]) -> Iterator[tuple[float, float, FaceRow]]:
        """Yield start, end and first face of each stretch in which the key stays the same.

        Of a long run only every n-th face is looked at, as many as there are points: a key that
        flickers would make the page heavy.
        """
        step = math.ceil(len(self.faces) / self.points)
        for low, high in self._pieces():
            begin = low
            for index in [*range(low + step, high, step), high]:
                if index == high or key(self.faces[index]) != key(self.faces[begin]):
                    end = self.times_s[index] if index < high else self._end_of(high)
                    yield float(self.times_s[begin]), float(end), self.faces[begin]
                    begin = index

    def curves(self, values: Values) -> Iterator[tuple[Values, Values]]:
        """Yield seconds and values of each stretch in which the person was there.

        :param values: (N, K), one row per face.
        """
        for low, high in self._pieces():
            share = self.points * (high - low) / len(self.faces)
            times, rows = svg.thin(max(round(share), 2), self.times_s[low:high], values[low:high])
            # The last frame lasts until the next would have come, so that one alone is seen.
            yield np.append(times, self._end_of(high)), np.concatenate([rows, rows[-1:]])

    def _pieces(self) -> Iterator[tuple[int, int]]:
        """Yield first index and end of each stretch without a gap."""
        gap_s = max(MIN_GAP_S, 3.0 * self.frame_s)
        cuts = np.flatnonzero(np.diff(self.times_s) > gap_s) + 1
        edges = [0, *cuts.tolist(), len(self.faces)]
        yield from pairwise(edges)

    def _end_of(self, high: int) -> float:
        return float(self.times_s[high - 1]) + self.frame_s


def timelines(rows: Sequence[FrameRow], events: Sequence[ExpressionEvent] = ()) -> list[Timeline]:
    """Return everybody's timeline, the first seen first."""
    if not rows:
        return []
    start_ns = rows[0].stamp_ns
    stamps_ns = [row.stamp_ns for row in rows]
    steps = np.diff(stamps_ns) / 1e9
    frame_s = max(float(np.median(steps)), 0.001) if len(steps) else 0.1
    whole_s = 0.0, (max(stamps_ns) - start_ns) / 1e9 + frame_s  # time may have gone back
    seen = people(rows)
    happened: dict[str, list[ExpressionEvent]] = {}
    for event in told(events):
        happened.setdefault(event.face_id, []).append(event)
    points = min(max(POINTS_OF_ALL // max(len(seen), 1), 50), POINTS)
    return [
        Timeline(
            face_id,
            np.array([(stamp_ns - start_ns) / 1e9 for stamp_ns, _ in pairs]),
            tuple(face for _, face in pairs),
            frame_s,
            whole_s,
            points,
            tuple(_happenings(happened.get(face_id, ()), start_ns, pairs[-1][0])),
            start_ns,
        )
        for face_id, pairs in seen.items()
    ]


def _happenings(
    events: Sequence[ExpressionEvent], start_ns: int, seen_ns: int
) -> Iterator[Happening]:
    """Yield a person's expressions; one that is not over lasts until the person was last seen."""
    for event in events:
        end_ns = max(event.stamp_ns, seen_ns) if event.end_ns is None else event.end_ns
        start_s, end_s = ((ns - start_ns) / 1e9 for ns in (event.onset_ns, end_ns))
        yield Happening(event.label, event.peak, start_s, end_s)
