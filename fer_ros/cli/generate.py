"""``fer-ros generate``: the robot's own face, without ROS."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fer_ros.cli import common
from fer_ros.errors import ConfigError
from fer_ros.generation import (
    NO_PROFILES,
    Library,
    Profiles,
    load_library,
    load_profiles,
    load_rig,
)
from fer_ros.generation.rehearsal import Stage, load_script, play, storm

MAX_REQUESTS = 10_000_000


def main(words: Sequence[str]) -> int:
    """Play a script or random requests on a rig; report what it was told against its limits."""
    options = _options(words)
    library = load_library(options.expressions)
    if options.sheet:
        return _sheet(library, options.sheet)
    rig = load_rig(options.rig)
    profiles = load_profiles(options.profiles) if options.profiles else NO_PROFILES
    if options.random:
        if not 1 <= options.random <= MAX_REQUESTS:
            raise ConfigError(
                f'random: expected requests in [1, {MAX_REQUESTS}], found {options.random}'
            )
        report = storm(library, rig, options.random, options.seed, profiles)
    elif options.script:
        report = _script(options, library, profiles)
    else:
        raise ConfigError(
            'expected --script, --random or --sheet; fer-ros generate --help tells more'
        )
    if options.json:
        common.print_json(report)
    else:
        _tell(report)
    return int(report['violations'] > 0)


def _options(words: Sequence[str]) -> argparse.Namespace:
    parser = common.parser(
        'generate',
        "Play requests on a rig's face without ROS and measure position, velocity, acceleration "
        'and jerk of every actuator against its limits.',
    )
    parser.add_argument('--rig', default='avatar2d', help='a shipped rig or a rig file')
    parser.add_argument('--script', type=Path, help='YAML of requests with at_s')
    parser.add_argument('--random', type=int, default=0, metavar='N', help='N random requests')
    parser.add_argument('--sheet', type=Path, metavar='PNG', help='draw every expression')
    parser.add_argument('--video', type=Path, metavar='MP4', help='draw what a script does')
    parser.add_argument('--frames', type=Path, metavar='DIR', help='the same as pictures')
    parser.add_argument('--seed', type=int, default=0, help='of everything random')
    parser.add_argument('--expressions', type=Path, help='library; default: the shipped one')
    parser.add_argument('--profiles', type=Path, help='learned time courses')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    return parser.parse_args(words)


def _sheet(library: Library, path: Path) -> int:
    """Draw the library."""
    from fer_ros.generation.pictures import write_picture
    from fer_ros.generation.sheet import contact_sheet

    write_picture(path, contact_sheet(library))
    print(f'{path}: {len(library.expressions)} expressions at three intensities')
    return 0


def _script(options: argparse.Namespace, library: Library, profiles: Profiles) -> dict[str, Any]:
    """Play a script on a single face, and draw it where somebody wants that."""
    from fer_ros.generation.pictures import Film

    cues, duration_s = load_script(options.script, library)
    stage = Stage(library, load_rig(options.rig), seed=options.seed, profiles=profiles)
    with Film(options.video, options.frames, stage.face.rate_hz) as film:
        for _ in play(stage, cues, duration_s):
            film.add(stage.face)
    return {'script': str(options.script), 'duration_s': duration_s, **stage.report()}


def _tell(report: dict[str, Any]) -> None:
    """Print a report for people."""
    print(
        f'{report["rig"]}: {report["ticks"]} ticks at {report["rate_hz"]:g} Hz, '
        f'{report["violations"]} violations, largest step of acceleration '
        f'{report["largest_acceleration_step_share"]:.0%} of what the jerk limit allows'
    )
    header = ('actuator', '|velocity|', 'limit', '|acceleration|', 'limit', '|jerk|', 'limit')
    rows = [
        (
            name,
            *(
                f'{actuator[key]:.4g}'
                for order in ('velocity', 'acceleration', 'jerk')
                for key in (f'max_{order}', f'{order}_limit')
            ),
        )
        for name, actuator in report['actuators'].items()
    ]
    for row in (header, *rows):
        print(f'  {row[0]:22}' + ''.join(f'{cell:>15}' for cell in row[1:]))
    for name, count in report['interventions'].items():
        print(f'  {name}: {count}')
