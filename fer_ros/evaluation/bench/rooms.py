"""Which room a frame's time goes to, measured at the doors of the pipeline.

Functions and objects that the pipeline takes from the rooms are wrapped while it is measured; a
room's time is what passes inside it, without that of rooms that it is called from. So a room that
is new is measured without a word here.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType
from typing import Any

from fer_ros.pipeline import Pipeline, expressions, pipeline

OWN = 'pipeline'


class Stopwatch:
    """Adds up the time between doors, by room."""

    def __init__(self) -> None:
        """Begin at nothing."""
        self.spent_s: defaultdict[str, float] = defaultdict(float)
        self._inside: list[str] = []
        self._since_s = 0.0

    @contextmanager
    def inside(self, room: str) -> Iterator[None]:
        """Count what passes for a room; what is inside of it counts for the inner one."""
        self._turn()
        self._inside.append(room)
        try:
            yield
        finally:
            self._turn()
            self._inside.pop()

    def _turn(self) -> None:
        now_s = time.perf_counter()
        if self._inside:
            self.spent_s[self._inside[-1]] += now_s - self._since_s
        self._since_s = now_s

    def wrap(self, call: Callable[..., Any], room: str) -> Callable[..., Any]:
        """Return a function whose time counts for a room."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.inside(room):
                return call(*args, **kwargs)

        return timed


class _Timed:
    """Stands for an object of a room; its methods are timed."""

    def __init__(self, item: Any, room: str, watch: Stopwatch) -> None:
        self._item, self._room, self._watch = item, room, watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._item, name)
        return self._watch.wrap(found, self._room) if callable(found) else found


def room_of(item: Any) -> str:
    """Return the room that a function or object comes from, '' where from none.

    A room's module stands behind its name, where it has several: ``recognition.temporal``.
    """
    origin = getattr(item, '__module__', None) or type(item).__module__
    parts = str(origin).split('.')
    known = ('detection', 'alignment', 'recognition', 'inference')
    return '.'.join(parts[1:3]) if parts[0] == 'fer_ros' and parts[1] in known else ''


@contextmanager
def measured(chain: Pipeline) -> Iterator[Stopwatch]:
    """Wrap every door of a pipeline; yield what adds up, and unwrap afterwards."""
    watch = Stopwatch()
    owners = (pipeline, expressions, chain, chain.expressions)
    doors = [
        (owner, name, item)
        for owner in owners
        for name, item in vars(owner).items()
        if _is_door(name, item)
    ]
    try:
        for owner, name, item in doors:
            if isinstance(item, FunctionType):
                setattr(owner, name, watch.wrap(item, room_of(item)))
            else:
                setattr(owner, name, _Timed(item, room_of(type(item)), watch))
        yield watch
    finally:
        for owner, name, item in doors:
            setattr(owner, name, item)


def _is_door(name: str, item: Any) -> bool:
    """Tell whether it is a function of a room or an object that a room made."""
    if isinstance(item, FunctionType):
        return bool(room_of(item))
    return bool(room_of(type(item))) and not name.endswith('config')
