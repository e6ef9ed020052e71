"""Which looks at a frame find its faces: the whole, the near and the far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from fer_ros.detection.blazeface import BlazeFace, Candidates, suppress
from fer_ros.detection.doubt import SURE_SCORE
from fer_ros.detection.look import Look
from fer_ros.detection.squares import Pyramid, Square, cover, whole_square
from fer_ros.errors import ConfigError
from fer_ros.inference.engine import Engine
from fer_ros.inference.factory import Device, Precision, load_engine
from fer_ros.inference.manifest import Task
from fer_ros.types import Detection, Float32, Frame, Roi

# A face wider than this share of the frame is one that the full-range net is weak at.
NEAR_SHARE = 0.35
# Far faces are looked for in squares as high as the frame (of a 720p frame, two, which show faces
# 1.8 times as large as a look at the whole), and in turn in one of this share of that.
TILE_SHARE = 2 / 3
OVERLAP = 0.2
# A frame so small, or a square so close to the whole, gains nothing.
MIN_SIDE_PX = 480
MIN_GAIN = 1.1
# And a strip this much longer than wide would take too many squares.
MAX_ASPECT = 4.0
# Where nothing is found: room on each side, as a share of the frame's longer side, and how wide a
# face that is found then has to be beside it. Of 250 faces of FER+, cut at chin and forehead, the
# short-range net finds 97 % so.
WIDER_MARGIN = 0.25
WIDER_SHARE = 0.5
# What scores so low in a first look deserves a closer one, at most so many at a time, in a square
# of so many sides of the face. Measured there (62 faces of 24-48 px, 650 patches without one):
# faces score .71-.95, 95 % of what is none below .55. From SURE_SCORE on none is needed.
GLIMPSE_SCORE = 0.35
MAX_CLOSER = 8
CLOSER_SIDES = 8.0


class FarFaces(str, Enum):
    """How to look for faces too small for a look at the whole frame."""

    OFF = 'off'  # one look at the whole frame
    # Also squares as high as the frame and one tile, the next each time; one of these in turn
    # while it is newcomers alone that are looked for.
    ROTATE = 'rotate'
    ALL = 'all'  # also those squares and every tile


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    """Settings of the detector.

    :param min_score: least score of a detection, in a closer look where the first was unsure.
    :param far_faces: how to look for far faces.
    :param max_overlap: detections that overlap by more are one face.
    """

    min_score: float = 0.6
    far_faces: FarFaces = FarFaces.ROTATE
    max_overlap: float = 0.3

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name in ('min_score', 'max_overlap'):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ConfigError(f'{name}: expected a number in [0, 1], found {value!r}')


class FaceDetector:
    """Finds faces in single frames; remembers only what is looked at next."""

    def __init__(self, full: Engine, short: Engine, config: DetectionConfig | None = None) -> None:
        """Take the full-range and the short-range net."""
        self.config = config or DetectionConfig()
        self._full = BlazeFace(full)
        self._short = BlazeFace(short)
        self._tile = self._turn = self._closer = 0

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """The nets in use."""
        return self._full.engine, self._short.engine

    def reset(self) -> None:
        """Begin with the first square, tile and doubt again."""
        self._tile = self._turn = self._closer = 0

    def detect(self, frame: Frame, look: Look = Look.ALL) -> list[Detection]:
        """Return the faces of a frame, the most certain first.

        :param look: how far faces are looked for, where that may be shared out over frames.
        """
        pyramid = Pyramid(frame.pixels)
        whole = whole_square(frame.width, frame.height)
        squares = [whole, *self._far_squares(frame, look)]
        found = self._look(self._full, pyramid, squares)
        widths = found.boxes[:, 2] - found.boxes[:, 0]
        if not len(widths) or widths.max() > NEAR_SHARE * whole.side:
            found = Candidates.join([found, self._look(self._short, pyramid, [whole])])
        found = self._look_closer(pyramid, suppress(found, self.config.max_overlap))
        return _detections(found if len(found.scores) else self._look_wider(pyramid, whole))

    def _look(self, net: BlazeFace, frame: Pyramid, squares: Sequence[Square]) -> Candidates:
        """Return all that may be a face."""
        return net.look(frame, squares, min(GLIMPSE_SCORE, self.config.min_score))

    def _look_closer(self, frame: Pyramid, found: Candidates) -> Candidates:
        """Look again, and larger, at what is not sure to be a face."""
        sure = found.scores >= max(SURE_SCORE, self.config.min_score)
        doubtful = found.take(~sure).boxes
        if not len(doubtful):
            return found
        # In turn: those who are followed already may look doubtful each time.
        chosen = (self._closer + np.arange(min(len(doubtful), MAX_CLOSER))) % len(doubtful)
        self._closer += len(chosen)
        squares = [_square_around(box) for box in doubtful[chosen]]
        closer = self._full.look(frame, squares, self.config.min_score)
        return suppress(Candidates.join([found.take(sure), closer]), self.config.max_overlap)

    def _look_wider(self, frame: Pyramid, whole: Square) -> Candidates:
        """Look for a face that overfills the frame: with room around it, it looks like one."""
        margin = WIDER_MARGIN * whole.side
        wide = Square(whole.x - margin, whole.y - margin, whole.side + 2 * margin)
        found = self._short.look(frame, [wide], self.config.min_score)
        widths = found.boxes[:, 2] - found.boxes[:, 0]
        near = found.take(widths > WIDER_SHARE * whole.side)
        return suppress(near, self.config.max_overlap)

    def _far_squares(self, frame: Frame, look: Look) -> list[Square]:
        """Return the squares that show far faces larger, and count whose turn it is."""
        width, height = frame.width, frame.height
        far, longer, side = self.config.far_faces, max(width, height), min(width, height)
        if far is FarFaces.OFF or longer < MIN_SIDE_PX or longer > MAX_ASPECT * side:
            return []
        high = cover(width, height, side, OVERLAP) if longer >= MIN_GAIN * side else []
        tiles = cover(width, height, TILE_SHARE * side, OVERLAP)
        if far is FarFaces.ALL:
            return high + tiles
        squares = [*high, tiles[self._tile % len(tiles)]]
        if look is Look.NEXT:
            squares = [squares[self._turn % len(squares)]]
            self._turn += 1
        self._tile += squares[-1].side < min(width, height)
        return squares


def build_detector(
    config: DetectionConfig, device: Device, precision: Precision = Precision.AUTO
) -> FaceDetector:
    """Load the shipped detectors."""
    full, short = (
        load_engine(name, Task.FACE_DETECTION, device, precision)
        for name in ('blazeface-full', 'blazeface-short')
    )
    return FaceDetector(full, short, config)


def _square_around(box: Float32) -> Square:
    """Return the square for a closer look at a box (left, top, right, bottom)."""
    left, top, right, bottom = box.tolist()
    side = CLOSER_SIDES * max(right - left, bottom - top)
    return Square((left + right - side) / 2, (top + bottom - side) / 2, side)


def _detections(found: Candidates) -> list[Detection]:
    """Return candidates in the vocabulary's type."""
    return [
        Detection(
            Roi(float(x0), float(y0), float(x1 - x0), float(y1 - y0)), min(float(score), 1.0), keys
        )
        for (x0, y0, x1, y1), keys, score in zip(found.boxes, found.keypoints, found.scores)
    ]
