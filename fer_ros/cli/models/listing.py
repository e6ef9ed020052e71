"""``fer-ros models list`` and ``verify``: what is shipped, and whether it is whole."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from fer_ros.cli import common
from fer_ros.errors import FerError
from fer_ros.inference.manifest import Manifest, load_manifest
from fer_ros.inference.store import model_dir, shipped, verify


def main(action: str, parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Print the shipped models; return 1 where one is not whole."""
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    rows = []
    for name in shipped():
        manifest = load_manifest(model_dir() / f'{name}.yaml')
        row = {
            'id': manifest.id,
            'task': manifest.task.value,
            'licence': manifest.licence,
            'source': manifest.source,
        }
        if action == 'verify':
            row['state'] = _state(manifest)
        rows.append(row)
    if options.json:
        common.print_json(rows)
    else:
        table = Table(*rows[0])
        for row in rows:
            table.add_row(*row.values())
        Console().print(table)
    return int(any(row.get('state', 'ok') != 'ok' for row in rows))


def _state(manifest: Manifest) -> str:
    """Return 'ok' or what is wrong."""
    try:
        verify(manifest)
    except FerError as error:
        return str(error)
    return 'ok'
