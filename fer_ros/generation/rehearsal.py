"""A face without ROS: a script of requests, or thousands of random ones, ticked and audited."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.config import load_yaml
from fer_ros.errors import ConfigError, DataError
from fer_ros.generation.audit import Audit
from fer_ros.generation.director import Director
from fer_ros.generation.face import BASE, Face
from fer_ros.generation.layers import LayerConfig
from fer_ros.generation.library import Library
from fer_ros.generation.profiles import NO_PROFILES, Profiles
from fer_ros.generation.requests import Request
from fer_ros.generation.rig import Rig
from fer_ros.generation.safety import Stop
from fer_ros.types import Float64

NS_PER_S = 1_000_000_000
FACES = 1000
# Seconds between random requests: from several within one rise to long after the last.
GAP_S = (0.02, 0.5)
MAX_SCRIPT_S = 600.0
# What an entry of a script is, and what may be said beside it; without any of them, a request.
BESIDE: dict[str, tuple[str, ...]] = {'gaze': (), 'viseme': ('weight',), 'stop': ()}
REQUEST_FIELDS = tuple(field.name for field in fields(Request))


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that happens to a face at a time.

    :param request: an expression.
    :param gaze: yaw and pitch of what it looks at, radians.
    :param viseme: name and weight.
    :param stop: an emergency stop, or None as its end.
    """

    at_s: float
    request: Request | None = None
    gaze: tuple[float, float] | None = None
    viseme: tuple[str, float] | None = None
    stop: Stop | None = None
    release: bool = False


def load_script(path: Path, library: Library) -> tuple[list[Cue], float]:
    """Read a script; return its cues in order and how long it plays, seconds.

    :raises ConfigError: an entry is refused, with its number and the reason.
    """
    content = load_yaml(path)
    entries = content.get('requests')
    if not isinstance(entries, list):
        raise ConfigError(f'{path}: expected a list of requests, found {entries!r}')
    cues = []
    for number, entry in enumerate(entries, start=1):
        try:
            cues.append(_cue(entry, library))
        except (ConfigError, DataError, TypeError) as error:
            raise ConfigError(f'{path}: entry {number}: {error}') from None
    cues.sort(key=lambda cue: cue.at_s)
    last_s = cues[-1].at_s if cues else 0.0
    return cues, _seconds(content.get('duration_s', last_s + 5.0), 'duration_s')


def _cue(entry: Any, library: Library) -> Cue:
    """Return the cue of one entry of a script."""
    if not isinstance(entry, Mapping) or 'at_s' not in entry:
        raise ConfigError(f'expected a mapping with at_s, found {entry!r}')
    rest = {str(key): value for key, value in entry.items() if key != 'at_s'}
    at_s = _seconds(entry['at_s'], 'at_s')
    verb = next((verb for verb in BESIDE if verb in rest), 'expression')
    known = (verb, *BESIDE[verb]) if verb in BESIDE else REQUEST_FIELDS
    if unknown := sorted(set(rest) - set(known)):
        raise ConfigError(
            f'expected no more than at_s, {", ".join(known)}, found {", ".join(unknown)}'
        )
    if verb == 'gaze':
        return Cue(at_s, gaze=_direction(rest['gaze']))
    if verb == 'viseme':
        return Cue(at_s, viseme=(str(rest['viseme']), _number(rest.get('weight', 1.0), 'weight')))
    if verb == 'stop':
        how = rest['stop']
        if how not in ('freeze', 'relax', 'release'):
            raise ConfigError(f'stop: expected freeze, relax or release, found {how!r}')
        return Cue(at_s, stop=None if how == 'release' else Stop(how), release=how == 'release')
    request = Request(**rest)
    for name in filter(None, (request.expression, request.second)):
        library.spec(name)
    return Cue(at_s, request=request)


def _direction(value: Any) -> tuple[float, float]:
    """Return yaw and pitch."""
    if not isinstance(value, list) or len(value) != 2:
        raise ConfigError(f'gaze: expected [yaw, pitch] in radians, found {value!r}')
    return _number(value[0], 'gaze'), _number(value[1], 'gaze')


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ConfigError(f'{name}: expected a number, found {value!r}')
    return float(value)


def _seconds(value: Any, name: str) -> float:
    if not isinstance(value, (int, float)) or not 0.0 <= value <= MAX_SCRIPT_S:
        raise ConfigError(f'{name}: expected seconds in [0, {MAX_SCRIPT_S:g}], found {value!r}')
    return float(value)


class Stage:
    """One or many faces with their directors, played tick by tick."""

    def __init__(
        self,
        library: Library,
        rig: Rig,
        *,
        faces: int = 0,
        seed: int = 0,
        layers: LayerConfig | None = None,
        profiles: Profiles = NO_PROFILES,
    ) -> None:
        """Rest at neutral.

        :param faces: how many; 0 for a single one without a dimension for it.
        """
        shape = (faces,) if faces else ()
        self.face = Face(library, [rig], seed=seed, faces=shape, layers=layers)
        self.directors = [Director(library, profiles=profiles) for _ in range(max(faces, 1))]
        self.audit = Audit(rig, self.face.period_s, self.face.guards[0].position.copy())
        self._many = bool(faces)
        self._next_ns = np.full(max(faces, 1), np.iinfo(np.int64).max)

    @property
    def now_ns(self) -> int:
        """The time of the faces."""
        return round(self.face.now_s * NS_PER_S)

    def cue(self, number: int, cue: Cue) -> None:
        """Let a cue happen to one of the faces."""
        where = (number,) if self._many else ()
        if cue.request is not None:
            self.directors[number].submit(cue.request, self.now_ns)
            self._direct(number)
        elif cue.gaze is not None:
            self.face.look(*cue.gaze, where)
        elif cue.viseme is not None:
            self.face.say(*cue.viseme, where)
        elif cue.stop is not None or cue.release:
            self.face.stop(cue.stop)

    def tick(self) -> Float64:
        """Move one period on; return the positions of the rig."""
        for number in np.flatnonzero(self._next_ns <= self.now_ns).tolist():
            self._direct(number)
        self.face.step()
        position = self.face.guards[0].position
        self.audit.look(position)
        return position

    def _direct(self, number: int) -> None:
        """Hand a director's new goal to its face."""
        director = self.directors[number]
        aim, _ = director.update(self.now_ns)
        if aim is not None:
            where = (number,) if self._many else ()
            self.face.aim(aim.units, aim.duration_s, face=where, bumps=aim.bumps)
        due_ns = director.arbiter.next_ns
        self._next_ns[number] = np.iinfo(np.int64).max if due_ns is None else due_ns

    def report(self) -> dict[str, Any]:
        """Return the audit and what safety did."""
        return {
            'rig': self.face.guards[0].rig.name,
            'rate_hz': self.face.rate_hz,
            **self.audit.report(),
            'interventions': dict(sorted(self.face.interventions.counts.items())),
        }


def play(stage: Stage, cues: list[Cue], duration_s: float) -> Iterator[Float64]:
    """Play a script on a single face; yield the positions of every tick."""
    waiting = list(reversed(cues))
    for _ in range(round(duration_s * stage.face.rate_hz)):
        while waiting and waiting[-1].at_s <= stage.face.now_s:
            stage.cue(0, waiting.pop())
        yield stage.tick()


def storm(
    library: Library, rig: Rig, requests: int, seed: int, profiles: Profiles = NO_PROFILES
) -> dict[str, Any]:
    """Ask many faces for random things at random times, and audit them.

    Expressions, blends, places on the circumplex, intensities, priorities and durations are
    drawn; so are gaze targets, visemes, changes of the resting face and emergency stops.
    """
    faces = max(min(FACES, requests // 20), 1)
    random = np.random.default_rng(seed)
    stage = Stage(library, rig, faces=faces, seed=seed, profiles=profiles)
    names = [*library.expressions, '']
    visemes = list(library.visemes)
    counts = np.full(faces, requests // faces)
    counts[: requests % faces] += 1
    due_s = _gaps(random, faces)
    while counts.any():
        for number in np.flatnonzero((due_s <= stage.face.now_s) & (counts > 0)).tolist():
            stage.cue(number, Cue(0.0, request=_random_request(random, names)))
            counts[number] -= 1
            if random.random() < 0.3:
                yaw, pitch = random.uniform(-1.0, 1.0, 2)
                stage.cue(number, Cue(0.0, gaze=(yaw, pitch)))
            if random.random() < 0.3:
                viseme = str(random.choice(visemes))
                stage.cue(number, Cue(0.0, viseme=(viseme, random.random())))
            if random.random() < 0.05:
                stage.face.aim(
                    library.units(str(random.choice(names[:-1])), 0.5), 1.0,
                    layer=BASE, face=(number,),
                )  # fmt: skip
            due_s[number] = stage.face.now_s + _gaps(random, 1)[0]
        if random.random() < 0.002:
            stage.face.stop(Stop.FREEZE if random.random() < 0.5 else Stop.RELAX)
        elif stage.face.stopped is not None and random.random() < 0.02:
            stage.face.stop(None)
        stage.tick()
    for _ in range(round(5.0 * stage.face.rate_hz)):  # until the last one is over
        stage.tick()
    return {'requests': requests, 'faces': faces, 'seed': seed, **stage.report()}


def _gaps(random: np.random.Generator, count: int) -> Float64:
    """Return times to the next request, short and long ones alike often."""
    low, high = np.log(GAP_S)
    found: Float64 = np.exp(random.uniform(low, high, count))
    return found


def _random_request(random: np.random.Generator, names: list[str]) -> Request:
    """Return any request that is not refused."""
    return Request(
        expression=str(random.choice(names)),
        second=str(random.choice(names)) if random.random() < 0.2 else '',
        share=float(random.random()),
        valence=float(random.uniform(-1, 1)),
        arousal=float(random.uniform(-1, 1)),
        intensity=float(random.random() ** 0.5),
        priority=int(random.integers(0, 256)),
        duration_s=float(np.exp(random.uniform(np.log(0.05), np.log(5.0)))),
        queue=bool(random.random() < 0.1),
    )
