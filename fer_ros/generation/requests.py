"""Requests for an expression: who may have the face, for how long, and who gets it back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import IntEnum

from fer_ros.errors import DataError

NS_PER_S = 1_000_000_000
MAX_DURATION_S = 3600.0
MAX_WAITING = 32


class RequestState(IntEnum):
    """Where a request is; values equal those of fer_msgs/RequestStatus."""

    WAITING = 0  # behind another one, or below one of higher priority
    ACTIVE = 1
    PREEMPTED = 2  # a higher one came; it returns if it has time left then
    DONE = 3
    REFUSED = 4


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants the face to show.

    :param expression: a name of the library; '' takes valence and arousal.
    :param second, share: a second expression and its share, 0..1.
    :param intensity: scale of the expression, 0..1.
    :param priority: 0..255; mirroring is below all of them.
    :param duration_s: 0 takes the library's own.
    :param queue: wait for those of the same priority instead of replacing them.
    :param request_id: how its status is called.
    """

    expression: str = ''
    second: str = ''
    share: float = 0.0
    valence: float = 0.0
    arousal: float = 0.0
    intensity: float = 1.0
    priority: int = 100
    duration_s: float = 0.0
    queue: bool = False
    request_id: str = ''

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, low, high in (
            ('share', 0.0, 1.0),
            ('valence', -1.0, 1.0),
            ('arousal', -1.0, 1.0),
            ('intensity', 0.0, 1.0),
            ('priority', 0, 255),
            ('duration_s', 0.0, MAX_DURATION_S),
        ):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not math.isfinite(value) or not low <= value <= high:
                raise DataError(
                    f'request: {name}: expected a number in [{low:g}, {high:g}], found {value!r}'
                )


@dataclass(frozen=True, slots=True)
class RequestStatus:
    """What became of a request."""

    request: Request
    state: RequestState
    reason: str = ''


@dataclass(slots=True)
class _Entry:
    """A request that was taken, and until when it counts."""

    request: Request
    order: int
    duration_ns: int
    until_ns: int | None = None  # None: its time has not begun


@dataclass(slots=True)
class Arbiter:
    """Keeps requests and says whose turn it is.

    The highest priority goes first and, among equals, the newest; a queued one waits for its
    equals to end. Time runs from the moment a request is first shown, or could have been: one
    that is pre-empted returns only if its time is not over.
    """

    _entries: list[_Entry] = field(default_factory=list)
    _count: int = 0
    _active: _Entry | None = None

    @property
    def active(self) -> Request | None:
        """The request that has the face."""
        return self._active.request if self._active else None

    @property
    def next_ns(self) -> int | None:
        """When the next request's time is over."""
        return min((e.until_ns for e in self._entries if e.until_ns is not None), default=None)

    def submit(self, request: Request, duration_s: float, now_ns: int) -> list[RequestStatus]:
        """Take a request; return what it changes.

        :param duration_s: the library's own, where the request has none.
        """
        if request.request_id:
            self._entries = [
                e for e in self._entries if e.request.request_id != request.request_id
            ]
        equals = (
            []
            if request.queue
            else [e for e in self._entries if e.request.priority == request.priority]
        )
        crowded = None
        if len(self._entries) - len(equals) >= MAX_WAITING:
            # The last of the least gives way to what is above it.
            crowded = min(self._entries, key=lambda e: (e.request.priority, -e.order))
            if crowded.request.priority >= request.priority:
                reason = f'expected at most {MAX_WAITING} requests at a time; cancel or wait'
                return [RequestStatus(request, RequestState.REFUSED, reason)]
            self._entries.remove(crowded)
        self._count += 1
        duration_ns = round((request.duration_s or duration_s) * NS_PER_S)
        entry = _Entry(request, self._count, duration_ns)
        if not request.queue:
            entry.until_ns = now_ns + duration_ns
            self._entries = [e for e in self._entries if e not in equals]
        self._entries.append(entry)
        replaced = [
            RequestStatus(e.request, RequestState.DONE, 'replaced by a newer one') for e in equals
        ]
        if crowded is not None:
            reason = f'more than {MAX_WAITING} requests, and this one the last of the least'
            replaced.append(RequestStatus(crowded.request, RequestState.REFUSED, reason))
        changes = self.update(now_ns)
        if entry is not self._active and entry in self._entries:
            changes.append(RequestStatus(request, RequestState.WAITING))
        return replaced + changes

    def cancel(self, now_ns: int) -> list[RequestStatus]:
        """Drop every request."""
        dropped = [RequestStatus(e.request, RequestState.DONE, 'cancelled') for e in self._entries]
        self._entries, self._active = [], None
        return dropped

    def update(self, now_ns: int) -> list[RequestStatus]:
        """Let time pass; return what changes."""
        over = [e for e in self._entries if e.until_ns is not None and e.until_ns <= now_ns]
        changes = [RequestStatus(e.request, RequestState.DONE) for e in over]
        if over:
            self._entries = [e for e in self._entries if e not in over]
        # A queued request goes after its elders; one that replaces has none of its priority.
        best = max(self._entries, key=lambda e: (e.request.priority, -e.order), default=None)
        last, self._active = self._active, best
        if best is last:
            return changes
        if last is not None and last in self._entries:
            changes.append(RequestStatus(last.request, RequestState.PREEMPTED))
        if best is not None:
            if best.until_ns is None:
                best.until_ns = now_ns + best.duration_ns
            changes.append(RequestStatus(best.request, RequestState.ACTIVE))
        return changes
