"""Which looks at a frame find its faces: the whole, the near and the far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fer_ros.detection.blazeface import BlazeFace, Candidates, Square, suppress
from fer_ros.errors import ConfigError
from fer_ros.inference.engine import Engine
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task
from fer_ros.types import Detection, Frame, Roi

# A face wider than this share of the frame is one that the full-range net is weak at.
NEAR_SHARE = 0.35
# Tiles show faces at twice the size of the whole frame's look.
TILE_ZOOM = 2.0
# A frame of which the whole look already shows the net every pixel needs no tiles.
TILE_MIN_SIDE_PX = 480


class FarFaces(str, Enum):
    """How to look for faces too small for a look at the whole frame."""

    OFF = 'off'
    ROTATE = 'rotate'  # one tile at each detection, in turn
    ALL = 'all'  # every tile at each detection


@dataclass(frozen=True, slots=True)
class DetectionConfig:
    """Settings of the detector.

    :param min_score: least score of a detection.
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
    """Finds faces in single frames; remembers only which tile comes next."""

    def __init__(self, full: Engine, short: Engine, config: DetectionConfig | None = None) -> None:
        """Take the full-range and the short-range net."""
        self.config = config or DetectionConfig()
        self._full = BlazeFace(full)
        self._short = BlazeFace(short)
        self._turn = 0

    @property
    def engines(self) -> tuple[Engine, ...]:
        """The nets in use."""
        return self._full.engine, self._short.engine

    def detect(self, frame: Frame) -> list[Detection]:
        """Return the faces of a frame, the most certain first."""
        whole = whole_square(frame)
        squares = [whole, *self._tiles(frame)]
        found = self._full.look(frame.pixels, squares, self.config.min_score)
        widths = found.boxes[:, 2] - found.boxes[:, 0]
        if not len(widths) or widths.max() > NEAR_SHARE * whole.side:
            near = self._short.look(frame.pixels, [whole], self.config.min_score)
            found = Candidates.join([found, near])
        return _detections(suppress(found, self.config.max_overlap))

    def _tiles(self, frame: Frame) -> list[Square]:
        """Return the tiles to look at this time."""
        far = self.config.far_faces
        if far is FarFaces.OFF or max(frame.width, frame.height) < TILE_MIN_SIDE_PX:
            return []
        tiles = tile_squares(frame)
        if far is FarFaces.ALL:
            return tiles
        self._turn += 1
        return [tiles[self._turn % len(tiles)]]


def build_detector(config: DetectionConfig, device: Device) -> FaceDetector:
    """Load the shipped detectors."""
    full, short = (
        load_engine(name, Task.FACE_DETECTION, device)
        for name in ('blazeface-full', 'blazeface-short')
    )
    return FaceDetector(full, short, config)


def whole_square(frame: Frame) -> Square:
    """Return the square around the whole frame, centred on it."""
    side = max(frame.width, frame.height)
    return Square((frame.width - side) / 2, (frame.height - side) / 2, side)


def tile_squares(frame: Frame) -> list[Square]:
    """Return overlapping squares that cover the frame."""
    side = max(frame.width, frame.height) / TILE_ZOOM
    return [
        Square(x, y, side) for y in _starts(frame.height, side) for x in _starts(frame.width, side)
    ]


def _starts(length: int, side: float) -> list[float]:
    """Return where tiles begin along one axis, overlapping by about half."""
    if length <= side:
        return [(length - side) / 2]
    count = round(2 * (length - side) / side) + 1
    step = (length - side) / max(count - 1, 1)
    return [index * step for index in range(max(count, 2))]


def _detections(found: Candidates) -> list[Detection]:
    """Return candidates in the vocabulary's type."""
    return [
        Detection(
            Roi(float(x0), float(y0), float(x1 - x0), float(y1 - y0)), min(float(score), 1.0), keys
        )
        for (x0, y0, x1, y1), keys, score in zip(found.boxes, found.keypoints, found.scores)
    ]
