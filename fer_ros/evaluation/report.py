"""``report.html``: a run as one page that opens without a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.evaluation import svg
from fer_ros.evaluation.results import FrameRow
from fer_ros.evaluation.timeline import Timeline, charts, colour_of, timelines
from fer_ros.taxonomy import DropReason
from fer_ros.types import ExpressionEvent

MAX_PEOPLE = 24  # with charts, those seen longest; the table has everybody
BINS = 40
REASONS = {
    DropReason.REPLACED: 'a newer frame came before it was looked at',
    DropReason.STALE: 'older than the age limit when its turn came',
    DropReason.TIME_BACK: 'its stamp was not after the last one',
    DropReason.BAD_ENCODING: 'the encoding is not known',
    DropReason.BAD_DATA: 'empty, too short or not decodable',
    DropReason.TOO_LARGE: 'more pixels than the limit',
    DropReason.ERROR: 'processing failed',
    'unheard': 'never reached the node: lost on the way, or sent before it listened',
}
STYLE = """
:root{color-scheme:light dark;--ink:#1c1c1c;--page:#fff;--soft:#5f5f5f;--rule:#ddd;--card:#f5f5f5}
@media(prefers-color-scheme:dark){:root{--ink:#eee;--page:#161616;--soft:#aaa;--rule:#3a3a3a;
--card:#202020}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin:2.4rem 0 .3rem;border-top:1px solid var(--rule);
padding-top:1.2rem}h3{font-size:.9rem;margin:0;color:var(--soft);min-width:5.5rem}
p{margin:.3rem 0}a{color:inherit}.soft,td.none{color:var(--soft)}
svg{display:block;width:100%;height:auto}svg.defs{position:absolute;width:0;height:0}
.tick{font-size:11px;fill:var(--soft)}.grid{stroke:var(--rule)}
.shade{fill:var(--ink);opacity:.2}.stripe{stroke:var(--page);stroke-width:3}
.bar{fill:#56b4e9}.rule{stroke:var(--ink);stroke-dasharray:3 3}
.figure{display:flex;flex-wrap:wrap;align-items:baseline;margin-top:1rem}
.legend{font-size:.85rem}.legend span{margin-right:1rem;white-space:nowrap}
.key{display:inline-block;width:.8em;height:.8em;border-radius:.2em;margin-right:.35em}
.wide{overflow-x:auto}table{border-collapse:collapse;margin:.5rem 0}
td,th{padding:.15rem 1rem .15rem 0;text-align:left;font-weight:normal;white-space:nowrap}
thead th{color:var(--soft);border-bottom:1px solid var(--rule)}
.n{text-align:right;font-variant-numeric:tabular-nums}
.meter{display:block;width:12rem;background:var(--card)}.meter i{display:block;height:.7em}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;background:var(--card);
padding:.8rem 1rem;border-radius:.5rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
"""


def write_report(
    path: Path,
    rows: Sequence[FrameRow],
    summary: Mapping[str, Any],
    events: Sequence[ExpressionEvent] = (),
) -> None:
    """Write the page of a run; one without frames or faces says so.

    :param summary: as :func:`fer_ros.evaluation.summary.summarise` returns it; ``source``, where
        it has one, names what was played.
    """
    found = sorted(timelines(rows, events), key=lambda person: -len(person.faces))[:MAX_PEOPLE]
    found.sort(key=lambda person: person.times_s[0])
    people = summary['people']
    body = [
        svg.DEFINITIONS,
        _head(summary),
        _everybody(people, {person.face_id for person in found}),
        *(_person(person, people[person.face_id]) for person in found),
        _latency(rows, summary['latency_ms']),
        _drops(summary['drops']),
    ]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>fer_ros report</title><style>{STYLE}</style></head>'
        f'<body>{"".join(body)}</body></html>\n'
    )
    partial = path.with_name(f'.{path.name}')
    partial.write_text(page, encoding='utf-8')
    partial.replace(path)


def _head(summary: Mapping[str, Any]) -> str:
    """Return what was run and how it went."""
    facts = {
        'Source': summary.get('source', ''),
        'Frames': f'{summary["frames_processed"]} of {summary["frames"]} processed, '
        f'{summary["fps"]:.1f} a second',
        'Faces': summary['faces'],
        'Latency': _times(summary['latency_ms']),
        'Inference': _times(summary['inference_ms']),
        'Backend': summary['backend'],
        'Models': ', '.join(summary['models']),
    }
    items = ''.join(
        f'<dt>{name}</dt><dd>{escape(str(value)) or "not known"}</dd>'
        for name, value in facts.items()
    )
    return f'<h1>Facial expressions</h1><dl>{items}</dl>'


def _times(percentiles: Mapping[str, float | None]) -> str:
    """Return percentiles in words."""
    known = [f'{name} {value:.1f} ms' for name, value in percentiles.items() if value is not None]
    return ', '.join(known)


def _everybody(people: Mapping[str, Mapping[str, Any]], shown: set[str]) -> str:
    """Return a line per person, which leads to their charts."""
    if not people:
        return '<h2>People</h2><p>No face was seen.</p>'
    heads = ('person', 'mostly', 'frames', 'from', 'to', 'mean intensity', 'no label')
    lines = [
        (
            f'<a href="#{escape(face_id)}">{escape(face_id)}</a>'
            if face_id in shown
            else escape(face_id),
            _named(one['dominant']),
            f'{one["frames"]}',
            f'{one["first_s"]:.1f} s',
            f'{one["last_s"]:.1f} s',
            f'{one["mean_intensity"]:.2f}',
            f'{one["abstained_share"]:.0%}',
        )
        for face_id, one in people.items()
    ]
    more = (
        f'<p class="soft">Charts follow for the {len(shown)} who were seen longest.</p>'
        if len(shown) < len(people)
        else ''
    )
    return f'<h2>People</h2>{_table(heads, lines)}{more}'


def _person(person: Timeline, figures: Mapping[str, Any]) -> str:
    """Return one person's charts and means."""
    name = escape(person.face_id)
    means = [
        (_named(label), _meter(value, colour_of(label)), f'{value:.1%}')
        for label, value in figures['probabilities'].items()
    ]
    return (
        f'<h2 id="{name}">{name}: {escape(figures["dominant"])}</h2>{_trust(person)}'
        f'{charts(person)}<div class="figure"><h3>Mean probabilities</h3></div>'
        f'{_table(("emotion", "", "mean"), means)}'
    )


def _trust(person: Timeline) -> str:
    """Say in how many frames no label is vouched for, and why."""
    reasons = Counter(face.abstained for face in person.faces if face.abstained)
    if not reasons:
        return '<p class="soft">A label is vouched for in every frame.</p>'
    words = ', '.join(
        f'{escape(reason.replace("_", " "))} {count}' for reason, count in reasons.most_common()
    )
    share = sum(reasons.values()) / len(person.faces)
    return f'<p class="soft">Hatched: no label is vouched for ({share:.0%}; {words}).</p>'


def _latency(rows: Sequence[FrameRow], percentiles: Mapping[str, float | None]) -> str:
    """Return the histogram of latencies."""
    head = '<h2>Latency, image stamp to message</h2>'
    values = np.array([row.latency_ms for row in rows])
    values = values[np.isfinite(values)]
    if not len(values):
        return f'{head}<p>No frame was processed.</p>'
    # A few late frames must not flatten all others: the last bar holds them.
    high = max(float(np.percentile(values, 99)) * 1.2, 1.0)
    counts, edges = np.histogram(values.clip(0.0, high), bins=BINS, range=(0.0, high))
    top = int(counts.max())
    axes = svg.Axes((0.0, high), high=float(top), height=120)
    marks = ''
    for count, left, right in zip(counts.tolist(), edges, edges[1:]):
        late = right == edges[-1]
        name = f'{left:.1f} ms or more' if late else f'{left:.1f} to {right:.1f} ms'
        x, width, y = axes.x(left) + 0.5, axes.x(right) - axes.x(left) - 1, axes.y(count)
        marks += (
            f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
            f'height="{axes.y(0) - y:.1f}"><title>{name}: {count}</title></rect>'
        )
    marks += ''.join(
        axes.rule(value, name) for name, value in percentiles.items() if value is not None
    )
    up = [(0.0, '0'), (float(top), str(top))]
    across = svg.ticks(0.0, high, 'ms')
    return head + axes.chart('Latency in milliseconds', marks, across=across, up=up)


def _drops(drops: Mapping[str, int]) -> str:
    """Return what was dropped and why, the most frequent reason first."""
    ordered = sorted(drops.items(), key=lambda item: -item[1])
    lines = [
        (escape(name.replace('_', ' ')), str(count), escape(REASONS.get(name, '')))
        for name, count in ordered
    ]
    total = sum(drops.values())
    return (
        f'<h2>Frames dropped: {total}</h2>{_table(("reason", "frames", ""), lines)}'
        if lines
        else '<h2>Frames dropped</h2><p>The node said nothing of it.</p>'
    )


def _named(label: str) -> str:
    """Return a label beside its colour."""
    return f'<i class="key" style="background:{colour_of(label)}"></i>{escape(label)}'


def _meter(share: float, colour: str) -> str:
    width = min(max(share, 0.0), 1.0)
    return f'<span class="meter"><i style="width:{width:.1%};background:{colour}"></i></span>'


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of cells that are HTML already; numbers stand to the right."""
    top = ''.join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    lines = ''.join(
        '<tr>' + ''.join(f'<td{_align(cell)}>{cell}</td>' for cell in row) + '</tr>'
        for row in rows
    )
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>'
        '</div>'
    )


def _align(cell: str) -> str:
    return ' class="n"' if cell[:1].isdigit() else ''
