"""Results drawn on their frame, for people to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from zlib import crc32

import cv2
import numpy as np

from fer_ros.evaluation.panels import Box, Size, place
from fer_ros.evaluation.results import FaceRow, code_name
from fer_ros.types import Float32, Frame, UInt8

# Okabe & Ito 2008: colours that people with any colour vision can tell apart.
PALETTE = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
GREY = (160, 160, 160)
WHITE = (255, 255, 255)
DARK = (20, 20, 20)
FONT = cv2.FONT_HERSHEY_SIMPLEX
# At lengths of a 480 px image; all drawing is scaled by the image's shorter side.
TITLE, SMALL = 0.45, 0.34
PAD, BAR = 7, 64
BARS = ('confidence', 'intensity')
STATE = 0.3  # score from which a named state is told
CROWD = 6  # faces above which panels are one line, or they would hide the picture

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
    full = len(faces) <= CROWD
    boxes = [_pixels(image, face) for face in faces]
    strip = round(24 * unit)
    sizes = [_panel_size(face, unit, full=full) for face in faces]
    area = (0, strip, frame.width, frame.height)
    panels = place(boxes, sizes, area, gap=round(6 * unit))
    # Boxes and points are drawn over every panel's ground, and texts over both.
    for panel in panels:
        _darken(image, panel)
    for face, box in zip(faces, boxes):
        _points(image, landmarks.get(face.face_id), box, _colour(face), unit)
        _box(image, box, _colour(face), unit)
    for face, panel in zip(faces, panels):
        _panel(image, face, panel, unit, full=full)
    _darken(image, (0, 0, frame.width, strip))
    _text(image, status, (round(8 * unit), round(16 * unit)), TITLE * unit, WHITE)
    return image


def _colour(face: FaceRow) -> Colour:
    return GREY if face.abstained else colour_of(face.face_id)


def _pixels(image: UInt8, face: FaceRow) -> Box:
    """Return a face's box in pixels."""
    height, width = image.shape[:2]
    xmin, ymin, xmax, ymax = face.roi
    return round(xmin * width), round(ymin * height), round(xmax * width), round(ymax * height)


def _points(image: UInt8, shares: Float32 | None, box: Box, colour: Colour, unit: float) -> None:
    """Draw landmarks, smaller on far faces, which they would cover."""
    if shares is None or not np.isfinite(shares).all():
        return
    height, width = image.shape[:2]
    radius = round(min(1.4 * unit, 0.01 * (box[2] - box[0])))
    for x, y in (shares * (width, height)).round().astype(int).tolist():
        cv2.circle(image, (x, y), radius, colour, -1, cv2.LINE_AA)


def _box(image: UInt8, box: Box, colour: Colour, unit: float) -> None:
    """Draw the box's corners, which leave the face free."""
    x0, y0, x1, y1 = box
    length = max(round(0.2 * min(x1 - x0, y1 - y0)), 4)
    thick = max(round(2.5 * unit), 1)
    for x, y, right, down in ((x0, y0, 1, 1), (x1, y0, -1, 1), (x0, y1, 1, -1), (x1, y1, -1, -1)):
        cv2.line(image, (x, y), (x + right * length, y), colour, thick, cv2.LINE_AA)
        cv2.line(image, (x, y), (x, y + down * length), colour, thick, cv2.LINE_AA)


def _title(face: FaceRow) -> str:
    """Return who it is and what they show, or why nothing is said."""
    said = f'{face.expression} {face.confidence:.0%}'
    return f'{face.face_id}  {face.abstained.replace("_", " ") or said}'


def _panel_size(face: FaceRow, unit: float, *, full: bool) -> Size:
    """Return width and height of a panel that its title fits into."""
    title = _width(_title(face), TITLE * unit) + round((2 * PAD + 4) * unit)
    if not full:
        return title, round(24 * unit)
    bars = _width_of_names(unit) + round((PAD + 3 + 6 + BAR + 46) * unit)
    why = max(_width(line, SMALL * unit) for line in _reasons(face))
    return max(title, bars, why + round((2 * PAD + 4) * unit)), round(88 * unit)


def _reasons(face: FaceRow) -> tuple[str, str]:
    """Return the action units for and against the expression, and the strongest named state."""
    shown, contradicting = face.evidence
    why = f'for {_codes(shown)}' if shown else ''
    if contradicting:
        why += f'{"  " if why else ""}against {_codes(contradicting)}'
    state = max(face.states, key=lambda name: face.states[name], default='')
    told = state and face.states[state] >= STATE
    return (
        why or 'no action units',
        f'{state.replace("_", " ")} {face.states[state]:.0%}' if told else '',
    )


def _codes(codes: Sequence[int]) -> str:
    """Return FACS codes as text."""
    return 'AU ' + ' '.join(map(code_name, codes[:5]))


def _width_of_names(unit: float) -> int:
    return max(_width(name, SMALL * unit) for name in BARS)


def _panel(image: UInt8, face: FaceRow, panel: Box, unit: float, *, full: bool) -> None:
    """Draw title, confidence, intensity, the dial of valence and arousal, and why."""
    left, top, right, bottom = panel
    colour = _colour(face)
    cv2.rectangle(image, (left, top), (left + round(3 * unit), bottom - 1), colour, -1)
    x = left + round((PAD + 3) * unit)
    ink = GREY if face.abstained else WHITE
    _text(image, _title(face), (x, top + round(17 * unit)), TITLE * unit, ink)
    if not full:
        return
    start, end = x + _width_of_names(unit) + round(6 * unit), right - round(46 * unit)
    for row, name in enumerate(BARS):
        y = top + round((27 + 15 * row) * unit)
        _text(image, name, (x, y + round(8 * unit)), SMALL * unit, ink)
        share = min(max(float(getattr(face, name)), 0.0), 1.0)
        low = y + round(9 * unit)
        cv2.rectangle(image, (start, y), (start + round(share * (end - start)), low), colour, -1)
        cv2.rectangle(image, (start, y), (end, low), GREY, 1)
    _dial(image, (right - round(23 * unit), top + round(38 * unit)), face, colour, unit)
    for row, line in enumerate(_reasons(face)):
        _text(image, line, (x, top + round((67 + 14 * row) * unit)), SMALL * unit, ink)


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


def _darken(image: UInt8, box: Box) -> None:
    """Make the ground of a text dark, whatever is below it."""
    left, top, right, bottom = (max(edge, 0) for edge in box)
    patch = image[top:bottom, left:right]
    patch[:] = (patch * 0.3 + np.array(DARK) * 0.7).astype(np.uint8)


def _thick(scale: float) -> int:
    return max(round(scale * 1.6), 1)


def _width(text: str, scale: float) -> int:
    """Return a text's width in pixels; fonts differ between OpenCV 4 and 5."""
    (width, _), _ = cv2.getTextSize(text, FONT, scale, _thick(scale))
    return int(width)


def _text(image: UInt8, text: str, origin: tuple[int, int], scale: float, colour: Colour) -> None:
    """Write a line."""
    cv2.putText(image, text, origin, FONT, scale, colour, _thick(scale), cv2.LINE_AA)
