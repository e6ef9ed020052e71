"""Time courses learned from recognised people: how their expressions come and go.

An episode is a stretch of intensity above a threshold. Intensity itself is no measure of motion:
it is nothing until the expression is recognised, and then almost all. So what is followed is how
far the face has moved from its rest to its apex in action units: the strengths of those that
differ most between the two, weighted by how much. The onset runs from 5 to 95 % of that way, the
offset back. On minimum jerk these are the shares 0.19 and 0.81 of a course's time, so each is laid
there, and the bend of :mod:`profiles` is fitted to all of an expression's episodes by least
squares with a ridge. A bend that would turn back is weakened until it does not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DataError
from fer_ros.generation.motion import BUMPS, DEGREE, PLAIN
from fer_ros.generation.profiles import ANY, MAX_BEND, MAX_S, MIN_S, SHAPE, Profile, Profiles
from fer_ros.types import Float64

Indices = NDArray[np.intp]

ABOVE, PEAK = 0.25, 0.4
LOW, HIGH = 0.05, 0.95
# Where minimum jerk is at 5 and 95 %.
FIRST, LAST = 0.1893, 0.8107
RIDGE = 1e-4
LEAST = 1  # episodes of an expression
REACH_S = 2.0  # how far before and after an episode its rest is looked for
APEX = 0.9  # share of an episode's largest intensity
MOVED = 0.2  # units that differ by less in sum tell nothing


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face over time.

    :param times_s: (N,) rising.
    :param intensity: (N,) 0..1.
    :param labels: (N,) expression of the library at each time.
    :param units: (N, U) strengths of action units, 0..1, whichever; without any, intensity has to
        do.
    """

    times_s: Float64
    intensity: Float64
    labels: tuple[str, ...]
    units: Float64 | None = None

    def __post_init__(self) -> None:
        """Check that times rise and all are as long."""
        lengths = {len(self.times_s), len(self.intensity), len(self.labels)}
        if self.units is not None:
            lengths.add(len(self.units))
        if len(lengths) != 1 or (np.diff(self.times_s) <= 0).any():
            raise DataError(
                f'Track: expected rising times and as many values, found lengths {lengths}'
            )


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One onset or offset: shares of its time, and where it was, 0 to 1."""

    shares: Float64
    values: Float64
    duration_s: float


@dataclass(frozen=True, slots=True)
class Episode:
    """One expression from its beginning to its end."""

    label: str
    onset: Course | None
    offset: Course | None


def episodes(track: Track) -> list[Episode]:
    """Return every expression of a track that was strong enough."""
    times, intensity = track.times_s, track.intensity
    above = np.concatenate([[False], intensity > ABOVE, [False]])
    edges = np.flatnonzero(np.diff(above.astype(int))).tolist()
    found = []
    for number in range(0, len(edges), 2):
        start, end = edges[number : number + 2]
        if intensity[start:end].max() < PEAK:
            continue
        # From the end of the last one to the beginning of the next, if those are not far.
        low = edges[number - 1] if number else 0
        high = edges[number + 2] if number + 2 < len(edges) else len(times)
        low = max(low, int(np.searchsorted(times, times[start] - REACH_S)))
        high = min(high, int(np.searchsorted(times, times[end - 1] + REACH_S)))
        votes = Counter(label for label in track.labels[start:end] if label != 'neutral')
        label = votes.most_common(1)[0][0] if votes else 'neutral'
        apex = start + np.flatnonzero(intensity[start:end] >= APEX * intensity[start:end].max())
        moved = _moved(track, apex, np.r_[low:start, end:high])
        peak = int(apex[moved[apex].argmax()])
        onset = _course(times[low : peak + 1], moved[low : peak + 1])
        offset = _course(-times[peak:high][::-1], moved[peak:high][::-1])
        found.append(Episode(label, onset, _reversed(offset)))
    return found


def _moved(track: Track, apex: Indices, rest: Indices) -> Float64:
    """Return (N,) how far the face has moved from rest to apex, given frames of both."""
    if track.units is None or not len(rest):
        return track.intensity
    weights = np.maximum(track.units[apex].mean(axis=0) - track.units[rest].mean(axis=0), 0.0)
    weights[weights < weights.max() / 2] = 0.0  # what wavers beside it
    if weights.sum() < MOVED:
        return track.intensity
    found: Float64 = track.units @ weights / weights.sum()
    return found


def _course(times: Float64, values: Float64) -> Course | None:
    """Return the rise from the first to the last value, None where there is none."""
    if len(values) < 4 or values[-1] - values[0] < PEAK / 2:
        return None
    share = (values - values[0]) / (values[-1] - values[0])
    first = np.flatnonzero(share <= LOW)[-1]
    last = first + int(np.argmax(share[first:] >= HIGH))
    if last - first < 2:
        return None
    begin_s, end_s = (
        float(np.interp(level, share[i : i + 2], times[i : i + 2]))
        for level, i in ((LOW, first), (HIGH, last - 1))
    )
    if end_s <= begin_s:
        return None
    inner = slice(first, last + 1)
    shares = FIRST + (LAST - FIRST) * (times[inner] - begin_s) / (end_s - begin_s)
    return Course(np.clip(shares, 0.0, 1.0), share[inner], (end_s - begin_s) / (LAST - FIRST))


def _reversed(course: Course | None) -> Course | None:
    """Return a rise that was read backwards as the fall's way from 0 (peak) to 1 (rest)."""
    if course is None:
        return None
    return Course(1.0 - course.shares[::-1], 1.0 - course.values[::-1], course.duration_s)


def learn(tracks: Iterable[Track]) -> tuple[Profiles, dict[str, int]]:
    """Return profiles by expression and for any of them, and how many episodes each is of.

    :raises DataError: there is not one episode.
    """
    found = [episode for track in tracks for episode in episodes(track)]
    found = [episode for episode in found if episode.onset or episode.offset]
    if not found:
        raise DataError(
            f'expected a face whose intensity rises above {PEAK:g} and comes back, found none; '
            'record somebody who changes expression'
        )
    labels = sorted({episode.label for episode in found} - {'neutral'})
    groups = {label: [e for e in found if e.label == label] for label in labels}
    groups[ANY] = found
    groups = {label: group for label, group in groups.items() if len(group) >= LEAST}
    profiles = {label: _profile(group) for label, group in groups.items()}
    return Profiles(profiles), {label: len(group) for label, group in groups.items()}


def _profile(group: list[Episode]) -> Profile:
    """Return the profile of several episodes."""
    onsets = [episode.onset for episode in group if episode.onset is not None]
    offsets = [episode.offset for episode in group if episode.offset is not None]
    return Profile(
        rise_s=_seconds(onsets), decay_s=_seconds(offsets),
        rise=fit_bend(onsets), decay=fit_bend(offsets),
    )  # fmt: skip


def _seconds(courses: list[Course]) -> float:
    """Return the median duration within what a profile takes, 0 without any."""
    if not courses:
        return 0.0
    return float(np.clip(np.median([course.duration_s for course in courses]), MIN_S, MAX_S))


def fit_bend(courses: list[Course]) -> Float64:
    """Return (3,) coefficients that bend minimum jerk to the courses."""
    if not courses:
        return PLAIN
    shares = np.concatenate([course.shares for course in courses])
    values = np.concatenate([course.values for course in courses])
    # Each course counts alike, however many frames it has.
    weights = np.concatenate([np.full(len(c.shares), len(c.shares) ** -0.5) for c in courses])
    basis = shares[:, None] ** np.arange(DEGREE + 1) @ BUMPS.T
    plain = shares**3 * (10 - 15 * shares + 6 * shares**2)
    left, right = basis * weights[:, None], (values - plain) * weights
    scale = RIDGE * len(courses)
    bend = np.linalg.solve(left.T @ left + scale * np.eye(3), left.T @ right)
    bend = np.clip(bend, -MAX_BEND, MAX_BEND)
    while np.diff(Profile(rise=bend).course()).min() < -1e-6 and np.abs(bend).max() > 1e-3:
        bend = 0.9 * bend
    return bend


def course_error(courses: list[Course], bend: Float64) -> float:
    """Return the root mean square distance of courses to a bent one, as a share of the way."""
    course = Profile(rise=bend).course()
    off = [np.interp(c.shares, SHAPE, course) - c.values for c in courses]
    return float(np.sqrt(np.mean(np.concatenate(off) ** 2)))
