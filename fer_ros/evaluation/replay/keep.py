"""What is kept of a run of any length: every n-th frame for charts, the worst answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np

from fer_ros.evaluation.results import FaceRow
from fer_ros.types import Frame, UInt8

Item = TypeVar('Item')

LIMIT = 4000  # rows for charts; a chart has 600 points
WORST = 24  # answers that are shown
CROP_PX = 112
CROP_MARGIN = 0.15  # of the face's size, on each side
JPEG_QUALITY = 80


class Thinned(Generic[Item]):
    """Keeps at most ``limit`` items, evenly: every item, then every second, fourth and so on."""

    def __init__(self, limit: int = LIMIT) -> None:
        """Begin with every item."""
        self.items: list[Item] = []
        self.step = 1
        self._limit = limit
        self._count = 0

    def add(self, item: Item) -> None:
        """Take the next one."""
        if self._count % self.step == 0:
            self.items.append(item)
            if len(self.items) > self._limit:
                del self.items[1::2]
                self.step *= 2
        self._count += 1


@dataclass(frozen=True, slots=True)
class Mistake:
    """A frame in which another label was said than the true one.

    :param crop: the face as JPEG, or empty where crops are not kept.
    """

    stamp_ns: int
    face_id: str
    label: str
    said: str
    confidence: float
    crop: bytes = b''


class Worst:
    """Keeps the surest wrong answers, one for each interval and answer."""

    def __init__(self, *, keep_crops: bool) -> None:
        """Begin with none; without ``keep_crops`` no pixel of a face is kept."""
        self._keep_crops = keep_crops
        self._found: dict[tuple[int, str], Mistake] = {}

    def add(self, frame: Frame, face: FaceRow, label: str, span: int) -> None:
        """Take a wrong answer in an interval."""
        key = span, face.expression
        known = self._found.get(key)
        if known is not None and known.confidence >= face.confidence:
            return
        crop = face_crop(frame, face) if self._keep_crops else b''
        self._found[key] = Mistake(
            frame.stamp_ns, face.face_id, label, face.expression, face.confidence, crop
        )
        if len(self._found) > 2 * WORST:
            self._found = {key: one for key, one in self._found.items() if one in self.top()}

    def top(self) -> list[Mistake]:
        """Return the surest ones, the surest first."""
        return sorted(self._found.values(), key=lambda one: (-one.confidence, one.stamp_ns))[
            :WORST
        ]


def face_crop(frame: Frame, face: FaceRow) -> bytes:
    """Return a face as a small JPEG, square, with a margin."""
    xmin, ymin, xmax, ymax = (
        share * size for share, size in zip(face.roi, (frame.width, frame.height) * 2)
    )
    half = max(xmax - xmin, ymax - ymin, 2.0) * (0.5 + CROP_MARGIN)
    x, y = (xmin + xmax) / 2, (ymin + ymax) / 2
    scale = CROP_PX / (2 * half)
    matrix = np.array([[scale, 0, (half - x) * scale], [0, scale, (half - y) * scale]])
    crop = cv2.warpAffine(frame.pixels, matrix, (CROP_PX, CROP_PX), flags=cv2.INTER_AREA)
    bgr: UInt8 = cv2.cvtColor(np.asarray(crop, np.uint8), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode('.jpg', bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return bytes(data.tobytes())
