"""``report.html``: a run as one page that opens without a network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.evaluation import svg
from fer_ros.evaluation.charts import charts, colour_of
from fer_ros.evaluation.html import meter, named, notes, table, write_page
from fer_ros.evaluation.replay.chapter import Judged, chapter
from fer_ros.evaluation.replay.labels import Labels
from fer_ros.evaluation.results import FrameRow
from fer_ros.evaluation.timeline import Timeline, timelines
from fer_ros.taxonomy import DropReason
from fer_ros.types import ExpressionEvent

MAX_PEOPLE = 24  # with charts, those seen longest
MAX_LISTED = 500  # in the table; summary.json has everybody
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


def write_report(
    path: Path,
    rows: Sequence[FrameRow],
    summary: Mapping[str, Any],
    events: Sequence[ExpressionEvent] = (),
    judged: Judged | None = None,
) -> None:
    """Write the page of a run; one without frames or faces says so.

    :param rows: of its frames, or of some of them, evenly.
    :param summary: as :func:`fer_ros.evaluation.summary.summarise` returns it; ``source``, where
        it has one, names what was played, and ``notes`` what people should know.
    :param events: all that were told.
    :param judged: how it was scored against labels.
    """
    found = sorted(timelines(rows, events), key=lambda person: -len(person.faces))[:MAX_PEOPLE]
    found.sort(key=lambda person: person.times_s[0])
    people = summary['people']
    labels = judged.labels if judged else None
    body = [
        _head(summary),
        notes(summary.get('notes', ())),
        chapter(judged, rows[0].stamp_ns) if judged and rows else '',
        _everybody(people, {person.face_id for person in found}),
        *(_person(person, people[person.face_id], labels) for person in found),
        _latency(rows, summary),
        _drops(summary),
    ]
    write_page(path, 'fer_ros report', ''.join(body))


def _head(summary: Mapping[str, Any]) -> str:
    """Return what was run and how it went."""
    facts = {
        'Source': summary.get('source', ''),
        'Frames': f'{summary["frames_processed"]} of {summary["frames"]} processed, '
        f'{summary["fps"]:.1f} a second',
        'Faces': summary['faces'],
        **_pace(summary),
        'Inference': _times(summary['inference_ms']),
        'Backend': summary['backend'],
        'Models': ', '.join(summary['models']),
    }
    items = ''.join(
        f'<dt>{name}</dt><dd>{escape(str(value)) or "not known"}</dd>'
        for name, value in facts.items()
    )
    return f'<h1>Facial expressions</h1><dl>{items}</dl>'


def _pace(summary: Mapping[str, Any]) -> dict[str, str]:
    """Return how fast a replay went, or how late a live run's messages came."""
    speed = summary.get('speed')
    if speed is None:
        return {'Latency': _times(summary['latency_ms'])}
    times = speed['times_real_time']
    more = '' if times is None else f', {times:.1f} times as fast as it happened'
    return {'Speed': f'{speed["frames_per_second"] or 0:.1f} frames a second{more}'}


def _times(percentiles: Mapping[str, float | None]) -> str:
    """Return percentiles in words."""
    known = [f'{name} {value:.1f} ms' for name, value in percentiles.items() if value is not None]
    return ', '.join(known)


def _everybody(people: Mapping[str, Mapping[str, Any]], shown: set[str]) -> str:
    """Return a line per person, which leads to their charts."""
    if not people:
        return '<h2>People</h2><p>No face was seen.</p>'
    heads = ('person', 'mostly', 'frames', 'from', 'to', 'mean intensity', 'no label')
    longest = sorted(people, key=lambda face_id: -people[face_id]['frames'])[:MAX_LISTED]
    listed = {*longest, *shown}
    lines = [
        (
            f'<a href="#{escape(face_id)}">{escape(face_id)}</a>'
            if face_id in shown
            else escape(face_id),
            named(one['dominant']),
            f'{one["frames"]}',
            f'{one["first_s"]:.1f} s',
            f'{one["last_s"]:.1f} s',
            f'{one["mean_intensity"]:.2f}',
            f'{one["abstained_share"]:.0%}',
        )
        for face_id, one in people.items()
        if face_id in listed
    ]
    more = (
        f'<p class="soft">Charts follow for the {len(shown)} who were seen longest.</p>'
        if len(shown) < len(people)
        else ''
    )
    left_out = len(people) - len(lines)
    if left_out:
        more += f'<p class="soft">{left_out} more were seen more briefly: summary.json.</p>'
    return f'<h2>People</h2>{table(heads, lines)}{more}'


def _person(person: Timeline, figures: Mapping[str, Any], labels: Labels | None) -> str:
    """Return one person's charts and means."""
    name = escape(person.face_id)
    means = [
        (named(label), meter(value, colour_of(label)), f'{value:.1%}')
        for label, value in figures['probabilities'].items()
    ]
    return (
        f'<h2 id="{name}">{name}: {escape(figures["dominant"])}</h2>{_trust(person)}'
        f'{charts(person, labels)}<div class="figure"><h3>Mean probabilities</h3></div>'
        f'{table(("emotion", "", "mean"), means)}'
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


def _latency(rows: Sequence[FrameRow], summary: Mapping[str, Any]) -> str:
    """Return the histogram of latencies; of a replay, which tells its speed, nothing waits."""
    is_replay = 'speed' in summary
    head = '<h2>Time for a frame</h2>' if is_replay else '<h2>Latency, image stamp to message</h2>'
    percentiles: Mapping[str, float | None] = summary['latency_ms']
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
        axes.rule(value, name, row)
        for row, (name, value) in enumerate(percentiles.items())
        if value is not None
    )
    up = [(0.0, '0'), (float(top), str(top))]
    across = svg.ticks(0.0, high, 'ms')
    return head + axes.chart('Latency in milliseconds', marks, across=across, up=up)


def _drops(summary: Mapping[str, Any]) -> str:
    """Return what was dropped and why, the most frequent reason first."""
    drops: Mapping[str, int] = summary['drops']
    if not drops:
        nothing = 'None.' if 'speed' in summary else 'The node said nothing of it.'
        return f'<h2>Frames dropped</h2><p>{nothing}</p>'
    ordered = sorted(drops.items(), key=lambda item: -item[1])
    lines = [
        (escape(name.replace('_', ' ')), str(count), escape(REASONS.get(name, '')))
        for name, count in ordered
    ]
    total = sum(drops.values())
    return f'<h2>Frames dropped: {total}</h2>{table(("reason", "frames", ""), lines)}'
