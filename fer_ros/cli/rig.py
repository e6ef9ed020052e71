"""``fer-ros rig``: check a rig file, begin a new one, list those that are shipped."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.config import share_dir
from fer_ros.errors import ConfigError
from fer_ros.generation import load_rig, read_rig, rig_path, shipped_rigs
from fer_ros.generation.rig_file import NAME


def main(words: Sequence[str]) -> int:
    """Lint, write or list rigs."""
    parser = common.parser('rig', 'Check rig files, begin a new one, or list the shipped ones.')
    actions = parser.add_subparsers(dest='action', required=True, metavar='ACTION')
    lint = actions.add_parser('lint', help='name every problem of a rig file with its line')
    lint.add_argument('rig', help='a rig file, or the name of a shipped rig')
    new = actions.add_parser('new', help='write a commented template')
    new.add_argument('name', help='letters, digits and _')
    new.add_argument('--out', type=Path, help='file to write; default: NAME.yaml')
    actions.add_parser('list', help='the rigs that are shipped')
    options = parser.parse_args(words)
    if options.action == 'lint':
        return _lint(options.rig)
    if options.action == 'new':
        return _new(options.name, options.out or Path(f'{options.name}.yaml'))
    for name in shipped_rigs():
        rig = load_rig(name)
        kinds = ', '.join(output.kind.value for output in rig.outputs)
        print(f'{name:16}{len(rig.names):3} actuators at {rig.rate_hz:g} Hz: {kinds}')
    return 0


def _lint(name: str) -> int:
    """Print every problem of a rig; return 1 where there is one."""
    path = rig_path(name)
    rig, problems = read_rig(path)
    for problem in dict.fromkeys(problems):  # one in defaults is found for each actuator
        print(problem, file=sys.stderr)
    if rig is None:
        return 1
    stop_s = max(
        2 * v / a + 2 * a / j for v, a, j in zip(rig.velocity, rig.acceleration, rig.jerk)
    )
    print(
        f'{path}: {rig.name}, {len(rig.names)} actuators, {len(rig.outputs)} outputs, comes to '
        f'rest within {stop_s:.2f} s'
    )
    return 0


def _new(name: str, out: Path) -> int:
    """Write a template that lints."""
    if not NAME.fullmatch(name):
        raise ConfigError(f'name: expected letters, digits and _, found {name!r}')
    if out.exists():
        raise ConfigError(f'{out}: expected a new file, found one; choose another with --out')
    template = share_dir() / 'config' / 'rigs' / 'template' / 'new_rig.yaml'
    text = template.read_text(encoding='utf-8').replace('name: my_robot', f'name: {name}', 1)
    try:
        out.write_text(text, encoding='utf-8')
    except OSError as error:
        raise ConfigError(f'{out}: expected a file to write to: {error.strerror}') from None
    print(f'{out}: fill in the joints and run `fer-ros rig lint {out}`')
    return 0
