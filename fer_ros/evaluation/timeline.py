"""One person's run as charts over one axis of time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from fer_ros.evaluation import svg
from fer_ros.evaluation.replay.labels import Labels
from fer_ros.evaluation.results import (
    FaceRow,
    FrameRow,
    code_name,
    distributions,
    people,
    told,
)
from fer_ros.evaluation.svg import Axes, Values
from fer_ros.taxonomy import Phase
from fer_ros.types import ExpressionEvent

# Okabe & Ito 2008, neutral in grey.
COLOURS = {
    'neutral': '#9a9a9a', 'happiness': '#e69f00', 'surprise': '#f0e442', 'sadness': '#56b4e9',
    'anger': '#d55e00', 'disgust': '#009e73', 'fear': '#cc79a7', 'contempt': '#0072b2',
}  # fmt: skip
PHASE_COLOURS = {
    Phase.NEUTRAL: '#9a9a9a',
    Phase.ONSET: '#56b4e9',
    Phase.APEX: '#e69f00',
    Phase.OFFSET: '#009e73',
}
SPARE = '#777777'  # of labels that only another model has
INTENSITY, VALENCE, AROUSAL = '#009e73', '#e69f00', '#56b4e9'
UNITS = '#0072b2'

Span = tuple[float, float, str, str]  # start, end, attributes and title of a stretch

POINTS = 600  # of all curves of a person, about what a screen shows
POINTS_OF_ALL = 2400  # shared by everybody, so that a crowd's page stays light
MIN_GAP_S = 0.5  # without a face, after which its curves are cut
MIN_SHARE = 0.002  # less of a label, all the time, can not be seen
MAX_UNITS = 10  # action units that are drawn, those with the highest peaks
MIN_UNIT = 0.05  # peak below which one can not be seen


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
    points = min(max(POINTS_OF_ALL // max(len(seen), 1), 50), POINTS)
    return [
        Timeline(
            face_id,
            np.array([(stamp_ns - start_ns) / 1e9 for stamp_ns, _ in pairs]),
            tuple(face for _, face in pairs),
            frame_s,
            whole_s,
            points,
            tuple(_happenings(face_id, events, start_ns, pairs[-1][0])),
            start_ns,
        )
        for face_id, pairs in seen.items()
    ]


def _happenings(
    face_id: str, events: Sequence[ExpressionEvent], start_ns: int, seen_ns: int
) -> Iterator[Happening]:
    """Yield a person's expressions; one that is not over lasts until the person was last seen."""
    for event in told(events):
        if event.face_id == face_id:
            end_ns = max(event.stamp_ns, seen_ns) if event.end_ns is None else event.end_ns
            start_s, end_s = ((ns - start_ns) / 1e9 for ns in (event.onset_ns, end_ns))
            yield Happening(event.label, event.peak, start_s, end_s)


def charts(person: Timeline, labels: Labels | None = None) -> str:
    """Return labels, emotions, intensity, affect, phases, events and action units of a person."""
    return (
        (_labels(person, labels) if labels else '')
        + _emotions(person)
        + _intensity(person)
        + _affect(person)
        + _phases(person)
        + _events(person)
        + _units(person)
    )


def legend(colours: Mapping[str, str]) -> str:
    """Return names beside their colours."""
    keys = ''.join(
        f'<span><i class="key" style="background:{colour}"></i>{escape(name)}</span>'
        for name, colour in colours.items()
    )
    return f'<div class="legend">{keys}</div>'


def colour_of(label: str) -> str:
    """Return a label's colour."""
    return COLOURS.get(label, SPARE)


def _emotions(person: Timeline) -> str:
    """Return the distribution as stacked bands, hatched where nothing is vouched for."""
    labels, probabilities = distributions(person.faces)
    shown = np.flatnonzero(probabilities.max(axis=0, initial=0.0) >= MIN_SHARE).tolist()
    axes = Axes(person.whole_s)
    marks = ''
    for times, rows in person.curves(probabilities):
        edges = np.cumsum(rows, axis=1)
        for k in shown:
            low, high = edges[:, k] - rows[:, k], edges[:, k]
            marks += axes.area(times, low, high, colour_of(labels[k]), labels[k])
    for start, end, face in person.stretches(lambda face: face.abstained):
        if face.abstained:
            marks += axes.hatch(start, end, face.abstained.replace('_', ' '))
    title = f'Emotions of {person.face_id}'
    chart = axes.chart(
        title, marks, across=_across(person), up=[(0.0, '0'), (0.5, '.5'), (1.0, '1')]
    )
    return _figure('Emotions', legend({label: colour_of(label) for label in labels}), chart)


def _labels(person: Timeline, labels: Labels) -> str:
    """Return a strip of what is labelled."""
    axes = Axes(person.whole_s, height=18)
    spans = [
        (
            (one.start_ns - person.start_ns) / 1e9,
            (one.end_ns - person.start_ns) / 1e9,
            f'fill="{colour_of(one.label)}"',
            one.label,
        )
        for one in labels.intervals
    ]
    inside = [span for span in spans if span[0] < person.whole_s[1] and span[1] > 0.0]
    marks = ''.join(axes.rect(*span) for span in _longest(inside, person.points))
    names = dict.fromkeys(one.label for one in labels.intervals)
    chart = axes.chart(f'Labels of {person.face_id}', marks, across=_across(person))
    return _figure('Labels', legend({name: colour_of(name) for name in names}), chart)


def _intensity(person: Timeline) -> str:
    """Return the strength of the expression, 0..1."""
    values = np.array([[face.intensity] for face in person.faces])
    axes = Axes(person.whole_s, height=60)
    marks = ''.join(
        axes.area(times, np.zeros(len(times)), rows[:, 0], f'{INTENSITY}55')
        + axes.line(times, rows[:, 0], INTENSITY)
        for times, rows in person.curves(values)
    )
    title = f'Intensity of {person.face_id}'
    chart = axes.chart(title, marks, across=_across(person), up=[(0.0, '0'), (1.0, '1')])
    return _figure('Intensity', '', chart)


def _affect(person: Timeline) -> str:
    """Return valence and arousal, -1..1."""
    values = np.array([[face.valence, face.arousal] for face in person.faces])
    axes = Axes(person.whole_s, low=-1.0, high=1.0, height=90)
    marks = ''.join(
        axes.line(times, rows[:, 1], AROUSAL, 'arousal')
        + axes.line(times, rows[:, 0], VALENCE, 'valence')
        for times, rows in person.curves(values)
    )
    title = f'Valence and arousal of {person.face_id}'
    up = [(-1.0, '-1'), (0.0, '0'), (1.0, '1')]
    chart = axes.chart(title, marks, across=_across(person), up=up)
    return _figure('Affect', legend({'valence': VALENCE, 'arousal': AROUSAL}), chart)


def _phases(person: Timeline) -> str:
    """Return a strip of phases."""
    axes = Axes(person.whole_s, height=18)
    marks = ''.join(
        axes.rect(start, end, f'fill="{PHASE_COLOURS[face.phase]}"', face.phase.name.lower())
        for start, end, face in person.stretches(lambda face: face.phase)
    )
    names = {phase.name.lower(): colour for phase, colour in PHASE_COLOURS.items()}
    chart = axes.chart(f'Phases of {person.face_id}', marks, across=_across(person))
    return _figure('Phases', legend(names), chart)


def _events(person: Timeline) -> str:
    """Return a strip of what was expressed from when to when; nothing where nothing was."""
    if not person.events:
        return ''
    axes = Axes(person.whole_s, height=18)
    spans = [
        (
            event.start_s,
            max(event.end_s, event.start_s + person.frame_s),
            f'fill="{colour_of(event.label)}"',
            f'{event.label} {event.start_s:.2f} to {event.end_s:.2f} s, peak {event.peak:.2f}',
        )
        for event in person.events
    ]
    marks = ''.join(axes.rect(*span) for span in _longest(spans, person.points))
    colours = {event.label: colour_of(event.label) for event in person.events}
    chart = axes.chart(f'Events of {person.face_id}', marks, across=_across(person))
    return _figure('Events', legend(colours), chart)


def _longest(spans: Sequence[Span], count: int) -> list[Span]:
    """Return at most so many stretches, the longest, in order of time.

    A strip has no room to show more; of a long run they would only make the page heavy.
    """
    longest = sorted(spans, key=lambda span: span[0] - span[1])[:count]
    return sorted(longest, key=lambda span: span[0])


def _units(person: Timeline) -> str:
    """Return the action units that move most, a curve each over the same time."""
    codes = sorted({code for face in person.faces for code in face.action_units})
    values = np.array(
        [[_shown(face, code) for code in codes] for face in person.faces], np.float64
    ).reshape(len(person.faces), len(codes))
    peaks = values.max(axis=0, initial=0.0)
    strongest = np.argsort(-peaks, kind='stable')[:MAX_UNITS]
    shown = sorted(k for k in strongest.tolist() if peaks[k] >= MIN_UNIT)
    if not shown:
        return ''
    names = [f'AU{code_name(codes[k])}' for k in shown]
    count = len(shown)
    axes = Axes(person.whole_s, high=float(count), height=22 * count)
    marks = ''
    for times, rows in person.curves(values[:, shown]):
        for k in range(count):
            low = np.full(len(times), float(count - 1 - k))
            marks += axes.area(times, low, low + 0.9 * rows[:, k], UNITS, names[k])
    up = [(float(count - 1 - k), name) for k, name in enumerate(names)]
    chart = axes.chart(f'Action units of {person.face_id}', marks, across=_across(person), up=up)
    return _figure('Action units', '', chart)


def _shown(face: FaceRow, code: int) -> float:
    """Return a unit's intensity, 0 where it is not estimated."""
    intensity, confidence = face.action_units.get(code, (0.0, 0.0))
    return intensity if confidence > 0.0 else 0.0


def _across(person: Timeline) -> list[svg.Tick]:
    return svg.seconds(*person.whole_s)


def _figure(name: str, keys: str, chart: str) -> str:
    return f'<div class="figure"><h3>{name}</h3>{keys}</div>{chart}'
