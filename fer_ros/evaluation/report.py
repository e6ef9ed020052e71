"""``report.html``: a run as one page that opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.evaluation import svg
from fer_ros.evaluation.results import FaceRow, FrameRow
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
SPARE = '#444444'
STYLE = """
:root{color-scheme:light dark;--ink:#1c1c1c;--page:#fff;--soft:#666;--rule:#ddd;--card:#f6f6f6}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--page:#161616;--soft:#aaa;--rule:#3a3a3a;
--card:#202020}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}h3{font-size:.95rem;color:var(--soft);
margin:1.2rem 0 .2rem}
svg{width:100%;height:auto}.tick{font-size:11px;fill:var(--soft)}.grid{stroke:var(--rule)}
.shade{fill:var(--ink);opacity:.18}.bar{fill:#0072b2}
table{border-collapse:collapse}td,th{padding:.15rem .8rem .15rem 0;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}
.key{display:inline-block;width:.8em;height:.8em;border-radius:.2em;margin-right:.35em}
.legend span{margin-right:1rem;white-space:nowrap}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;background:var(--card);
padding:.8rem 1rem;border-radius:.5rem}dt{color:var(--soft)}dd{margin:0}
"""


def write_report(path: Path, rows: Sequence[FrameRow], summary: dict[str, Any]) -> None:
    """Write the page of a run; one without frames or faces says so."""
    people = _people(rows)
    body = [_head(summary), *(_person(face_id, *seen) for face_id, seen in people.items())]
    if not people:
        body.append('<p>No face was seen.</p>')
    body.append(_latency(rows))
    body.append(_drops(summary['drops']))
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>fer_ros report</title><style>{STYLE}</style></head>'
        f'<body>{"".join(body)}</body></html>\n'
    )
    partial = path.with_name(f'.{path.name}')
    partial.write_text(page, encoding='utf-8')
    partial.replace(path)


def _people(
    rows: Sequence[FrameRow],
) -> dict[str, tuple[list[float], list[FaceRow], tuple[float, float]]]:
    """Return each person's seconds and rows, and the seconds of the whole run."""
    if not rows:
        return {}
    start_ns = rows[0].stamp_ns
    whole = (0.0, max((rows[-1].stamp_ns - start_ns) / 1e9, 0.001))
    people: dict[str, tuple[list[float], list[FaceRow], tuple[float, float]]] = {}
    for row in rows:
        for face in row.faces:
            seconds, faces, _ = people.setdefault(face.face_id, ([], [], whole))
            seconds.append((row.stamp_ns - start_ns) / 1e9)
            faces.append(face)
    return people


def _head(summary: dict[str, Any]) -> str:
    """Return what was run and how it went."""
    latency = summary['latency_ms']
    facts = {
        'Source': summary.get('source', ''),
        'Frames': f'{summary["frames_processed"]} of {summary["frames"]} processed, '
        f'{summary["fps"]} a second',
        'Faces': summary['faces'],
        'Latency': f'p50 {latency["p50"]} ms, p90 {latency["p90"]} ms, p99 {latency["p99"]} ms',
        'Backend': summary['backend'],
        'Models': ', '.join(summary['models']),
    }
    items = ''.join(
        f'<dt>{name}</dt><dd>{escape(str(value))}</dd>' for name, value in facts.items()
    )
    return f'<h1>Facial expressions</h1><dl>{items}</dl>'


def _person(
    face_id: str, seconds: list[float], faces: list[FaceRow], span: tuple[float, float]
) -> str:
    """Return one person's charts and means."""
    labels = faces[0].labels
    x, probabilities, course = svg.thin(
        np.array(seconds),
        np.array([face.probabilities for face in faces]),
        np.array([(face.intensity, face.valence, face.arousal) for face in faces]),
    )
    shades = _abstained(seconds, faces, span)
    edges = np.cumsum(probabilities, axis=1)
    bands = ''.join(
        svg.area(x, edges[:, k] - probabilities[:, k], edges[:, k], span, _colour(label))
        for k, label in enumerate(labels)
    )
    blue, orange, green = '#0072b2', '#e69f00', '#009e73'
    lines = (
        svg.line(x, course[:, 0], span, blue)
        + svg.line(x, (course[:, 1] + 1) / 2, span, orange)
        + svg.line(x, (course[:, 2] + 1) / 2, span, green)
    )
    mean = np.mean([face.probabilities for face in faces], axis=0)
    dominant = labels[int(mean.argmax())]
    named = {'intensity (0 to 1)': blue, 'valence (-1 to 1)': orange, 'arousal (-1 to 1)': green}
    return (
        f'<h2>{escape(face_id)}: {escape(dominant)}</h2>'
        f'<p>{len(faces)} frames, {seconds[0]:.1f} s to {seconds[-1]:.1f} s. Dark: no label is '
        'vouched for.</p>'
        f'<h3>Emotions over time</h3>{_legend({label: _colour(label) for label in labels})}'
        + svg.chart(f'Emotions of {face_id}', bands + shades, span, ('0', '.5', '1'))
        + f'<h3>Intensity, valence and arousal</h3>{_legend(named)}'
        + svg.chart(f'Intensity of {face_id}', shades + lines, span, ('0', '.5', '1'))
        + '<h3>Phases</h3>'
        + _legend({phase.name.lower(): colour for phase, colour in PHASE_COLOURS.items()})
        + svg.chart(f'Phases of {face_id}', _phases(seconds, faces, span), span, ())
        + '<h3>Mean probabilities</h3>'
        + _table([(label, f'{value:.1%}') for label, value in zip(labels, mean)])
    )


def _abstained(seconds: list[float], faces: list[FaceRow], span: tuple[float, float]) -> str:
    """Return shades over the stretches without a label."""
    return ''.join(
        svg.shade(start, end, span)
        for start, end, face in _stretches(seconds, faces, lambda face: bool(face.abstained))
        if face.abstained
    )


def _phases(seconds: list[float], faces: list[FaceRow], span: tuple[float, float]) -> str:
    """Return a strip of phases."""
    return ''.join(
        svg.area(np.array([start, end]), np.zeros(2), np.ones(2), span, PHASE_COLOURS[face.phase])
        for start, end, face in _stretches(seconds, faces, lambda face: face.phase)
    )


def _stretches(
    seconds: list[float], faces: list[FaceRow], key: Any
) -> list[tuple[float, float, FaceRow]]:
    """Return start, end and first face of each stretch in which the key stays the same."""
    found: list[tuple[float, float, FaceRow]] = []
    begin = 0
    for index in range(1, len(faces) + 1):
        if index == len(faces) or key(faces[index]) != key(faces[begin]):
            end = seconds[index] if index < len(faces) else seconds[-1]
            found.append((seconds[begin], end, faces[begin]))
            begin = index
    return found


def _latency(rows: Sequence[FrameRow]) -> str:
    """Return the histogram of latencies."""
    if not rows:
        return '<p>No frame was processed.</p>'
    values = np.array([row.latency_ms for row in rows])
    # A few late frames at the start must not flatten all others.
    high = max(float(np.percentile(values, 99)) * 1.2, 1.0)
    counts, edges = np.histogram(values.clip(0.0, high), bins=40, range=(0.0, high))
    chart = svg.bars('Latency in milliseconds', counts.tolist(), edges.tolist(), 'ms')
    return f'<h2>Latency, image stamp to message</h2>{chart}'


def _drops(drops: dict[str, int]) -> str:
    """Return what was dropped and why."""
    return '<h2>Frames dropped</h2>' + _table([(name, str(n)) for name, n in drops.items()])


def _table(rows: Sequence[tuple[str, str]]) -> str:
    cells = ''.join(
        f'<tr><th scope="row">{escape(name)}</th><td class="n">{escape(value)}</td></tr>'
        for name, value in rows
    )
    return f'<table>{cells}</table>'


def _legend(colours: dict[str, str]) -> str:
    keys = ''.join(
        f'<span><i class="key" style="background:{colour}"></i>{escape(name)}</span>'
        for name, colour in colours.items()
    )
    return f'<div class="legend">{keys}</div>'


def _colour(label: str) -> str:
    return COLOURS.get(label, SPARE)
