"""``fer-ros models fetch``: download what a manifest names."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from fer_ros.cli import common
from fer_ros.inference.fetch import fetch
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.store import manifest_path


def main(_: str, parser: argparse.ArgumentParser, words: Sequence[str]) -> int:
    """Fetch every model that is named; print where it is."""
    parser.add_argument('models', nargs='+', metavar='MODEL', help='id or path of a manifest')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    rows = []
    for name in options.models:
        manifest = load_manifest(manifest_path(name))
        fetched = fetch(manifest, _show if sys.stderr.isatty() else None)
        rows.append({'id': manifest.id, 'file': str(manifest.file), 'fetched': fetched})
    if options.json:
        common.print_json(rows)
    else:
        for row in rows:
            print(f'{row["id"]}: {row["file"]}' + ('' if row['fetched'] else ', was there'))
    return 0


def _show(done: int, total: int | None) -> None:
    """Count megabytes on the terminal."""
    of = f' of {total / 1e6:.1f}' if total else ''
    print(f'\r{done / 1e6:.1f}{of} MB', end='\n' if done == total else '', file=sys.stderr)
