"""``fer-ros eval datasets``: the data sets that can be read, and how their folders look."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.errors import ConfigError
from fer_ros.evaluation.datasets import (
    ALL,
    READERS,
    Layout,
    counted,
    layout_of,
    open_dataset,
)
from fer_ros.evaluation.plain import to_plain


def main(words: Sequence[str]) -> int:
    """List all, or tell everything of some."""
    parser = common.parser('eval datasets', 'List data sets, or show the layout of some.')
    parser.add_argument('names', nargs='*', metavar='NAME', help='show these with their trees')
    parser.add_argument(
        '--root', type=Path, help='count what lies in this folder of the one named set'
    )
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    if options.root is not None:
        return _count(options)
    layouts = [layout_of(name) for name in options.names or READERS]
    if options.json:
        common.print_json(to_plain(layouts))
    elif options.names:
        print('\n\n'.join(map(_everything, layouts)))
    else:
        for layout in layouts:
            lacks = f'lacks {", ".join(layout.lacking) or "none"}' if layout.emotions else 'units'
            kind = f'{layout.media.value}, {layout.framing.value}'
            print(f'{layout.name:22} {layout.title:24} {kind:14} {lacks}')
    return 0


def _count(options: argparse.Namespace) -> int:
    """Read the labels of a folder, without looking at a picture."""
    if len(options.names) != 1:
        raise ConfigError(
            f'--root: expected one data set beside it, found {len(options.names)}; name it first'
        )
    counts = counted(open_dataset(options.names[0], options.root, split=ALL))
    common.print_figures(counts, as_json=options.json)
    return 0


def _everything(layout: Layout) -> str:
    """Return one layout for people."""
    splits = f'splits: {", ".join(layout.splits)}; default {layout.default_split}'
    lines = [
        f'{layout.name}: {layout.title}, {layout.source}',
        layout.tree,
        *([splits] if layout.splits else []),
        *([f'folds: {layout.folds}'] if layout.folds else []),
        *(
            [f'it lacks: {", ".join(layout.lacking)}']
            if layout.lacking and layout.emotions
            else []
        ),
        *([f'we lack: {", ".join(layout.unknown)}'] if layout.unknown else []),
        *([layout.notes] if layout.notes else []),
    ]
    return '\n'.join(lines)
