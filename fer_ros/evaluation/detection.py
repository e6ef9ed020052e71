"""How small a face may be to be found, and how often none is one.

Detection rate by width of the face in a 720p frame, on real faces (see
:mod:`fer_ros.evaluation.face_scenes` for how the frames are made), and false faces in a span of a
clip that shows none. A face is as wide as the box around its landmarks, ear to ear; where it is
in the photo is what the chain itself says of the photo at full size, where faces are 70-210 px
wide and nobody doubts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.detection import (
    DetectionConfig,
    FarFaces,
    TrackedFace,
    TrackingConfig,
)
from fer_ros.errors import DataError, SourceError
from fer_ros.evaluation.face_scenes import STEP_NS, Portrait, photo_files, scenes
from fer_ros.evaluation.finder import FaceFinder
from fer_ros.evaluation.folder import data_folder
from fer_ros.inference.factory import Device
from fer_ros.roi import box_around
from fer_ros.sources import open_source
from fer_ros.sources.images import read_image
from fer_ros.types import Frame, Roi, UInt8

WIDTHS_PX = (24, 32, 48, 64, 96, 128, 192)
# What models.md and the issue ask of the first look at a frame.
BARS = {32: 0.3, 48: 0.9, 64: 1.0, 96: 1.0, 128: 1.0, 192: 1.0}
PATIENCE = 10  # frames of a still view
CLIP = 'face_noface.mov'
CLIP_FACELESS_FROM = 72  # its cut from the man to the cartoon
MIN_IOU = 0.5
MAX_CENTRE_ERROR = 0.25  # of the face's width

Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True, slots=True)
class RateBySize:
    """Shares of the faces of one width that were found.

    :param whole_look: by the detector alone, with ``far_faces`` off: nothing but the whole frame.
    :param one_frame: by detector, tiles and mesh as configured, in the first frame.
    :param all_tiles: the same with every tile looked at.
    :param ten_frames: as configured, within ten frames of a still view.
    """

    width_px: int
    samples: int
    whole_look: float
    one_frame: float
    all_tiles: float
    ten_frames: float


@dataclass(frozen=True, slots=True)
class FalseFaces:
    """Faces reported where there are none.

    :param frames: how many frames show no face.
    :param followed: faces in them when the whole clip is followed as configured.
    :param each_frame: faces in them when every frame stands alone and all its tiles are looked at.
    """

    clip: str
    frames: int
    followed: int
    each_frame: int


@dataclass(frozen=True, slots=True)
class DetectionReport:
    """Detection rate by size, false faces, and what they were measured with."""

    rates: tuple[RateBySize, ...]
    false_faces: FalseFaces
    photos: dict[str, int]
    far_faces: str
    min_score: float

    def shortfalls(self) -> list[str]:
        """Return the bars that were missed, each with its number."""
        short = [
            f'{rate.width_px} px: {rate.one_frame:.2f} < {BARS[rate.width_px]:.2f}'
            for rate in self.rates
            if rate.one_frame < BARS.get(rate.width_px, 0.0)
        ]
        if self.false_faces.followed:
            short.append(f'false faces: {self.false_faces.followed} > 0')
        return short

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), 'bars': BARS, 'shortfalls': self.shortfalls()}

    def to_text(self) -> str:
        """Return a table for people."""
        lines = [
            'face width    faces  whole look  one frame  all tiles  within 10 frames',
            *(
                f'{rate.width_px:7d} px {rate.samples:8d} {rate.whole_look:11.2f} '
                f'{rate.one_frame:10.2f} {rate.all_tiles:10.2f} {rate.ten_frames:17.2f}'
                for rate in self.rates
            ),
            f'false faces in {self.false_faces.frames} faceless frames of '
            f'{self.false_faces.clip}: {self.false_faces.followed} followed, '
            f'{self.false_faces.each_frame} with every frame alone and all tiles',
            f'{sum(self.photos.values())} faces of {len(self.photos)} photos, '
            f'far_faces {self.far_faces}, min_score {self.min_score:g}',
            *(f'missed: {line}' for line in self.shortfalls()),
        ]
        return '\n'.join(lines)


def evaluate_detection(
    data: Path | None = None,
    *,
    photos: Sequence[Path] = (),
    clip: Path | None = None,
    faceless_from: int = CLIP_FACELESS_FROM,
    widths_px: Sequence[int] = WIDTHS_PX,
    positions: int = 4,
    seed: int = 0,
    detection: DetectionConfig | None = None,
    tracking: TrackingConfig | None = None,
    device: Device = Device.AUTO,
    progress: Progress | None = None,
) -> DetectionReport:
    """Measure detection rate by size and false faces.

    :param data: folder of photos and of the clip (or with a ``media`` folder of them); by default
        that of ``$FER_ROS_DATA``, else ``../shared/data``.
    :param photos: photos to use instead of the folder's.
    :param clip: clip to use instead of the folder's ``face_noface.mov``.
    :param faceless_from: index of the clip's first frame without a face.
    :param positions: places in the frame at which each face of each photo is shown.
    :param progress: wraps the widths, to show how far it is.
    :raises DataError: no photos, no face in them, or no clip.
    """
    if not photos or clip is None:
        folder = data_folder(data)
        photos = photos or photo_files(folder)
        clip = clip or next(iter(sorted(folder.rglob(CLIP))), folder / CLIP)
    finder = FaceFinder(
        detection or DetectionConfig(), tracking or TrackingConfig(), device=device
    )
    portraits = _portraits(photos, finder)
    false_faces = _false_faces(finder, clip, faceless_from)
    rates = [
        _rate(finder, portraits, width, positions, seed)
        for width in (progress(widths_px) if progress else widths_px)
    ]
    return DetectionReport(
        rates=tuple(rates),
        false_faces=false_faces,
        photos={portrait.name: len(portrait.faces) for portrait in portraits},
        far_faces=finder.detection.far_faces.value,
        min_score=finder.detection.min_score,
    )


def is_found(face: Roi, boxes: Iterable[Roi]) -> bool:
    """Tell whether one of the boxes shows the face: by overlap, or by its centre."""
    return any(face.iou(box) >= MIN_IOU or _centre_error(face, box) <= 0 for box in boxes)


def _centre_error(face: Roi, box: Roi) -> float:
    """Return by how many pixels a box's centre is further from the face's than is allowed."""
    dx = box.x + box.width / 2 - face.x - face.width / 2
    dy = box.y + box.height / 2 - face.y - face.height / 2
    return float(np.hypot(dx, dy)) - MAX_CENTRE_ERROR * face.width


def _portraits(photos: Sequence[Path], finder: FaceFinder) -> list[Portrait]:
    """Read the photos and find their faces at full size."""
    portraits = []
    for path in photos:
        pixels = read_image(path)
        boxes = _boxes(_alone(finder, pixels))
        if boxes:
            portraits.append(Portrait(path.name, pixels, tuple(boxes)))
    if not portraits:
        raise DataError(
            f'photos: expected faces in {len(photos)} photos, found none; pass photos of people'
        )
    return portraits


def _alone(finder: FaceFinder, pixels: UInt8) -> list[TrackedFace]:
    """Return the faces of an image that stands alone, all tiles looked at."""
    finder.restart(replace(finder.detection, far_faces=FarFaces.ALL))
    return finder.find(Frame(0, 'camera', 0, pixels))


def _boxes(faces: Sequence[TrackedFace]) -> list[Roi]:
    """Return the boxes around landmarks."""
    return [box_around(face.landmarks.points_px) for face in faces]


def _rate(
    finder: FaceFinder, portraits: Sequence[Portrait], width: int, positions: int, seed: int
) -> RateBySize:
    """Show every face at one width and count what finds it."""
    whole = finder.detector(replace(finder.detection, far_faces=FarFaces.OFF))
    hits = []
    for portrait in portraits:
        for scene in scenes(portrait, width, positions, seed):
            first = next(scene.frames(1))
            looked = [found.roi for found in whole.detect(first)]
            tiled = _boxes(_alone(finder, first.pixels))
            when = _found_at(finder, scene.frames(PATIENCE), scene.face)
            hits.append(
                (
                    is_found(scene.face, looked),
                    when == 0,
                    is_found(scene.face, tiled),
                    when is not None,
                )
            )
    shares = [round(float(share), 4) for share in np.mean(hits, axis=0)]
    return RateBySize(width, len(hits), *shares)


def _found_at(finder: FaceFinder, frames: Iterator[Frame], face: Roi) -> int | None:
    """Return the index of the first frame in which the chain as configured reports the face."""
    finder.restart(finder.detection)
    for index, frame in enumerate(frames):
        if is_found(face, _boxes(finder.find(frame))):
            return index
    return None


def _false_faces(finder: FaceFinder, clip: Path, faceless_from: int) -> FalseFaces:
    """Count the faces reported in the span of a clip that shows none."""
    images = list(read_clip(clip))
    if len(images) <= faceless_from:
        raise DataError(
            f'{clip}: expected more than {faceless_from} frames, found {len(images)}; '
            'name the first frame without a face'
        )
    finder.restart(finder.detection)
    followed = [
        len(finder.find(Frame(index * STEP_NS, 'camera', index, pixels)))
        for index, pixels in enumerate(images)
    ]
    faceless = images[faceless_from:]
    return FalseFaces(
        clip=clip.name,
        frames=len(faceless),
        followed=sum(followed[faceless_from:]),
        each_frame=sum(len(_alone(finder, pixels)) for pixels in faceless),
    )


def read_clip(path: Path) -> Iterator[UInt8]:
    """Yield the frames of a clip as RGB."""
    try:
        with open_source(path) as source:
            yield from (frame.pixels for frame in source)
    except SourceError as error:
        raise DataError(
            f'{path}: expected a clip with a span without faces, found none that can be read '
            f'({error}); pass one, and the index of its first frame without a face'
        ) from None
