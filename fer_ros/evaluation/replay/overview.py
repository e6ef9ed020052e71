"""The page and the summary of many sources, which lead to those of each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fer_ros.evaluation.html import notes, table, write_page
from fer_ros.evaluation.replay.chapter import Judged, chapter
from fer_ros.evaluation.replay.files import write_json
from fer_ros.evaluation.replay.scores import LabelScores


def write_overview(
    folder: Path,
    summary: Mapping[str, Any],
    scores: LabelScores | None,
    folders: Sequence[Path | None],
) -> None:
    """Write ``report.html`` and ``summary.json`` of all sources.

    :param summary: ``frames``, ``complete``, and ``sources``: the summary of each by its name.
    :param folders: where the results of each source are.
    """
    sources = summary['sources']
    failed = [one['error'] for one in sources.values() if 'error' in one]
    body = [
        f'<h1>Facial expressions in {len(sources)} sources</h1>',
        f'<p>{summary["frames"]} frames.</p>',
        notes(failed),
        chapter(Judged(scores), 0) if scores is not None else '',
        '<h2>Sources</h2>',
        _sources(sources, folder, folders),
    ]
    write_page(folder / 'report.html', 'fer_ros report', ''.join(body))
    write_json(folder / 'summary.json', summary)


def _sources(
    sources: Mapping[str, Mapping[str, Any]], folder: Path, folders: Sequence[Path | None]
) -> str:
    """Return a line for each source, which leads to its report."""
    scored = any('WAR' in one for one in sources.values())
    heads = ('source', 'frames', 'faces', *(('WAR', 'UAR') if scored else ()), 'notes')
    lines = []
    for (name, one), own in zip(sources.items(), folders):
        shown = escape(Path(name).name)
        if 'error' in one:
            lines.append((shown, *[''] * (len(heads) - 2), 'not read: see above'))
            continue
        inside = own.relative_to(folder).as_posix() if own is not None else ''
        shares = (_share(one.get('WAR')), _share(one.get('UAR'))) if scored else ()
        lines.append(
            (
                f'<a href="{quote(os.fsencode(inside))}/report.html">{shown}</a>',
                f'{one["frames_processed"]}',
                f'{one["faces"]}',
                *shares,
                f'<span class="soft">{escape("; ".join(one["notes"]))}</span>',
            )
        )
    return table(heads, lines)


def _share(value: float | None) -> str:
    return 'none' if value is None else f'{value:.1%}'
