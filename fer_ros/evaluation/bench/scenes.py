"""Frames to time on: one portrait, once or many times over, that sways by a few pixels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from fer_ros.errors import DataError
from fer_ros.pipeline import Pipeline
from fer_ros.sources import open_source
from fer_ros.types import Frame, UInt8

FRAME_NS = 33_333_333
SIZES = {'360p': (640, 360), '720p': (1280, 720), '1080p': (1920, 1080), '2160p': (3840, 2160)}
# MediaPipe sees no face below about 190 px at 720p: the comparison is made where both see.
CROP_SHARE = 340 / 720  # of the frame's height, the crop around a face
MARGIN = 0.94  # of its cell, where many faces share a frame


def portrait_of(sample: Path) -> UInt8:
    """Return a square with the face that a source's first frame shows.

    :raises DataError: that shows no face, or several.
    """
    with open_source(str(sample), now_ns=lambda: 0) as source:
        frame = next(iter(source), None)
    states = Pipeline().process(frame).states if frame is not None else ()
    if frame is None or len(states) != 1:
        raise DataError(f'{sample}: expected one face in its first frame, found {len(states)}')
    roi = states[0].face.roi
    side = max(roi.width, roi.height) * 1.3
    x, y = roi.x + roi.width / 2, roi.y + roi.height / 2
    size_px = round(CROP_SHARE * 1080)
    scale = size_px / side
    matrix = np.array([[scale, 0, (side / 2 - x) * scale], [0, scale, (side / 2 - y) * scale]])
    crop = cv2.warpAffine(
        frame.pixels, matrix, (size_px, size_px), borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)


def scene(portrait: UInt8, size: str, faces: int, frames: int) -> Iterator[Frame]:
    """Yield frames of a size of :data:`SIZES` with so many faces."""
    width, height = SIZES[size]
    ground = cv2.resize(cv2.GaussianBlur(portrait, (0, 0), 35), (width, height))
    columns = math.ceil(math.sqrt(faces))
    rows = math.ceil(faces / columns)
    cell_x, cell_y = width / columns, height / rows
    side = round(min(CROP_SHARE * height, MARGIN * cell_x, MARGIN * cell_y))
    face = np.asarray(cv2.resize(portrait, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    slack = max(round((min(cell_x, cell_y) - side) / 2), 0)
    for index in range(frames):
        pixels = np.asarray(ground, np.uint8).copy()
        sway_x = round(min(slack, 5) * math.sin(index / 7))
        sway_y = round(min(slack, 4) * math.cos(index / 9))
        for k in range(faces):
            left = round((k % columns + 0.5) * cell_x - side / 2) + sway_x
            top = round((k // columns + 0.5) * cell_y - side / 2) + sway_y
            left, top = max(left, 0), max(top, 0)
            part = pixels[top : top + side, left : left + side]
            part[:] = face[: part.shape[0], : part.shape[1]]
        yield Frame(index * FRAME_NS, 'bench', index, pixels)
