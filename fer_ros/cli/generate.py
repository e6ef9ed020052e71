"""``fer-ros generate``: the robot's own face, without ROS."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

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
MOVING = 28  # units up to this one move brows, cheeks and mouth; then come lids, head and gaze


def main(words: Sequence[str]) -> int:
    """Play a script or random requests on a rig; report what it was told against its limits."""
    if words and words[0] == 'learn':
        return _learn(words[1:])
    options = _options(words)
    if options.seed < 0:
        raise ConfigError(f'seed: expected 0 or more, found {options.seed}')
    library = load_library(options.expressions)
    if (options.video or options.frames) and not options.script:
        raise ConfigError('--video and --frames: expected --script, whose requests they draw')
    if options.sheet:
        return _sheet(library, options)
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
        'and jerk of every actuator against its limits, or draw it. fer-ros generate learn '
        'learns how expressions come and go from recordings.',
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


def _sheet(library: Library, options: argparse.Namespace) -> int:
    """Draw the library."""
    from fer_ros.generation.pictures import write_picture
    from fer_ros.generation.sheet import contact_sheet

    write_picture(options.sheet, contact_sheet(library))
    if options.json:
        common.print_json({'sheet': str(options.sheet), 'expressions': list(library.expressions)})
    else:
        print(f'{options.sheet}: {len(library.expressions)} expressions at three intensities')
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


def _learn(words: Sequence[str]) -> int:
    """Learn time courses from the results of runs."""
    parser = common.parser(
        'generate learn',
        'Learn how expressions come and go from recognised people: results.mcap of fer-ros run.',
    )
    parser.add_argument('results', nargs='+', type=Path, help='results.mcap, one or more')
    parser.add_argument('--out', type=Path, required=True, help='profile file to write (YAML)')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    from fer_ros.evaluation.results import people, read_results
    from fer_ros.generation.learn import Track, learn
    from fer_ros.generation.profiles import save_profiles
    from fer_ros.taxonomy import EMOTION_TO_HRI

    names = {**EMOTION_TO_HRI, 'contempt': 'contempt'}
    tracks = []
    for path in options.results:
        rows, _ = read_results(path)
        for seen in people(rows).values():
            times_s = np.array([stamp_ns for stamp_ns, _ in seen]) / 1e9
            intensity = np.array([row.intensity for _, row in seen])
            labels = tuple(names.get(row.expression, 'neutral') for _, row in seen)
            codes = sorted(
                {code for _, row in seen for code in row.action_units if code <= MOVING}
            )
            units = np.array(
                [[row.action_units.get(c, (0.0,))[0] for c in codes] for _, row in seen]
            )
            tracks.append(Track(times_s, intensity, labels, units if codes else None))
    profiles, counts = learn(tracks)
    notes = {'files': [path.name for path in options.results], 'episodes': counts}
    save_profiles(options.out, profiles, notes)
    report = {
        name: {
            'episodes': counts[name],
            'rise_s': round(profile.rise_s, 3),
            'decay_s': round(profile.decay_s, 3),
        }
        for name, profile in profiles.by_name.items()
    }
    if options.json:
        common.print_json(report)
    else:
        for name, figures in report.items():
            print(f'{name:12}' + ', '.join(f'{key} {value}' for key, value in figures.items()))
        print(f'{options.out}: fer-ros generate --profiles, or the parameter profiles_file')
    return 0


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
