"""Which face is whose: tracks that live on landmarks and on detections where those are lost."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fer_ros.errors import ConfigError, DataError
from fer_ros.roi import roi_from_detection, roi_from_landmarks
from fer_ros.types import Detection, Landmarks, RotatedRoi

NS_PER_S = 1_000_000_000
# Two ROIs closer than this share of the smaller one's side show one face.
SAME_FACE = 0.35
# How far a lost face may have moved, in sides of its ROI, and changed in size.
REACH = 0.75
RESIZE = 1.8
# A detection of this score is a face; below it, its key points must be within this share of the
# face's width of the landmarks. Measured: real faces of 35 px and more 0.02-0.13, lettering of a
# cartoon with a high presence 0.17-0.3.
SURE_SCORE = 0.75
AGREEMENT = 0.14
BIRTH_PRESENCE = 0.8
# The detector's first four key points in the mesh: right eye, left eye, nose tip, mouth.
MESH_KEYPOINTS = ((33, 133), (362, 263), (4,), (13, 14))

_LETTERS = 'abcdefghijklmnopqrstuvwxyz'
_SYMBOLS = _LETTERS + '0123456789'
_IDS = len(_LETTERS) * len(_SYMBOLS) ** 4
_STRIDE = 27_644_437  # prime and no divisor of _IDS: walks through every id before one comes back


@dataclass(frozen=True, slots=True)
class TrackingConfig:
    """Settings of the tracker.

    :param max_faces: follow at most this many.
    :param detection_interval: frames between looks for new faces while some are followed.
    :param min_presence: below this presence of a face the track counts as unseen.
    :param lost_timeout_s: an unseen face is kept for so long.
    """

    max_faces: int = 16
    detection_interval: int = 10
    min_presence: float = 0.5
    lost_timeout_s: float = 0.8

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ('max_faces', 'detection_interval'):
            if getattr(self, name) < 1:
                raise ConfigError(f'{name}: expected 1 or more, found {getattr(self, name)!r}')
        if not 0.0 <= self.min_presence <= 1.0:
            raise ConfigError(
                f'min_presence: expected a number in [0, 1], found {self.min_presence!r}'
            )
        if not 0.0 <= self.lost_timeout_s <= 10.0:
            raise ConfigError(
                f'lost_timeout_s: expected seconds in [0, 10], found {self.lost_timeout_s!r}'
            )


@dataclass(frozen=True, slots=True)
class Proposal:
    """Where to read landmarks.

    :param face_id: the track it belongs to, '' for a face without one.
    :param detection: what the ROI comes from, or None where it comes from the last landmarks.
    """

    face_id: str
    roi: RotatedRoi
    detection: Detection | None = None

    @property
    def is_new(self) -> bool:
        """Whether a second pass, from the landmarks of the first, is better."""
        return self.detection is not None


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """A face that was seen in this frame."""

    face_id: str
    landmarks: Landmarks


@dataclass(frozen=True, slots=True)
class _Track:
    """What is kept of a face: its next ROI, since when it lives, when it was last seen."""

    face_id: str
    roi: RotatedRoi
    born: int
    seen_ns: int
    visible: bool


class FaceTracker:
    """Follows faces from frame to frame."""

    def __init__(self, config: TrackingConfig | None = None) -> None:
        """Follow nobody yet."""
        self.config = config or TrackingConfig()
        self._tracks: dict[str, _Track] = {}
        self._ended: list[str] = []
        self._seed: int | None = None
        self._count = 0
        self._since_detection = 0

    def tracked(self) -> tuple[str, ...]:
        """Return the ids that are followed, those unseen for a moment included."""
        return tuple(self._tracks)

    def ended(self) -> tuple[str, ...]:
        """Return the ids that ended in the last update."""
        return tuple(self._ended)

    def reset(self) -> None:
        """Forget every face; ids go on, so that none comes back."""
        self._tracks.clear()
        self._ended.clear()
        self._since_detection = 0

    def wants_detection(self) -> bool:
        """Tell whether to look for faces in this frame."""
        if len(self._tracks) >= self.config.max_faces and self._all_visible():
            return False
        return not self._all_visible() or self._since_detection >= self.config.detection_interval

    def _all_visible(self) -> bool:
        """Tell whether somebody is followed, and all of them are seen."""
        return bool(self._tracks) and all(track.visible for track in self._tracks.values())

    def propose(self, detections: Sequence[Detection]) -> list[Proposal]:
        """Return where to read landmarks: visible tracks first, then what was detected anew.

        :param detections: the most certain first; empty where nobody looked.
        """
        visible = [track for track in self._tracks.values() if track.visible]
        lost = [track for track in self._tracks.values() if not track.visible]
        proposals = [Proposal(track.face_id, track.roi) for track in visible]
        for detection in detections:
            roi = roi_from_detection(detection)
            if any(same_face(roi, proposal.roi) for proposal in proposals):
                continue
            owner = min(
                (track for track in lost if _within_reach(track.roi, roi)),
                key=lambda track: _distance(track.roi, roi),
                default=None,
            )
            if owner is not None:
                lost.remove(owner)
            elif len(proposals) + len(lost) >= self.config.max_faces:
                continue
            proposals.append(Proposal(owner.face_id if owner else '', roi, detection))
        return proposals

    def update(
        self,
        proposals: Sequence[Proposal],
        landmarks: Sequence[Landmarks],
        *,
        looked: bool,
        stamp_ns: int,
    ) -> list[TrackedFace]:
        """Move every track on by what was read, and return the faces that are seen.

        :param landmarks: those of each proposal.
        :param looked: the detector looked at this frame.
        """
        if len(proposals) != len(landmarks):
            raise DataError(
                f'update: expected landmarks of {len(proposals)} proposals, found {len(landmarks)}'
            )
        self._since_detection = 1 if looked else self._since_detection + 1
        self._tracks = {
            face_id: replace(track, visible=False) for face_id, track in self._tracks.items()
        }
        seen = self._seen(proposals, landmarks)
        faces = [self._follow(proposal, found, stamp_ns) for proposal, found in seen]
        self._end_lost(stamp_ns)
        return faces

    def _seen(
        self, proposals: Sequence[Proposal], landmarks: Sequence[Landmarks]
    ) -> list[tuple[Proposal, Landmarks]]:
        """Return what holds a face, each face once: an older track goes before a younger one."""
        pairs = [
            (proposal, found)
            for proposal, found in zip(proposals, landmarks)
            if found.presence >= self.config.min_presence
            and (proposal.detection is None or convincing(proposal.detection, found))
        ]
        pairs.sort(key=lambda pair: self._age(pair[0]))
        kept: list[tuple[Proposal, Landmarks]] = []
        rois: list[RotatedRoi] = []
        for proposal, found in pairs:
            roi = roi_from_landmarks(found.points_px)
            if not any(same_face(roi, other) for other in rois):
                kept.append((proposal, found))
                rois.append(roi)
        return kept

    def _age(self, proposal: Proposal) -> float:
        """Return the order in which tracks were born; new faces come last."""
        track = self._tracks.get(proposal.face_id)
        return track.born if track else math.inf

    def _follow(self, proposal: Proposal, found: Landmarks, stamp_ns: int) -> TrackedFace:
        """Move one track on, or begin one."""
        track = self._tracks.get(proposal.face_id)
        face_id = track.face_id if track else self._new_id(stamp_ns)
        born = track.born if track else self._count
        roi = roi_from_landmarks(found.points_px)
        self._tracks[face_id] = _Track(face_id, roi, born, stamp_ns, visible=True)
        return TrackedFace(face_id, found)

    def _end_lost(self, stamp_ns: int) -> None:
        """Drop the tracks that were unseen for too long."""
        limit_ns = stamp_ns - round(self.config.lost_timeout_s * NS_PER_S)
        self._ended = [
            track.face_id
            for track in self._tracks.values()
            if not track.visible and track.seen_ns <= limit_ns
        ]
        for face_id in self._ended:
            del self._tracks[face_id]

    def _new_id(self, stamp_ns: int) -> str:
        """Return an id that is new in this run, and the same for the same frames.

        It begins at a place that depends on the first stamp, so that two runs rarely share ids.
        """
        if self._seed is None:
            digest = hashlib.blake2s(str(stamp_ns).encode()).digest()
            self._seed = int.from_bytes(digest[:8], 'big')
        number = (self._seed + self._count * _STRIDE) % _IDS
        self._count += 1
        number, symbol = divmod(number, len(_LETTERS))
        letters = _LETTERS[symbol]
        for _ in range(4):
            number, symbol = divmod(number, len(_SYMBOLS))
            letters += _SYMBOLS[symbol]
        return letters


def convincing(detection: Detection, found: Landmarks) -> bool:
    """Tell whether detector and mesh agree that there is a face.

    The mesh alone is taken in by lettering and patterns. There, the detector is unsure and its
    eyes, nose and mouth are not where the mesh sees them.
    """
    if found.presence < BIRTH_PRESENCE:
        return False
    if detection.score >= SURE_SCORE:
        return True
    mesh = np.stack([found.points_px[part, :2].mean(axis=0) for part in MESH_KEYPOINTS])
    apart = np.linalg.norm(mesh - detection.keypoints_px[: len(mesh)], axis=1)
    return float(np.sqrt((apart**2).mean())) < AGREEMENT * detection.roi.width


def same_face(one: RotatedRoi, other: RotatedRoi) -> bool:
    """Tell whether two ROIs show one face."""
    return _distance(one, other) < SAME_FACE * min(one.size, other.size)


def _distance(one: RotatedRoi, other: RotatedRoi) -> float:
    """Return the distance of two centres in pixels."""
    return math.hypot(one.centre_x - other.centre_x, one.centre_y - other.centre_y)


def _within_reach(lost: RotatedRoi, found: RotatedRoi) -> bool:
    """Tell whether a lost face may have come to where one was found."""
    resize = max(lost.size / found.size, found.size / lost.size)
    return _distance(lost, found) < REACH * lost.size and resize < RESIZE
