"""Decides what a face shows: a request, else the answer to a person, else neutral."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_ros.errors import ConfigError
from fer_ros.generation.attention import Attention, Person, Target
from fer_ros.generation.library import Library
from fer_ros.generation.policies import NEUTRAL, NOTHING, Off, Policy, Response
from fer_ros.generation.profiles import NO_PROFILES, Profiles
from fer_ros.generation.requests import Arbiter, Request, RequestStatus
from fer_ros.types import Float64

NS_PER_S = 1_000_000_000
# A change of intensity that nobody would see is not followed.
VISIBLE = 0.06
# How fast a change of intensity alone is followed.
FOLLOW_S = 0.3
# When nobody is seen any more, a face is neutral soon, however long an expression fades.
SILENT_DECAY_S = 0.8


@dataclass(frozen=True, slots=True)
class DirectorConfig:
    """How a face reacts.

    :param reaction_delay_s: between seeing and answering.
    :param onset, offset: intensity of a person above which an answer begins and below which it
        ends.
    :param min_hold_s: an answer stays at least this long before another emotion is answered.
    :param silence_s: without anything seen for this long, the face goes back to neutral.
    :param idle_expression, idle_intensity: what the face rests in, below everything else.
    """

    target: Target = Target.NEAREST
    reaction_delay_s: float = 0.0
    onset: float = 0.4
    offset: float = 0.25
    min_hold_s: float = 0.4
    silence_s: float = 0.8
    idle_expression: str = 'neutral'
    idle_intensity: float = 0.0

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, low, high in (
            ('reaction_delay_s', 0.0, 5.0),
            ('onset', 0.0, 1.0),
            ('offset', 0.0, 1.0),
            ('min_hold_s', 0.0, 10.0),
            ('silence_s', 0.1, 60.0),
            ('idle_intensity', 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ConfigError(
                    f'{name}: expected a number in [{low:g}, {high:g}], found {value!r}'
                )
        if self.offset > self.onset:
            raise ConfigError(
                f'answer_offset: expected at most answer_onset ({self.onset:g}), found '
                f'{self.offset:g}'
            )


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """A new goal of the face.

    :param units: (C,) by channel.
    :param source: who wants it: request, policy or idle.
    :param bumps: (3,) coefficients of a learned profile.
    """

    expression: str
    intensity: float
    units: Float64
    duration_s: float
    source: str
    bumps: Float64


class Director:
    """Requests above answers, answers above rest; says when the goal changes."""

    def __init__(
        self,
        library: Library,
        policy: Policy | None = None,
        config: DirectorConfig | None = None,
        *,
        rules: Mapping[str, float] = NOTHING,
        profiles: Profiles = NO_PROFILES,
    ) -> None:
        """Rest."""
        self.arbiter = Arbiter()
        self._library, self._profiles = library, profiles
        self._turns: Counter[str] = Counter()
        self._shown: tuple[object, ...] = ('neutral',)
        self._aim = self._neutral('idle', 0.5)
        self._seen: deque[tuple[int, Response | None]] = deque()
        self._last_seen_ns: int | None = None
        self._answer: Response | None = None
        self._label, self._since_ns = 'neutral', 0
        self._last_ns, self._set_back_ns = 0, 0
        self.configure(policy or Off(), config or DirectorConfig(), rules)

    def configure(
        self, policy: Policy, config: DirectorConfig, rules: Mapping[str, float]
    ) -> None:
        """Take another policy or other reactions from now on."""
        self._library.spec(config.idle_expression)
        self._policy, self._config, self._rules = policy, config, rules
        self._attention = Attention(config.target)

    @property
    def aim(self) -> Aim:
        """The goal in force."""
        return self._aim

    @property
    def next_ns(self) -> int | None:
        """When something comes of time alone: a request or a delay is over, or silence begins."""
        due = [self.arbiter.next_ns, self._seen[0][0] if self._seen else None]
        if self._last_seen_ns is not None and self._answer is not None:
            due.append(self._last_seen_ns + round(self._config.silence_s * NS_PER_S) + 1)
        found = min((time_ns for time_ns in due if time_ns is not None), default=None)
        return None if found is None else found - self._set_back_ns

    def _time(self, now_ns: int) -> int:
        """Return a time that goes on where the clock was set back, by which everything lasts."""
        now_ns += self._set_back_ns
        if now_ns < self._last_ns:
            self._set_back_ns += self._last_ns - now_ns
            now_ns = self._last_ns
        self._last_ns = now_ns
        return now_ns

    def submit(self, request: Request, now_ns: int) -> list[RequestStatus]:
        """Take a request; return what it changes.

        :raises ConfigError: its expression is not in the library.
        """
        now_ns = self._time(now_ns)
        hold_s = self._library.spec(request.expression or 'neutral').hold_s
        if request.second:
            self._library.spec(request.second)
        return self.arbiter.submit(request, hold_s, now_ns)

    def see(self, people: Sequence[Person], now_ns: int, speaker: str = '') -> Person | None:
        """Take what was seen; return the person who is answered."""
        self._last_seen_ns = now_ns = self._time(now_ns)
        person = self._attention.choose(people, now_ns, speaker)
        if person is None:
            answer: Response | None = self._policy.respond('neutral', 0.0)
        elif person.abstained:
            return person  # what was sure last still holds
        else:
            answer = self._react(person, now_ns)
        due_ns = now_ns + round(self._config.reaction_delay_s * NS_PER_S)
        self._seen.append((due_ns, answer))
        while len(self._seen) > 1000:
            self._seen.popleft()
        return person

    def _react(self, person: Person, now_ns: int) -> Response | None:
        """Return the answer to a person, with hysteresis in label and intensity."""
        emotion = person.emotion
        answering = self._label != 'neutral'
        if emotion != 'neutral' and person.intensity < (
            self._config.offset if answering else self._config.onset
        ):
            emotion = 'neutral'
        held_ns = now_ns - self._since_ns
        if emotion != self._label and (
            not answering or held_ns >= self._config.min_hold_s * NS_PER_S
        ):
            self._label, self._since_ns = emotion, now_ns
        intensity = person.intensity if self._label != 'neutral' else 0.0
        return self._policy.respond(self._label, intensity)

    def update(self, now_ns: int) -> tuple[Aim | None, list[RequestStatus]]:
        """Let time pass; return the goal where it is a new one, and what became of requests."""
        now_ns = self._time(now_ns)
        changes = self.arbiter.update(now_ns)
        while self._seen and self._seen[0][0] <= now_ns:
            self._answer = self._seen.popleft()[1]
        silent = self._is_silent(now_ns)
        if silent:
            self._answer, self._label = None, 'neutral'
            self._seen.clear()
        request = self.arbiter.active
        aim = self._requested(request) if request is not None else self._answered()
        if silent and aim is not None and aim.source == 'idle':
            aim = replace(aim, duration_s=min(aim.duration_s, SILENT_DECAY_S))
        if aim is not None:
            self._aim = aim
        return aim, changes

    def is_silent(self, now_ns: int) -> bool:
        """Tell whether nothing was seen for too long; not before anything was."""
        return self._is_silent(self._time(now_ns))

    def _is_silent(self, now_ns: int) -> bool:
        if self._last_seen_ns is None:
            return False
        return now_ns - self._last_seen_ns > self._config.silence_s * NS_PER_S

    def _requested(self, request: Request) -> Aim | None:
        """Return the goal of a request, None where it is in force already."""
        if self._shown == (request,) and self._aim.source == 'request':
            return None
        self._shown = (request,)
        if not request.expression:
            units = self._library.circumplex(request.valence, request.arousal)
            return self._rise('', request.intensity, request.intensity * units, 'request')
        if request.second:
            units = self._library.blend(request.expression, request.second, request.share)
        else:
            units = self._vary(request.expression)
        return self._rise(
            request.expression, request.intensity, request.intensity * units, 'request'
        )

    def _answered(self) -> Aim | None:
        """Return the goal of the answer, or of rest; None where little has changed."""
        config = self._config
        answer = self._answer or NEUTRAL
        intensity = answer.intensity * self._rules.get(answer.expression, 1.0)
        name, source = answer.expression, 'policy'
        if self._answer is None or name == 'neutral' or intensity <= 0.0:
            name, intensity, source = config.idle_expression, config.idle_intensity, 'idle'
        last = self._aim
        same = last.source == source and last.expression == name and self._shown == (name,)
        if same and abs(last.intensity - intensity) < VISIBLE:
            return None
        if same:
            units = last.units * (intensity / last.intensity) if last.intensity else last.units
            if not last.intensity:
                units = self._library.units(name, intensity)
            return Aim(name, intensity, units, FOLLOW_S, source, last.bumps * 0.0)
        self._shown = (name,)
        return self._rise(name, intensity, intensity * self._vary(name), source)

    def _vary(self, name: str) -> Float64:
        """Return an expression's units, another variant each time."""
        turn = self._turns[name]
        self._turns[name] += 1
        return self._library.units(name, 1.0, turn)

    def _rise(self, name: str, intensity: float, units: Float64, source: str) -> Aim:
        """Return a goal with the time that it takes: its own rise, or the last one's decay."""
        if not units.any():
            last = self._aim.expression or 'neutral'
            profile = self._profiles.of(last)
            decay_s = profile.decay_s or self._library.spec(last).decay_s
            return Aim(name or 'neutral', intensity, units, decay_s, source, profile.decay)
        profile = self._profiles.of(name)
        rise_s = profile.rise_s or self._library.spec(name or 'neutral').rise_s
        return Aim(name, intensity, units, rise_s, source, profile.rise)

    def _neutral(self, source: str, duration_s: float) -> Aim:
        units = self._library.units('neutral')
        return Aim('neutral', 0.0, units, duration_s, source, np.zeros(3))
