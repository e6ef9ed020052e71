"""FACS action units of every face, beside the person's own neutral.

A unit's filter (:mod:`fer_ros.recognition.au_filters`) gives a score: 1 at full strength. The
person's neutral is taken off it, and so is what could be mere difference between people or
misreading: much while the person is new, little once their neutral is known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np

from fer_ros.errors import DataError
from fer_ros.recognition.au_filters import (
    BLINK,
    CENTRAL,
    OBLIQUE,
    TWO_SIDED,
    AuFilters,
    rows_of,
    shipped_filters,
)
from fer_ros.recognition.face_shape import face_shape
from fer_ros.recognition.face_texture import face_texture
from fer_ros.recognition.lean import LeanMeter
from fer_ros.recognition.lids import LidCourse
from fer_ros.recognition.neutral import NeutralConfig, PersonNeutral
from fer_ros.taxonomy import LandmarkScheme, QualityFlag
from fer_ros.types import ActionUnit, AlignedFace, Face, Float64

# A score counts from this many deviations above neutral on, and is full after at least so many
# more: what neutral people differ by is never a strong unit.
_FROM_STD, _FULL_STD = 1.0, 2.0
_CLOSED = 43
# A unit and those that it hides: closed lids are not tight, sucked lips neither tight nor pressed,
# and a mouth that is wide open is none of them. FACS scores them one at a time as well.
_HIDING = 0.75, 1.0  # strength from which it hides, and at which nothing is left
_HIDES = ((43, (7,)), (28, (23, 24)), (27, (17, 23, 24, 28)))
_ROWS = {code: rows_of(code) for code in (*TWO_SIDED, *CENTRAL, OBLIQUE)}
_UPPER_FACE = frozenset({1, 2, 4, 5, 6, 7, 9, 43, 45})
# Confidence falls from the first angle to nothing at the second; at 35 degrees half is left.
_TURN_RAD = math.radians(25), math.radians(45)
_WIDTH_PX = 16.0, 48.0  # of the face: from nothing to all
_SHARP = 0.35

# Half a second at rest outweighs the population: one person's neutral differs little over time.
_PRIOR_S = 0.5

UNREADABLE_MESH, UNREADABLE_POINTS = 'mesh_without_irises', 'landmarks_not_usable'


class ActionUnitReader:
    """Reads the action units of each face; keeps a neutral and the lids' course per face."""

    def __init__(self, filters: AuFilters | None = None) -> None:
        """Take filters, by default the shipped ones."""
        self._filters = filters or shipped_filters()
        self._jitter_squared = self._filters.jitter**2
        count = len(self._filters.offset)
        self._neutral = PersonNeutral(
            np.zeros(count), self._filters.spread, NeutralConfig(_PRIOR_S)
        )
        self._lids = LidCourse()
        self._lean = LeanMeter()
        self._unreadable: Counter[str] = Counter()

    @property
    def unreadable(self) -> dict[str, int]:
        """How many faces gave no action units, by reason."""
        return dict(self._unreadable)

    def read(self, face: Face, aligned: AlignedFace, *, rest: float) -> dict[int, ActionUnit]:
        """Take one frame's face and return its action units by FACS code.

        Empty, and counted, where the landmarks can not be used.

        :param rest: 0..1, how much the face seems at rest: it then teaches its own neutral.
        """
        if face.scheme is not LandmarkScheme.MEDIAPIPE_478:
            self._unreadable[UNREADABLE_MESH] += 1
            return {}
        try:
            shape = face_shape(face.landmarks_px)
        except DataError:
            self._unreadable[UNREADABLE_POINTS] += 1
            return {}
        scores = self._filters.scores(shape.points_cm, face_texture(aligned, face.landmarks_px))
        neutral, doubt = self._neutral.update(
            face.face_id,
            scores,
            rest=rest * min(2.0 * face.quality.score, 1.0),
            stamp_ns=face.stamp_ns,
        )
        units = self._units(face, self._strengths(scores - neutral, doubt))
        return {**units, **self._lean.update(face)}

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left."""
        ids = tuple(face_ids)
        self._neutral.forget(ids)
        self._lids.forget(ids)
        self._lean.forget(ids)

    def reset(self) -> None:
        """Forget every face."""
        self._neutral.reset()
        self._lids.reset()
        self._lean.reset()

    def _strengths(self, beyond: Float64, doubt: Float64) -> Float64:
        """Return (ROWS,) intensities 0..1 from scores beyond neutral and what may be chance."""
        spread = np.sqrt(doubt * doubt + self._jitter_squared)
        start = _FROM_STD * spread
        strengths: Float64 = (beyond - start) / np.maximum(1.0 - start, _FULL_STD * spread)
        strengths = np.minimum(np.maximum(strengths, 0.0), 1.0)
        return strengths if math.isfinite(float(strengths.sum())) else np.nan_to_num(strengths)

    def _units(self, face: Face, strengths: Float64) -> dict[int, ActionUnit]:
        """Return every unit with its confidence, lids by their course."""
        seen = visibility(face)
        found: dict[int, ActionUnit] = {}
        values = strengths.tolist()
        for code in TWO_SIDED:
            right, left, both = _ROWS[code]
            confidence = self._filters.reliability[code] * seen[code in _UPPER_FACE]
            found[code] = ActionUnit(values[both], confidence, values[left], values[right])
        for code in CENTRAL:
            confidence = self._filters.reliability[code] * seen[False]
            found[code] = ActionUnit(values[_ROWS[code][0]], confidence)
        brows = self._filters.reliability[OBLIQUE] * seen[True]
        found[OBLIQUE] = ActionUnit(values[_ROWS[OBLIQUE][0]], brows)
        for code, hidden in _HIDES:
            for other in hidden:
                hiding = _ramp(found[code].intensity, *_HIDING)
                found[other] = _fainter(found[other], 1.0 - hiding)
        self._split_lids(face, found, seen[True])
        return found

    def _split_lids(self, face: Face, found: dict[int, ActionUnit], seen: float) -> None:
        """Tell a blink from closed eyes."""
        lids = found[_CLOSED]
        closed, blink = self._lids.update(face.face_id, lids.intensity, stamp_ns=face.stamp_ns)
        left, right = lids.left or 0.0, lids.right or 0.0
        confidence = self._filters.reliability[BLINK] * seen
        nothing = ActionUnit(0.0, lids.confidence, 0.0, 0.0)
        found[_CLOSED] = lids if closed > 0.0 or blink == 0.0 else nothing
        found[BLINK] = (
            ActionUnit(blink, confidence, left, right)
            if blink > 0.0
            else ActionUnit(0.0, confidence, 0.0, 0.0)
        )


def visibility(face: Face) -> tuple[float, float]:
    """Return how well the lower and the upper face can be read in this frame, each 0..1."""
    pose = face.head_pose
    turn = max(abs(pose.yaw_rad), abs(pose.pitch_rad)) if pose is not None else 0.0
    quality = face.quality
    shared = (
        face.score
        * (1.0 - _ramp(turn, *_TURN_RAD))
        * _ramp(quality.width_px, *_WIDTH_PX)
        * min(quality.sharpness / _SHARP, 1.0)
    )
    if not quality.flags:
        return shared, shared
    if quality.flags & (QualityFlag.DARK | QualityFlag.OVEREXPOSED):
        shared *= 0.5
    lower = 0.0 if quality.flags & QualityFlag.OCCLUDED_LOWER else shared
    upper = 0.0 if quality.flags & QualityFlag.OCCLUDED_UPPER else shared
    return lower, upper


def _fainter(unit: ActionUnit, share: float) -> ActionUnit:
    """Return a unit at a share of its strength."""
    if share == 1.0:
        return unit
    left, right = (None if side is None else side * share for side in (unit.left, unit.right))
    return ActionUnit(unit.intensity * share, unit.confidence, left, right)


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 below the first number, 1 above the second, straight in between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)
