"""Which face is whose: tracks that live on landmarks and on detections where those are lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_ros.detection.doubt import convincing
from fer_ros.detection.face_ids import FaceIds
from fer_ros.detection.look import Look
from fer_ros.detection.track import Track, same_face
from fer_ros.errors import ConfigError, DataError
from fer_ros.roi import distance, roi_from_detection, roi_from_landmarks
from fer_ros.types import Detection, Float32, Landmarks, RotatedRoi

NS_PER_S = 1_000_000_000
# Of two tracks on one face, the one whose ROI came to it from further away, in steps of this
# share of its side, has left its own face; equals are told by age.
STRAY_STEP = 0.05
# How a followed person looks is read anew after so long.
COLOURS_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class TrackingConfig:
    """Settings of the tracker.

    :param max_faces: follow at most this many.
    :param detection_interval: frames between looks for new faces while some are followed.
    :param min_presence: below this presence of a face the track counts as unseen.
    :param lost_timeout_s: an unseen face is kept for so long. Who was hidden for a second comes
        back in the frame in which one who left would end: at 30 Hz the thirtieth.
    """

    max_faces: int = 16
    detection_interval: int = 10
    min_presence: float = 0.5
    lost_timeout_s: float = 0.97

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


class FaceTracker:
    """Follows faces from frame to frame.

    Each frame: look for faces if :meth:`wants_detection`, :meth:`propose` where to read
    landmarks, read them, :meth:`update`.
    """

    def __init__(self, config: TrackingConfig | None = None) -> None:
        """Follow nobody yet."""
        self.config = config or TrackingConfig()
        self._tracks: dict[str, Track] = {}
        self._ended: list[str] = []
        self._ids = FaceIds()
        self._since_detection = 0
        self._stamp_ns: int | None = None

    @property
    def _timeout_ns(self) -> int:
        """How long an unseen face is kept."""
        return round(self.config.lost_timeout_s * NS_PER_S)

    def tracked(self) -> tuple[str, ...]:
        """Return the ids that are followed, those unseen for a moment included."""
        return tuple(self._tracks)

    def ended(self) -> tuple[str, ...]:
        """Return the ids that ended in the last update."""
        return tuple(self._ended)

    def reset(self) -> None:
        """Forget every face and the time; ids go on, so that none comes back."""
        self._tracks.clear()
        self._ended.clear()
        self._since_detection = 0
        self._stamp_ns = None

    def wants_detection(self, stamp_ns: int | None = None) -> Look:
        """Tell how to look for faces in this frame.

        Everywhere where nobody is followed or somebody is lost; when it is time to look for
        newcomers, at what is next. After a pause in which an unseen face would have ended,
        everybody is lost: who knows who is there now.

        :param stamp_ns: stamp of the frame; without it, there was no pause.
        """
        if self._paused(stamp_ns) or not self._tracks:
            return Look.ALL
        if not all(track.visible for track in self._tracks.values()):
            return Look.ALL
        is_full = len(self._tracks) >= self.config.max_faces
        if is_full or self._since_detection < self.config.detection_interval:
            return Look.NONE
        return Look.NEXT

    def _paused(self, stamp_ns: int | None) -> bool:
        """Tell whether an unseen face would have ended since the last frame."""
        if stamp_ns is None or self._stamp_ns is None:
            return False
        return stamp_ns - self._stamp_ns > self._timeout_ns

    def propose(
        self, detections: Sequence[Detection], stamp_ns: int | None = None
    ) -> list[Proposal]:
        """Return where to read landmarks: visible tracks first, then what was detected anew.

        No track is trusted across a pause.

        :param detections: the most certain first; empty where nobody looked.
        :param stamp_ns: stamp of the frame, to look where moving faces will be by then; without
            it, where they were.
        """
        if self._paused(stamp_ns):
            for track in self._tracks.values():
                track.visible = False
        visible = [track for track in self._tracks.values() if track.visible]
        proposals = [Proposal(track.face_id, track.predicted(stamp_ns)) for track in visible]
        fresh: list[tuple[Detection, RotatedRoi]] = []
        for detection in detections:
            roi = roi_from_detection(detection)
            known = [proposal.roi for proposal in proposals] + [other for _, other in fresh]
            if not any(same_face(roi, other) for other in known):
                fresh.append((detection, roi))
        owners = self._owners([roi for _, roi in fresh], stamp_ns)
        room = self.config.max_faces - len(self._tracks)
        for index, (detection, roi) in enumerate(fresh):
            if index in owners:
                proposals.append(Proposal(owners[index], roi, detection))
            elif room > 0:
                proposals.append(Proposal('', roi, detection))
                room -= 1
        return proposals

    def _owners(self, rois: Sequence[RotatedRoi], stamp_ns: int | None) -> dict[int, str]:
        """Tell which of the new ROIs show lost faces again, the closest pairs first."""
        lost = [track for track in self._tracks.values() if not track.visible]
        pairs = sorted(
            (track.gap(roi, stamp_ns), track.born, index, track.face_id)
            for track in lost
            for index, roi in enumerate(rois)
            if track.may_be(roi, stamp_ns)
        )
        owners: dict[int, str] = {}
        for _, _, index, face_id in pairs:
            if index not in owners and face_id not in owners.values():
                owners[index] = face_id
        return owners

    def wants_colours(self, proposal: Proposal, stamp_ns: int) -> bool:
        """Tell whether it is time to read how the person of a proposal looks."""
        track = self._tracks.get(proposal.face_id)
        return proposal.is_new or track is None or stamp_ns >= track.coloured_ns + COLOURS_NS

    def update(
        self,
        proposals: Sequence[Proposal],
        landmarks: Sequence[Landmarks],
        *,
        looked: bool,
        stamp_ns: int,
        colours: Sequence[Float32 | None] = (),
    ) -> list[TrackedFace]:
        """Move every track on by what was read, and return the faces that are seen.

        :param landmarks: those of each proposal.
        :param colours: how the person of each looks, where it was read; () where never.
        :param looked: the detector looked at this frame.
        :raises DataError: not one landmarks for each proposal, or time does not go on.
        """
        if len(proposals) != len(landmarks):
            raise DataError(
                f'update: expected landmarks of {len(proposals)} proposals, found {len(landmarks)}'
            )
        if self._stamp_ns is not None and stamp_ns <= self._stamp_ns:
            raise DataError(
                f'update: expected a stamp after {self._stamp_ns} ns, found {stamp_ns} ns; reset '
                'when time starts again'
            )
        self._stamp_ns = stamp_ns
        self._since_detection = 1 if looked else self._since_detection + 1
        seen = self._seen(proposals, landmarks)
        for track in self._tracks.values():
            track.visible = False
        faces = []
        for index, roi in seen:
            looks = colours[index] if colours else None
            face = self._follow(proposals[index], landmarks[index], roi, looks, stamp_ns)
            faces += [face] if face is not None else []
        self._end_lost(stamp_ns)
        return faces

    def _seen(
        self, proposals: Sequence[Proposal], landmarks: Sequence[Landmarks]
    ) -> list[tuple[int, RotatedRoi]]:
        """Return which proposals hold a face and where it is, each face once."""
        ranked = []
        for index, (proposal, found) in enumerate(zip(proposals, landmarks)):
            if self._is_face(proposal, found):
                roi = roi_from_landmarks(found.points_px)
                ranked.append((self._claim(proposal, roi), index, roi))
        ranked.sort(key=lambda row: row[:2])
        kept: list[tuple[int, RotatedRoi]] = []
        for _, index, roi in ranked:
            if not any(same_face(roi, other) for _, other in kept):
                kept.append((index, roi))
        return sorted(kept, key=lambda row: row[0])

    def _is_face(self, proposal: Proposal, found: Landmarks) -> bool:
        """Tell whether landmarks are those of a face; what was detected has to convince."""
        if found.presence < self.config.min_presence or not np.isfinite(found.points_px).all():
            return False
        return proposal.detection is None or convincing(proposal.detection, found)

    def _claim(self, proposal: Proposal, roi: RotatedRoi) -> tuple[int, float]:
        """Return how good a proposal's claim to the face that it found is, less is better.

        Whoever is hidden by another person finds that person's face; that jump gives it away.
        """
        track = self._tracks.get(proposal.face_id)
        if track is None or not track.visible:
            return 1_000, track.born if track else math.inf
        stray = distance(proposal.roi, roi) / (STRAY_STEP * proposal.roi.size)
        return round(stray), track.born

    def _follow(
        self,
        proposal: Proposal,
        found: Landmarks,
        roi: RotatedRoi,
        colours: Float32 | None,
        stamp_ns: int,
    ) -> TrackedFace | None:
        """Move one track on, or begin one; None where there is no room for another."""
        track = self._tracks.get(proposal.face_id)
        if track is not None and proposal.is_new and track.is_refused(roi, colours, stamp_ns):
            if len(self._tracks) >= self.config.max_faces:
                return None
            track = None
        if track is None:
            face_id = self._ids.next(stamp_ns)
            track = Track(face_id, self._ids.count, roi, stamp_ns)
            self._tracks[face_id] = track
        else:
            track.see(roi, stamp_ns)
        if colours is not None:
            track.colours, track.coloured_ns = colours, stamp_ns
        return TrackedFace(track.face_id, found)

    def _end_lost(self, stamp_ns: int) -> None:
        """Drop the tracks that were unseen for too long."""
        limit_ns = stamp_ns - self._timeout_ns
        self._ended = [
            track.face_id
            for track in self._tracks.values()
            if not track.visible and track.seen_ns <= limit_ns
        ]
        for face_id in self._ended:
            del self._tracks[face_id]
