"""Results drawn on their frame, for people to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from zlib import crc32

import cv2
import numpy as np

from fer_ros.evaluation.results import FaceRow
from fer_ros.types import Float32, Frame, UInt8

# Okabe & Ito 2008: colours that people with any colour vision can tell apart.
PALETTE = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (70, 150, 220), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
GREY = (160, 160, 160)
WHITE = (255, 255, 255)
DARK = (20, 20, 20)
FONT = cv2.FONT_HERSHEY_SIMPLEX

Colour = tuple[int, int, int]


def colour_of(face_id: str) -> Colour:
    """Return a person's colour: the same in every frame and every run."""
    return PALETTE[crc32(face_id.encode()) % len(PALETTE)]


def annotate(
    frame: Frame,
    faces: Sequence[FaceRow],
    landmarks: Mapping[str, Float32],
    status: str,
) -> UInt8:
    """Return the frame with its results drawn on a copy.

    :param landmarks: per face id, (N, 2) in shares of the image.
    :param status: a line at the top.
    """
    image: UInt8 = frame.pixels.copy()
    unit = max(min(frame.height, frame.width) / 480.0, 0.9)
    for face in faces:
        colour = GREY if face.abstained else colour_of(face.face_id)
        _points(image, landmarks.get(face.face_id), colour, unit)
        _box(image, face, colour, unit)
        _panel(image, face, colour, unit)
    _status(image, status, unit)
    return image


def _points(image: UInt8, shares: Float32 | None, colour: Colour, unit: float) -> None:
    """Draw landmarks."""
    if shares is None or not np.isfinite(shares).all():
        return
    height, width = image.shape[:2]
    for x, y in (shares * (width, height)).round().astype(int).tolist():
        cv2.circle(image, (x, y), max(round(1.4 * unit), 1), colour, -1, cv2.LINE_AA)


def _corners(image: UInt8, face: FaceRow) -> tuple[int, int, int, int]:
    """Return the box in pixels."""
    height, width = image.shape[:2]
    xmin, ymin, xmax, ymax = face.roi
    return round(xmin * width), round(ymin * height), round(xmax * width), round(ymax * height)


def _box(image: UInt8, face: FaceRow, colour: Colour, unit: float) -> None:
    """Draw the box's corners, which leave the face free."""
    x0, y0, x1, y1 = _corners(image, face)
    length = max(round(0.2 * min(x1 - x0, y1 - y0)), 4)
    thick = max(round(2.5 * unit), 1)
    for x, y, right, down in ((x0, y0, 1, 1), (x1, y0, -1, 1), (x0, y1, 1, -1), (x1, y1, -1, -1)):
        cv2.line(image, (x, y), (x + right * length, y), colour, thick, cv2.LINE_AA)
        cv2.line(image, (x, y), (x, y + down * length), colour, thick, cv2.LINE_AA)


def _panel(image: UInt8, face: FaceRow, colour: Colour, unit: float) -> None:
    """Draw label, confidence and intensity below the box, or above where there is no room."""
    x0, y0, _, y1 = _corners(image, face)
    width, height = round(170 * unit), round(58 * unit)
    frame_height, frame_width = image.shape[:2]
    x = min(max(x0, 0), max(frame_width - width, 0))
    below = y1 + round(6 * unit)
    y = below if below + height <= frame_height else max(y0 - height - round(6 * unit), 0)
    patch = image[y : y + height, x : x + width]
    patch[:] = (patch * 0.35 + np.array(DARK) * 0.65).astype(np.uint8)
    pad = round(7 * unit)
    label = f'{face.expression} {face.confidence:.0%}'
    title = f'{face.face_id}  {face.abstained.replace("_", " ") or label}'
    _text(image, title, (x + pad, y + round(18 * unit)), 0.45 * unit, colour)
    bar = round(105 * unit)
    for row, (name, value) in enumerate(
        (('confidence', face.confidence), ('intensity', face.intensity))
    ):
        top = y + round((26 + 15 * row) * unit)
        _text(image, name, (x + pad, top + round(9 * unit)), 0.3 * unit, WHITE)
        left = x + pad + round(52 * unit)
        size = round((bar - 52 * unit) * min(max(value, 0.0), 1.0))
        end = (left + round(bar - 52 * unit), top + round(9 * unit))
        cv2.rectangle(image, (left, top), end, GREY, 1, cv2.LINE_AA)
        cv2.rectangle(image, (left, top), (left + size, end[1]), colour, -1, cv2.LINE_AA)
    _dial(image, (x + width - round(28 * unit), y + round(38 * unit)), face, colour, unit)


def _dial(
    image: UInt8, centre: tuple[int, int], face: FaceRow, colour: Colour, unit: float
) -> None:
    """Draw valence to the right and arousal upwards."""
    radius = round(15 * unit)
    cv2.circle(image, centre, radius, GREY, 1, cv2.LINE_AA)
    x, y = centre
    cv2.line(image, (x - radius, y), (x + radius, y), GREY, 1, cv2.LINE_AA)
    cv2.line(image, (x, y - radius), (x, y + radius), GREY, 1, cv2.LINE_AA)
    reach = max(math.hypot(face.valence, face.arousal), 1.0)
    tip = (
        x + round(radius * face.valence / reach),
        y - round(radius * face.arousal / reach),
    )
    cv2.circle(image, tip, max(round(3.5 * unit), 2), colour, -1, cv2.LINE_AA)


def _status(image: UInt8, text: str, unit: float) -> None:
    """Write a line at the top on a darkened strip."""
    strip = image[: round(24 * unit)]
    strip[:] = (strip * 0.4).astype(np.uint8)
    _text(image, text, (round(8 * unit), round(16 * unit)), 0.42 * unit, WHITE)


def _text(image: UInt8, text: str, origin: tuple[int, int], scale: float, colour: Colour) -> None:
    """Write a line."""
    thick = max(round(scale * 1.6), 1)
    cv2.putText(image, text, origin, FONT, scale, colour, thick, cv2.LINE_AA)
