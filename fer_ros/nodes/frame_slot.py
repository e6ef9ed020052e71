"""A slot of one between a callback and a worker: the newest item wins, the rest is counted."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar('Item')


class FrameSlot(Generic[Item]):
    """Holds the newest item of each key until the worker takes it."""

    def __init__(self) -> None:
        """Start empty and open."""
        self._condition = threading.Condition()
        self._items: dict[str, Item] = {}
        self._closed = False

    def put(self, item: Item, key: str = '') -> bool:
        """Offer an item; return whether it replaced one that nobody had taken."""
        with self._condition:
            replaced = key in self._items
            self._items[key] = item
            self._condition.notify()
            return replaced

    def take(self) -> Item | None:
        """Wait for the newest item, of the key that waits longest; None once it is closed."""
        with self._condition:
            self._condition.wait_for(lambda: self._closed or bool(self._items))
            return None if self._closed else self._items.pop(next(iter(self._items)))

    def close(self) -> None:
        """Wake the worker up for good."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()
