"""Blink or closed eyes: the same lids, told apart by their course over time.

FACS scores 45 for lids that close and open again within half a second, and 43 for lids that stay
down longer. While lids are down it can not be known yet, so a fast closing is a blink until half a
second has passed; lids that sink slowly, or are down when a face is first seen, are 43 at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BLINK_NS = 500_000_000  # FACS: longer is not a blink
_FAST_NS = 300_000_000  # lids that take longer to close sink
_OPEN, _DOWN = 0.2, 0.4  # closure below which lids are open and above which they are down


@dataclass(slots=True)
class _Lids:
    stamp_ns: int
    open_ns: int | None = None  # when they were last open
    down_ns: int | None = None  # since when they have been down
    blinking: bool = False


class LidCourse:
    """Splits each face's lid closure into 43 (closed) and 45 (blink)."""

    def __init__(self) -> None:
        """Start without a memory of any face."""
        self._faces: dict[str, _Lids] = {}

    def update(self, face_id: str, closure: float, *, stamp_ns: int) -> tuple[float, float]:
        """Take one frame's closure, 0 (open) .. 1, and return the intensities of 43 and 45."""
        lids = self._faces.setdefault(face_id, _Lids(stamp_ns))
        lids.stamp_ns = stamp_ns
        if closure < _OPEN:
            lids.open_ns, lids.down_ns, lids.blinking = stamp_ns, None, False
            return closure, 0.0
        if closure >= _DOWN and lids.down_ns is None:
            lids.down_ns = stamp_ns
            lids.blinking = lids.open_ns is not None and stamp_ns - lids.open_ns <= _FAST_NS
        if lids.down_ns is None:
            return self._between(lids, closure)
        if lids.blinking and stamp_ns - lids.down_ns >= BLINK_NS:
            lids.blinking = False
        return (0.0, closure) if lids.blinking else (closure, 0.0)

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left."""
        for face_id in face_ids:
            self._faces.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face."""
        self._faces.clear()

    @staticmethod
    def _between(lids: _Lids, closure: float) -> tuple[float, float]:
        """Half-way: on a fast way down it is the beginning of a blink, else lids that droop."""
        fast = lids.open_ns is not None and lids.stamp_ns - lids.open_ns <= _FAST_NS
        return (0.0, closure) if fast else (closure, 0.0)
