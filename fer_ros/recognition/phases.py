"""From a smooth course of presence to phases and events: when an expression came and went.

Neutral, onset, apex, offset and neutral again, always in this order (Ekman & Rosenberg 2005,
"What the face reveals"). A phase can be told only after it has begun: its stamp goes back to when
it did, which a short memory tells, interpolated between frames.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from fer_ros.errors import ConfigError
from fer_ros.taxonomy import EventKind, Phase
from fer_ros.types import ExpressionEvent

# How far back a phase may have begun, and how many frames are kept at most: 1.5 s at 120 Hz.
MEMORY_NS = 1_500_000_000
MEMORY_FRAMES = 180
# A rise has left rest (the median of the memory), and a fall the apex, at this share of the way to
# where it shows; an expression is full at this share of its peak. Chosen on composed clips.
LEFT, FULL = 0.2, 0.9
# It rises as long as it gained so much over so long, and rises again from so much on.
GAIN = 0.03
GAIN_NS = 100_000_000
REGAIN = 0.08


@dataclass(frozen=True, slots=True)
class PhaseConfig:
    """Limits of the phases, all 0..1, of how far anything is expressed.

    :param onset_intensity: an expression begins above this presence.
    :param offset_intensity: and is over below this one.
    :param apex_share: share of the episode's peak that still counts as its apex.
    """

    onset_intensity: float = 0.4
    offset_intensity: float = 0.25
    apex_share: float = 0.85

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ('onset_intensity', 'offset_intensity', 'apex_share'):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f'{name}: expected a number in [0, 1], found {value!r}')
        if self.offset_intensity > self.onset_intensity:
            raise ConfigError(
                f'offset_intensity: expected at most onset_intensity ({self.onset_intensity}), '
                f'found {self.offset_intensity}'
            )


@dataclass(frozen=True, slots=True)
class _Episode:
    """An expression that is not over yet; stamps in ns, None what has not been told."""

    label: str
    onset_ns: int
    peak: float  # of the presence
    strongest: float  # of the intensity
    apex_ns: int | None = None
    offset_ns: int | None = None
    lowest: float = 1.0  # since the offset


@dataclass(slots=True)
class PhaseTracker:
    """One face's phases. Memory: at most MEMORY_FRAMES pairs of stamp and presence.

    :param phase_started_ns: when the phase began.
    """

    face_id: str
    phase: Phase = Phase.NEUTRAL
    phase_started_ns: int = 0
    _episode: _Episode | None = None
    _now: float = 0.0
    _past: deque[tuple[int, float]] = field(default_factory=lambda: deque(maxlen=MEMORY_FRAMES))

    def update(
        self,
        label: str,
        emotion: str,
        presence: float,
        stamp_ns: int,
        config: PhaseConfig,
        *,
        intensity: float | None = None,
    ) -> tuple[ExpressionEvent, ...]:
        """Take one frame and return what it made known.

        :param label: the dominant one, ``neutral`` included.
        :param emotion: the strongest one beside neutral: what an expression is called.
        :param presence: 0..1, how far anything is expressed: what the phases follow.
        :param intensity: 0..1, how strong it is, for the events' peaks; by default the presence.
        """
        if not self._past:
            self.phase_started_ns = stamp_ns
        self._past.append((stamp_ns, presence))
        while self._past[0][0] < stamp_ns - MEMORY_NS:
            self._past.popleft()
        self._now = presence if intensity is None else intensity
        if self._episode is None:
            return self._wait(emotion, presence, stamp_ns, config)
        self._renew(strongest=max(self._episode.strongest, self._now))
        return self._follow(label, emotion, presence, stamp_ns, config)

    def close(self) -> tuple[ExpressionEvent, ...]:
        """End what is going on: the face has left, and its last frame is all that is known."""
        if self._episode is None:
            return ()
        stamp_ns = self._past[-1][0]
        return (self._end(stamp_ns, stamp_ns),)

    def _wait(
        self, emotion: str, presence: float, stamp_ns: int, config: PhaseConfig
    ) -> tuple[ExpressionEvent, ...]:
        """Begin an episode where the presence tells one."""
        if presence < config.onset_intensity:
            return ()
        self._episode = _Episode(emotion, self._rise_began(), presence, self._now)
        self._enter(Phase.ONSET, self._episode.onset_ns)
        return (self._event(EventKind.ONSET, stamp_ns),)

    def _follow(
        self, label: str, emotion: str, presence: float, stamp_ns: int, config: PhaseConfig
    ) -> tuple[ExpressionEvent, ...]:
        """Move an episode on by one frame."""
        episode = self._episode
        assert episode is not None
        if self.phase is Phase.ONSET:
            self._renew(label=emotion, peak=max(episode.peak, presence))
            if self._rises() and presence >= config.apex_share * episode.peak:
                return ()
            self._renew(apex_ns=self._full_since())
            self._enter(Phase.APEX, self._known().apex_ns)
            return (self._event(EventKind.APEX, stamp_ns),)
        other = label not in ('neutral', episode.label)
        if other or self._rises_again(presence, config):
            ended = self._end(stamp_ns, stamp_ns if other else self._low_since())
            return (ended, *self._wait(emotion, presence, stamp_ns, config))
        if self.phase is Phase.APEX:
            self._renew(peak=max(episode.peak, presence))
            if presence >= config.apex_share * self._known().peak:
                return ()
            self._renew(offset_ns=self._fall_began(), lowest=presence)
            self._enter(Phase.OFFSET, self._known().offset_ns)
            return (self._event(EventKind.OFFSET, stamp_ns),)
        self._renew(lowest=min(episode.lowest, presence))
        if presence >= config.offset_intensity:
            return ()
        over_ns = self._since(config.offset_intensity, above=False)
        return (self._end(stamp_ns, max(over_ns, self.phase_started_ns)),)

    # What the memory tells; its newest frame is the one at hand.

    def _rises(self) -> bool:
        """Tell whether the presence gained over the last tenth of a second."""
        newest_ns, now = self._past[-1]
        before = [value for stamp_ns, value in self._past if stamp_ns <= newest_ns - GAIN_NS]
        start = before[-1] if before else self._past[0][1]
        return now > start + GAIN if len(self._past) > 1 else True

    def _rises_again(self, presence: float, config: PhaseConfig) -> bool:
        """Tell whether a fading expression comes back before it is over."""
        fading = self.phase is Phase.OFFSET and presence >= config.onset_intensity
        return fading and presence >= self._known().lowest + REGAIN

    def _rise_began(self) -> int:
        """Return when the rise that leads to the newest frame left the level of rest."""
        return self._left([value for _, value in self._past])

    def _fall_began(self) -> int:
        """Return when the fall that leads to the newest frame left the level of the apex."""
        apex = [value for ns, value in self._past if ns >= self.phase_started_ns]
        return max(self._left(apex), self.phase_started_ns)

    def _left(self, values: Sequence[float]) -> int:
        """Return since when the presence is away from the median of what was before."""
        now = values[-1]
        level = median(values[:-1]) if len(values) > 1 else 0.0
        return self._since(level + LEFT * (now - level), above=now > level)

    def _full_since(self) -> int:
        """Return since when the presence is at nine tenths of the peak."""
        return max(self._since(FULL * self._known().peak, above=True), self._known().onset_ns)

    def _low_since(self) -> int:
        """Return when a fading expression was at its lowest."""
        lowest = min(value for ns, value in self._past if ns >= self.phase_started_ns)
        return max(ns for ns, value in self._past if value == lowest)

    def _since(self, limit: float, *, above: bool) -> int:
        """Return since when the presence is beyond a limit, interpolated between frames."""
        later_ns, later = self._past[-1]
        for stamp_ns, value in reversed(self._past):
            if value > limit if not above else value < limit:
                share = (limit - value) / (later - value) if later != value else 1.0
                return stamp_ns + round(share * (later_ns - stamp_ns))
            later_ns, later = stamp_ns, value
        return later_ns

    # State

    def _known(self) -> _Episode:
        assert self._episode is not None
        return self._episode

    def _renew(self, **changes: Any) -> None:
        self._episode = replace(self._known(), **changes)

    def _enter(self, phase: Phase, began_ns: int | None) -> None:
        assert began_ns is not None
        self.phase, self.phase_started_ns = phase, began_ns

    def _event(self, kind: EventKind, stamp_ns: int, end_ns: int | None = None) -> ExpressionEvent:
        episode = self._known()
        return ExpressionEvent(
            face_id=self.face_id,
            stamp_ns=stamp_ns,
            kind=kind,
            label=episode.label,
            peak=episode.strongest,
            onset_ns=episode.onset_ns,
            apex_ns=episode.apex_ns,
            offset_ns=episode.offset_ns,
            end_ns=end_ns,
        )

    def _end(self, stamp_ns: int, end_ns: int) -> ExpressionEvent:
        """End the episode and be neutral; what was before is no part of the next."""
        event = self._event(EventKind.END, stamp_ns, end_ns)
        self._episode = None
        while self._past[0][0] < end_ns:
            self._past.popleft()
        self._enter(Phase.NEUTRAL, end_ns)
        return event
