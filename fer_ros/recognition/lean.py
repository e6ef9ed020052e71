"""Head forward and back (FACS 57 and 58): nearer or further than this person has been of late."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from fer_ros.types import ActionUnit, Face

FORWARD, BACK = 57, 58
_LIMIT = math.log(1.5)  # a third nearer, or half as far again, is full strength
_HORIZON_NS = 10_000_000_000
# A robot or a person that walks changes the distance too: never more certain than this.
_RELIABILITY = 0.4


@dataclass(slots=True)
class _Distance:
    stamp_ns: int
    usual: float


class LeanMeter:
    """Compares each face's distance with a slow mean of it."""

    def __init__(self) -> None:
        """Start without a memory of any face."""
        self._faces: dict[str, _Distance] = {}

    def update(self, face: Face) -> dict[int, ActionUnit]:
        """Take one frame's face and return codes 57 and 58; empty without a head pose."""
        if face.head_pose is None:
            return {}
        now = math.log(max(float(face.head_pose.translation_m[2]), 1e-6))
        known = self._faces.setdefault(face.face_id, _Distance(face.stamp_ns, now))
        gain = -math.expm1(-(face.stamp_ns - known.stamp_ns) / _HORIZON_NS)
        known.usual += gain * (now - known.usual)
        known.stamp_ns = face.stamp_ns
        nearer = min(max((known.usual - now) / _LIMIT, -1.0), 1.0)
        confidence = _RELIABILITY * face.score
        return {
            FORWARD: ActionUnit(max(nearer, 0.0), confidence),
            BACK: ActionUnit(max(-nearer, 0.0), confidence),
        }

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left."""
        for face_id in face_ids:
            self._faces.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face."""
        self._faces.clear()
