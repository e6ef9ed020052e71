"""Rig files: read, checked entry by entry, each problem with its line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.config import share_dir
from fer_ros.errors import ConfigError
from fer_ros.generation.limiter import MAX_TAPS
from fer_ros.generation.rig import TOPIC_KINDS, Output, OutputKind, Rig
from fer_ros.generation.units import CHANNELS, channels_of
from fer_ros.generation.yaml_lines import Place, load_with_lines
from fer_ros.types import Float64

TOP = ('name', 'description', 'rate_hz', 'max_load', 'extreme_share', 'extreme_s', 'defaults',
       'points', 'actuators', 'outputs')  # fmt: skip
LIMITS = ('min', 'max', 'neutral', 'velocity', 'acceleration', 'jerk')
ACTUATOR = ('joint', *LIMITS, 'units', 'moves')
OUTPUT = ('kind', 'topic', 'joints', 'host', 'port', 'subject', 'style', 'rate_hz')
DEFAULT_PORTS = {OutputKind.LIVELINK: 11111, OutputKind.OSC: 9000, OutputKind.WEBSOCKET: 8765}
NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*')
TOPIC = re.compile(r'(~?/)?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*')


def rig_path(rig: str) -> Path:
    """Return the file of a rig: that of a shipped name, or the path itself."""
    if NAME.fullmatch(rig):
        folder = share_dir() / 'config' / 'rigs'
        path = folder / f'{rig}.yaml'
        if not path.is_file():
            names = ', '.join(sorted(file.stem for file in folder.glob('*.yaml')))
            raise ConfigError(f'rig {rig!r}: expected one of {names}, or the path of a rig file')
        return path
    return Path(rig)


def shipped_rigs() -> list[str]:
    """Return the names of the rigs that come with the package."""
    return sorted(path.stem for path in (share_dir() / 'config' / 'rigs').glob('*.yaml'))


def load_rig(rig: str) -> Rig:
    """Return a rig by name or path.

    :raises ConfigError: the first problem of its file, with the line.
    """
    path = rig_path(rig)
    found, problems = read_rig(path)
    if found is None:
        raise ConfigError(problems[0])
    return found


def read_rig(path: Path) -> tuple[Rig | None, list[str]]:
    """Return a rig, or None and every problem as ``FILE:LINE: entry: what``."""
    content, lines, twice = load_with_lines(path)
    check = _Check()
    for place, text in twice:
        check.say(place, text)
    rig = check.rig(content)
    problems = [
        f'{path}:{_line(lines, place)}: {".".join(map(str, place)) or "file"}: {text}'
        for place, text in check.problems
    ]
    return (None if problems else rig), sorted(problems, key=_line_of)


def refuse_shared_places(rigs: Iterable[Rig]) -> None:
    """Refuse rigs of which two would send to one topic or port."""
    owners: dict[str, str] = {}
    for rig in rigs:
        for output in rig.outputs:
            if output.place in owners:
                raise ConfigError(
                    f'rig {rig.name}: expected an output of its own, found {output.place}, which '
                    f'rig {owners[output.place]} sends to; change one of them'
                )
            owners[output.place] = rig.name


def _line(lines: Mapping[Place, int], place: Place) -> int:
    """Return the line of an entry, or of what would hold it."""
    while place not in lines:
        place = place[:-1]
    return lines[place]


def _line_of(problem: str) -> int:
    found = re.search(r':(\d+): ', problem)
    return int(found[1]) if found else 0


class _Check:
    """Collects the problems of one file."""

    def __init__(self) -> None:
        """Start without any."""
        self.problems: list[tuple[Place, str]] = []

    def say(self, place: Place, text: str) -> None:
        """Note a problem."""
        self.problems.append((place, text))

    def mapping(self, value: Any, place: Place, known: Iterable[str] = ()) -> dict[str, Any]:
        """Return a mapping with keys as text, empty where it is none; refuse unknown keys."""
        if not isinstance(value, dict):
            self.say(place, f'expected a mapping, found {value!r}')
            return {}
        known = tuple(known)
        found = {str(key): entry for key, entry in value.items()}
        for key in found:
            if known and key not in known:
                self.say((*place, key), f'expected one of {", ".join(known)}')
        return found

    def number(self, value: Any, place: Place, low: float, high: float) -> float:
        """Return a finite number in a range, or its lower end."""
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value) or not low <= value <= high:
            hint = '; YAML takes it for text: write 1.0e+3, not 1e3' if _looks_like(value) else ''
            self.say(place, f'expected a number in [{low:g}, {high:g}], found {value!r}{hint}')
            return low
        return float(value)

    def units(self, value: Any, place: Place, reach: float) -> Float64:
        """Return (C,) weights by channel."""
        found = np.zeros(len(CHANNELS))
        entries = self.mapping(value, place)
        for unit in sorted(entries, key=lambda name: name[-1:] in 'LR'):
            try:
                channels = channels_of(unit)
            except ConfigError as error:
                self.say((*place, unit), str(error))
                continue
            found[channels] = self.number(entries[unit], (*place, unit), -reach, reach)
        return found

    def rig(self, content: Any) -> Rig | None:
        """Return the rig of a file; of no use where there are problems."""
        entries = self.mapping(content, (), TOP)
        if not entries:
            return None
        name = entries.get('name')
        if not isinstance(name, str) or not NAME.fullmatch(name):
            self.say(('name',), f'expected letters, digits and _, found {name!r}')
        points = {
            key: self.units(value, ('points', key), 1e6)
            for key, value in self.mapping(entries.get('points', {}), ('points',)).items()
        }
        actuators = self.mapping(entries.get('actuators'), ('actuators',))
        if not actuators:
            self.say(('actuators',), 'expected at least one actuator, found none')
            return None
        defaults = self.mapping(entries.get('defaults', {}), ('defaults',), LIMITS)
        rate_hz = self.number(entries.get('rate_hz', 100.0), ('rate_hz',), 10.0, 1000.0)
        columns = [
            self.actuator(key, value, defaults, points, rate_hz)
            for key, value in actuators.items()
        ]
        limits = np.array([column[0] for column in columns]).T
        joints = tuple(column[3] for column in columns)
        for joint in {joint for joint in joints if joints.count(joint) > 1}:
            self.say(('actuators',), f'expected a joint for each actuator, found {joint!r} twice')
        return Rig(
            name=str(name),
            rate_hz=rate_hz,
            names=tuple(actuators),
            joints=joints,
            low=limits[0], high=limits[1], neutral=limits[2],
            velocity=limits[3], acceleration=limits[4], jerk=limits[5],
            weights=np.array([column[1] for column in columns]).T,
            points=np.array(list(points.values())).reshape(len(points), len(CHANNELS)).T,
            moves=np.array([column[2] for column in columns]).T.reshape(len(points), len(columns)),
            max_load=self.number(entries.get('max_load', 1.0), ('max_load',), 0.05, 1.0),
            extreme_share=self.number(
                entries.get('extreme_share', 0.95), ('extreme_share',), 0.5, 1.0
            ),
            extreme_s=self.number(entries.get('extreme_s', 30.0), ('extreme_s',), 0.5, 3600.0),
            outputs=self.outputs(entries.get('outputs', []), joints),
        )  # fmt: skip

    def actuator(
        self,
        name: str,
        value: Any,
        defaults: Mapping[str, Any],
        points: Mapping[str, Float64],
        rate_hz: float,
    ) -> tuple[list[float], Float64, list[float], str]:
        """Return limits, weights by channel, moves by point, and the joint of one actuator."""
        place: Place = ('actuators', name)
        if not NAME.fullmatch(name):
            self.say(place, 'expected letters, digits and _ as a name')
        entry = self.mapping(value, place, ACTUATOR)
        limits = [self._limit(entry, defaults, key, place) for key in LIMITS]
        low, high, neutral, velocity, acceleration, jerk = limits
        if not low < high:
            self.say((*place, 'min'), f'expected min below max ({high:g}), found {low:g}')
        elif not low <= neutral <= high:
            self.say(
                (*place, 'neutral'),
                f'expected a number in [min, max] = [{low:g}, {high:g}], found {neutral:g}',
            )
        if 2 * (velocity / acceleration + acceleration / jerk) * rate_hz > MAX_TAPS - 2:
            self.say(place, 'expected limits that stop it in time; raise acceleration or jerk')
        weights = self.units(entry.get('units', {}), (*place, 'units'), 1.0)
        moved = self.mapping(entry.get('moves', {}), (*place, 'moves'))
        for key in moved:
            if key not in points:
                known = ', '.join(points) or 'none: add points'
                self.say((*place, 'moves', key), f'expected a point of the rig ({known})')
        moves = [
            self.number(moved.get(key, 0.0), (*place, 'moves', key), -1e6, 1e6) for key in points
        ]
        if bool(np.any(weights)) == any(moves):
            self.say(place, 'expected either units or moves that are not all 0')
        joint = entry.get('joint', name)
        if not isinstance(joint, str) or not joint:
            self.say((*place, 'joint'), f"expected the joint's name, found {joint!r}")
        return limits, weights, moves, str(joint)

    def _limit(
        self, entry: Mapping[str, Any], defaults: Mapping[str, Any], key: str, place: Place
    ) -> float:
        """Return one limit; those of motion are positive, neutral is 0 where it is not given."""
        if key not in entry and key in defaults:
            entry, place = defaults, ('defaults',)
        if key not in entry and key != 'neutral':
            self.say(place, f'expected {key}, here or in defaults, found none')
            return 1.0
        if key in ('min', 'max', 'neutral'):
            return self.number(entry.get(key, 0.0), (*place, key), -1e6, 1e6)
        return max(self.number(entry[key], (*place, key), 1e-6, 1e9), 1e-6)

    def outputs(self, value: Any, joints: tuple[str, ...]) -> tuple[Output, ...]:
        """Return the outputs, each to a place of its own."""
        if not isinstance(value, list):
            self.say(('outputs',), f'expected a list, found {value!r}')
            return ()
        found: list[Output] = []
        for index, entry in enumerate(value):
            output = self.output(entry, ('outputs', index), joints)
            if output is not None:
                if output.place in {other.place for other in found}:
                    self.say(('outputs', index), f'expected one output to {output.place}')
                found.append(output)
        return tuple(found)

    def output(self, value: Any, place: Place, joints: tuple[str, ...]) -> Output | None:
        """Return one output."""
        entry = self.mapping(value, place, OUTPUT)
        kinds = [kind.value for kind in OutputKind]
        if entry.get('kind') not in kinds:
            self.say((*place, 'kind'), f'expected one of {", ".join(kinds)}')
            return None
        kind = OutputKind(entry['kind'])
        topic = str(entry.get('topic', ''))
        if (kind in TOPIC_KINDS) != bool(topic) or (topic and not TOPIC.fullmatch(topic)):
            wanted = 'a topic name' if kind in TOPIC_KINDS else 'no topic'
            self.say((*place, 'topic'), f'expected {wanted}, found {topic!r}')
        chosen = entry.get('joints', list(joints))
        if not isinstance(chosen, list) or not chosen:
            self.say((*place, 'joints'), f'expected a list of joints, found {chosen!r}')
            chosen = []
        missing = [joint for joint in chosen if joint not in joints]
        if missing:
            self.say(
                (*place, 'joints'),
                f'expected joints of actuators, found {", ".join(map(str, missing))} without one',
            )
        style = entry.get('style', 'vmc')
        if style not in ('vmc', 'vrchat'):
            self.say((*place, 'style'), f'expected vmc or vrchat, found {style!r}')
        port = self.number(
            entry.get('port', DEFAULT_PORTS.get(kind, 1)), (*place, 'port'), 1, 65535
        )
        return Output(
            kind=kind,
            topic=topic,
            actuators=tuple(joints.index(joint) for joint in chosen if joint in joints),
            host=str(entry.get('host', '127.0.0.1')),
            port=int(port),
            subject=str(entry.get('subject', 'fer_ros')),
            style=str(style),
            rate_hz=self.number(entry.get('rate_hz', 0.0), (*place, 'rate_hz'), 0.0, 1000.0),
        )


def _looks_like(value: Any) -> bool:
    """Tell whether a text is a number to everybody but YAML."""
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False
