"""The report's chapter on labels: scores, confusion, recall, reliability, worst answers."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from fer_ros.evaluation import svg
from fer_ros.evaluation.charts import colour_of
from fer_ros.evaluation.html import meter, named, table
from fer_ros.evaluation.metrics import Reliability
from fer_ros.evaluation.replay.keep import Mistake
from fer_ros.evaluation.replay.labels import Labels
from fer_ros.evaluation.replay.scores import TOLERANCE_NS, LabelScores
from fer_ros.taxonomy import EMOTIONS


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A run's scores, and what they were measured against.

    :param labels: their times are stamps; None where several clips were joined.
    """

    scores: LabelScores
    labels: Labels | None = None
    worst: tuple[Mistake, ...] = ()


def chapter(judged: Judged, first_ns: int) -> str:
    """Return the chapter; times count from ``first_ns``."""
    scores = judged.scores
    if not scores.frames:
        return '<h2>Against the labels</h2><p>No frame is labelled.</p>'
    return (
        '<h2>Against the labels</h2>'
        f'{_figures(scores)}'
        f'<h2>Said for each label</h2>{_confusion(scores)}'
        f'<h2>Recall of each label</h2>{_recall(scores)}'
        f'<h2>Reliability</h2>{_reliability(scores.calibration)}'
        + ('' if judged.labels is None else _worst(judged.worst, first_ns))
    )


def _figures(scores: LabelScores) -> str:
    found = scores.events
    rows = [
        ('WAR', _share(scores.WAR), 'right answers, frames without a face are wrong'),
        ('UAR', _share(scores.UAR), 'mean recall of the labels that occur'),
        ('WAR of seen', _share(scores.aligned_only), 'right answers in frames with a face'),
        ('missed', f'{scores.missed} of {scores.frames}', 'labelled frames without a face'),
        (
            'flips',
            _number(scores.flips_per_frame, 4),
            'changes of the answer that no label asks for, per frame',
        ),
        (
            'event precision',
            _share(found.precision),
            f'of {scores.events_found} onsets and ends that were found, within '
            f'{TOLERANCE_NS / 1e9:g} s of a labelled one',
        ),
        (
            'event recall',
            _share(found.recall),
            f'of {scores.events_labelled} onsets and ends that are labelled',
        ),
        ('timing error', _number(found.timing_error_ms, 0, ' ms'), 'mean of the matched ones'),
    ]
    return table(
        ('figure', '', 'what it is'),
        [(name, value, f'<i class="soft">{t}</i>') for name, value, t in rows],
    )


def _share(value: float) -> str:
    return f'{value:.1%}' if math.isfinite(value) else 'none'


def _number(value: float, digits: int, unit: str = '') -> str:
    return f'{value:.{digits}f}{unit}' if math.isfinite(value) else 'none'


def _confusion(scores: LabelScores) -> str:
    """Return counts of answers, a row per label that occurs, shaded by the row's share."""
    counts = np.asarray(scores.confusion)
    labelled = [k for k, name in enumerate(EMOTIONS) if math.isfinite(scores.recall[name])]
    said = [k for k in range(len(EMOTIONS)) if k in labelled or counts[:, k].any()]
    heads = ''.join(f'<th scope="col">{EMOTIONS[k]}</th>' for k in said)
    lines = ''
    for k in labelled:
        total = scores.counts[EMOTIONS[k]]
        cells = ''.join(_cell(int(counts[k, j]), total, hit=j == k) for j in said)
        lines += (
            f'<tr><th scope="row">{named(EMOTIONS[k])}</th>{cells}'
            f'{_cell(total - int(counts[k].sum()), total)}</tr>'
        )
    return (
        '<p class="soft">A row is what was said in the frames of one label; a column is one '
        'answer.</p><div class="wide"><table class="matrix"><thead><tr><th scope="col">label</th>'
        f'{heads}<th scope="col">no face</th></tr></thead><tbody>{lines}</tbody></table></div>'
    )


def _cell(count: int, total: int, *, hit: bool = False) -> str:
    share = count / total if total else 0.0
    ground = f'background:rgba(86,180,233,{0.85 * share:.2f})' if count else ''
    mark = ' class="hit"' if hit else ''
    return f'<td{mark} style="{ground}" title="{share:.1%}">{count or ""}</td>'


def _recall(scores: LabelScores) -> str:
    rows = [
        (named(name), meter(value, colour_of(name)), f'{value:.1%}', f'{scores.counts[name]}')
        for name, value in scores.recall.items()
        if math.isfinite(value)
    ]
    absent = [name for name, value in scores.recall.items() if not math.isfinite(value)]
    more = f'<p class="soft">Not labelled: {", ".join(absent)}.</p>' if absent else ''
    return table(('label', '', 'recall', 'frames'), rows) + more


def _reliability(found: Reliability) -> str:
    """Return how often answers of each probability are right."""
    axes = svg.Axes((0.0, 1.0), height=300)
    bins = len(found.counts)
    marks = ''
    for index, count in enumerate(found.counts.tolist()):
        if not count:
            continue
        low, high = index / bins, (index + 1) / bins
        x, y = axes.x(low) + 1, axes.y(float(found.accuracy[index]))
        title = (
            f'{count} frames of {low:.0%} to {high:.0%}: right {found.accuracy[index]:.1%}, '
            f'said {found.confidence[index]:.1%}'
        )
        marks += (
            f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{axes.x(high) - x - 1:.1f}" '
            f'height="{axes.y(0.0) - y:.1f}"><title>{title}</title></rect>'
        )
    marks += (
        f'<line class="ideal" x1="{axes.x(0):.1f}" y1="{axes.y(0):.1f}" x2="{axes.x(1):.1f}" '
        f'y2="{axes.y(1):.1f}"/>'
    )
    chart = axes.chart(
        'Share of right answers by probability',
        marks,
        across=[(share, f'{share:.0%}') for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)],
        up=[(0.0, ''), (0.5, '50%'), (1.0, '100%')],
    )
    return (
        '<p class="soft">Bars: how often the most probable label is right, by its probability; on '
        f'the dashed line the two are equal. Mean gap (ECE): {found.error:.3f}.</p>'
        f'<div class="plot">{chart}</div>'
    )


def _worst(found: Sequence[Mistake], first_ns: int) -> str:
    head = '<h2>Surest wrong answers</h2>'
    if not found:
        return f'{head}<p>None.</p>'
    if any(one.crop for one in found):
        figures = ''.join(_figure(one, first_ns) for one in found)
        return f'{head}<div class="faces">{figures}</div>'
    rows = [
        (
            f'{(one.stamp_ns - first_ns) / 1e9:.2f} s',
            escape(one.face_id),
            named(one.label),
            named(one.said),
            f'{one.confidence:.0%}',
        )
        for one in found
    ]
    return (
        head
        + table(('time', 'person', 'label', 'said', 'confidence'), rows)
        + '<p class="soft">With --keep-crops, their faces are shown here.</p>'
    )


def _figure(one: Mistake, first_ns: int) -> str:
    data = base64.b64encode(one.crop).decode('ascii')
    when = f'{(one.stamp_ns - first_ns) / 1e9:.2f} s'
    return (
        f'<figure><img alt="face at {when}" src="data:image/jpeg;base64,{data}"><figcaption>'
        f'{when}<br>{named(one.label)}<br>said {escape(one.said)} {one.confidence:.0%}'
        '</figcaption></figure>'
    )
