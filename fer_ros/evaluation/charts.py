"""A person's timeline as charts, one below the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from fer_ros.evaluation import svg
from fer_ros.evaluation.replay.labels import Labels
from fer_ros.evaluation.results import FaceRow, code_name, distributions
from fer_ros.evaluation.svg import Axes
from fer_ros.evaluation.timeline import Timeline
from fer_ros.taxonomy import Phase

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

MIN_SHARE = 0.002  # less of a label, all the time, can not be seen
MAX_UNITS = 10  # action units that are drawn, those with the highest peaks
MIN_UNIT = 0.05  # peak below which one can not be seen


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
