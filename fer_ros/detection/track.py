"""One followed face: where it was, how it moves, and where it may turn up again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from fer_ros.types import RotatedRoi

# Two ROIs closer than this share of the smaller one's side show one face.
SAME_FACE = 0.35
# How far from where it is expected a lost face may turn up, in sides of its ROI, and how much
# larger or smaller.
REACH = 0.75
RESIZE = 1.8
# Weight of the newest step in the velocity.
FRESH = 0.6
# A step smaller than this share of the ROI's side is jitter; one larger is not foreseen in full,
# for who moves so fast will turn; and none is foreseen for longer than this.
STILL = 0.03
MAX_STEP = 0.5
HORIZON_NS = 300_000_000


@dataclass(slots=True)
class Track:
    """A face that is followed.

    :param born: order in which the tracks of a run began.
    :param seen_ns: stamp of the frame that the ROI is from.
    :param velocity: of the ROI's centre, pixels per nanosecond in x and y.
    """

    face_id: str
    born: int
    roi: RotatedRoi
    seen_ns: int
    visible: bool = True
    velocity: tuple[float, float] = (0.0, 0.0)

    def see(self, roi: RotatedRoi, stamp_ns: int) -> None:
        """Move on to where the face is now."""
        elapsed = stamp_ns - self.seen_ns
        step = (roi.centre_x - self.roi.centre_x, roi.centre_y - self.roi.centre_y)
        old_x, old_y = self.velocity
        self.velocity = (
            FRESH * step[0] / elapsed + (1 - FRESH) * old_x,
            FRESH * step[1] / elapsed + (1 - FRESH) * old_y,
        )
        self.roi, self.seen_ns, self.visible = roi, stamp_ns, True

    def predicted(self, stamp_ns: int | None) -> RotatedRoi:
        """Return where the face is expected at a time, or where it was."""
        if stamp_ns is None:
            return self.roi
        elapsed = min(stamp_ns - self.seen_ns, HORIZON_NS)
        dx, dy = (speed * elapsed for speed in self.velocity)
        length, side = math.hypot(dx, dy), self.roi.size
        if length < STILL * side:
            return self.roi
        share = min(MAX_STEP * side / length, 1.0)
        return replace(
            self.roi,
            centre_x=self.roi.centre_x + share * dx,
            centre_y=self.roi.centre_y + share * dy,
        )

    def gap(self, roi: RotatedRoi, stamp_ns: int | None) -> float:
        """Return how far a ROI is from where the face was, or from where it was going."""
        return min(distance(self.roi, roi), distance(self.predicted(stamp_ns), roi))

    def may_be(self, roi: RotatedRoi, stamp_ns: int | None) -> bool:
        """Tell whether the face may have come to a ROI and to its size."""
        resize = max(self.roi.size / roi.size, roi.size / self.roi.size)
        return self.gap(roi, stamp_ns) < REACH * self.roi.size and resize < RESIZE


def same_face(one: RotatedRoi, other: RotatedRoi) -> bool:
    """Tell whether two ROIs show one face."""
    return distance(one, other) < SAME_FACE * min(one.size, other.size)


def distance(one: RotatedRoi, other: RotatedRoi) -> float:
    """Return the distance of two centres in pixels."""
    return math.hypot(one.centre_x - other.centre_x, one.centre_y - other.centre_y)
