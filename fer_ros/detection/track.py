"""One followed face: where it was, how it moves, and where it may turn up again."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from fer_ros.detection.appearance import difference
from fer_ros.roi import distance
from fer_ros.types import Float32, RotatedRoi

# Two ROIs closer than this share of the smaller one's side show one face.
SAME_FACE = 0.35
# How far from where it is expected a lost face may turn up, in sides of its ROI, and how much
# larger or smaller.
REACH = 0.75
RESIZE = 1.8
# Further away, and each second more, only who looks the same. Colours of one person differ by 0.24
# at most under light (+-15 %), noise, blur and another framing, those of two by 0.26 to 0.55, nine
# of ten pairs by 0.34 and more (five people of one photo, 300 changes).
DRIFT_PER_S = 1.5
# For so long, through a pause of the camera: colours are those of the day's light.
KNOWN_NS = 10_000_000_000
ALIKE, DIFFERENT = 0.22, 0.27
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
    :param colours: how the person looks (appearance.py), as of ``coloured_ns``.
    """

    face_id: str
    born: int
    roi: RotatedRoi
    seen_ns: int
    visible: bool = True
    velocity: tuple[float, float] = (0.0, 0.0)
    colours: Float32 | None = None
    coloured_ns: int = 0

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
        """Tell whether the face may have come to a ROI and to its size, in a while."""
        if stamp_ns is not None and stamp_ns - self.seen_ns > KNOWN_NS:
            return False
        resize = max(self.roi.size / roi.size, roi.size / self.roi.size)
        return self.gap(roi, stamp_ns) < self._reach(stamp_ns) and resize < RESIZE

    def is_refused(self, roi: RotatedRoi, colours: Float32 | None, stamp_ns: int) -> bool:
        """Tell whether what was found where a lost face may be is somebody else.

        Near to where it was lost, who looks different; further away, who does not look alike.
        """
        known = self.colours is not None and colours is not None
        apart = difference(self.colours, colours) if known else None  # type: ignore[arg-type]
        if self.gap(roi, stamp_ns) < REACH * self.roi.size:
            return apart is not None and apart > DIFFERENT
        return apart is None or apart > ALIKE

    def _reach(self, stamp_ns: int | None) -> float:
        """Return how far from where it is expected a lost face is looked for, in pixels."""
        lost_s = 0.0 if stamp_ns is None else (stamp_ns - self.seen_ns) / 1e9
        return (REACH + DRIFT_PER_S * lost_s) * self.roi.size


def same_face(one: RotatedRoi, other: RotatedRoi) -> bool:
    """Tell whether two ROIs show one face."""
    return distance(one, other) < SAME_FACE * min(one.size, other.size)
