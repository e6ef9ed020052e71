"""Stills that frame their faces in another way than FER+, cut anew as FER+ would have.

What finds and aligns the face of a still expects it to fill the image. Sets differ: some leave
room around the face, some show a whole person, some cut into it.
"""

from __future__ import annotations

import functools
import math
from dataclasses import astuple, dataclass

import cv2
import numpy as np

from fer_ros.alignment import warp
from fer_ros.detection import DetectionConfig, FaceDetector, FarFaces, build_detector
from fer_ros.evaluation.ferplus import VotedFaces
from fer_ros.evaluation.stills import Progress
from fer_ros.inference.factory import Device
from fer_ros.types import Frame, Roi, UInt8

# Where FER+ has its faces, in shares of the image's side: medians of 467 boxes of Training.
_WIDTH, _CENTRE_Y = 0.87, 0.58
# A set whose median width lies in between is left as it is: the mesh finds its way from there.
_LEAST_WIDTH, _MOST_WIDTH = 0.7, 1.0
_ALIKE = 1.4  # faces whose sizes differ by less are not resized: that costs sharpness
_LOOKED_AT = 64  # images that tell how a set frames its faces
_LEAST_DETECTED = 0.25  # share of them in which a face has to be found
_DETECTED_PX = 256  # smaller images are enlarged to about this side
_MARGIN = 0.25  # of the side, grey, around each image: detectors want room around a face


@dataclass(frozen=True, slots=True)
class _Square:
    """What FER+ would have cut out of an image; pixels."""

    centre_x: float
    centre_y: float
    side: float


def framed(faces: VotedFaces, progress: Progress | None = None) -> VotedFaces:
    """Return faces whose images are cut as those of FER+ are; the very same where they are.

    Of several faces in an image the one counts that is large and in the middle; where none is
    found, the image is cut where most of the others are.

    :param progress: wraps the images where they are cut anew, to show how far it is.
    """
    images = faces.images
    looked_at = images[:: max(len(images) // _LOOKED_AT, 1)]
    found = [square for image in looked_at if (square := _square(image)) is not None]
    if len(found) < _LEAST_DETECTED * len(looked_at):
        return faces
    usual = _Square(*np.median([astuple(square) for square in found], axis=0).tolist())
    if _LEAST_WIDTH <= _WIDTH * usual.side / images.shape[1] <= _MOST_WIDTH:
        return faces
    size_px = max(round(usual.side), 1)
    rows = progress(images) if progress else images
    cut = np.stack([_cut(image, _square(image) or usual, size_px) for image in rows])
    return VotedFaces(cut, faces.votes)


def _cut(image: UInt8, square: _Square, size_px: int) -> UInt8:
    """Cut a square out; pixel by pixel, where the face is about as large as the others."""
    alike = 1 / _ALIKE <= square.side / size_px <= _ALIKE
    side = size_px if alike else square.side
    left, top = square.centre_x - side / 2, square.centre_y - side / 2
    if alike:
        left, top = round(left), round(top)
    scale = size_px / side
    matrix = np.array([[scale, 0.0, -scale * left], [0.0, scale, -scale * top]])
    return warp(image, matrix, size_px)


def _square(image: UInt8) -> _Square | None:
    """Return the square around the face of an image (S, S), None where none is found."""
    box = _main_face(image)
    if box is None:
        return None
    side = max(box.width, box.height) / _WIDTH
    centre_x, centre_y = box.x + box.width / 2, box.y + box.height / 2
    return _Square(centre_x, centre_y + (0.5 - _CENTRE_Y) * side, side)


def _main_face(image: UInt8) -> Roi | None:
    """Detect faces in an image with room around it; return the box of whom it shows."""
    side = int(image.shape[0])
    margin = round(_MARGIN * side)
    grey = float(image.mean())
    room = cv2.copyMakeBorder(
        image, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=grey
    )
    zoom = max(round(_DETECTED_PX / room.shape[0]), 1)
    large = cv2.resize(room, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_CUBIC)
    pixels = np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB), np.uint8)
    found = [face.roi for face in _detector().detect(Frame(0, 'still', 0, pixels))]
    boxes = [
        Roi(box.x / zoom - margin, box.y / zoom - margin, box.width / zoom, box.height / zoom)
        for box in found
    ]

    def prominence(box: Roi) -> float:
        """Large and in the middle; neighbours are cut off at the edge."""
        apart = math.hypot(box.x + (box.width - side) / 2, box.y + (box.height - side) / 2)
        return box.width * max(1.0 - apart / side, 0.0)

    return max(boxes, key=prominence, default=None)


@functools.cache
def _detector() -> FaceDetector:
    return build_detector(DetectionConfig(far_faces=FarFaces.OFF), Device.CPU)
