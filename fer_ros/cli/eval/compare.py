"""``fer-ros eval compare``: whether two recordings hold the same results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.replay.compare import Comparison, compare


def main(words: Sequence[str]) -> int:
    """Compare; return 0 where they are equal and 1 where not."""
    parser = common.parser(
        'eval compare',
        'Compare the results in two bags, live or replayed, apart from timing; name the first '
        'difference. Play with --source-stamps to compare a live run with a replay.',
    )
    parser.add_argument('a', type=Path, help='a bag with results')
    parser.add_argument('b', type=Path, help='another')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    found = compare(options.a, options.b)
    if options.json:
        common.print_json(found.to_dict())
    else:
        _tell(found)
    return int(not found.equal)


def _tell(found: Comparison) -> None:
    """Print the result for people."""
    print(f'{"equal" if found.equal else "not equal"}: {found.compared} messages in both')
    if not found.compared:
        print('  no stamp is in both: was the live run played with --source-stamps?')
    for topic, count in found.different.items():
        print(f'  {topic}: {count} differ')
    for name, alone in (('A', found.only_a), ('B', found.only_b)):
        for topic, count in alone.items():
            print(f'  {topic}: {count} in {name} only')
    for note in found.notes:
        print(f'  note: {note}')
    if found.first is not None:
        one = found.first
        print(f'  first: {one.topic} at {one.stamp_ns} ns, {one.field}: A {one.a}, B {one.b}')
