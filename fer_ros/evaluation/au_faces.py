"""Neutral faces for cross-talk, the reliability that follows, and the table in the docs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from fer_ros.config import utf8_name
from fer_ros.errors import DataError
from fer_ros.evaluation.au_drawn import neutral_rows, portraits
from fer_ros.evaluation.au_warp import Portrait
from fer_ros.evaluation.aus import UnitReport
from fer_ros.evaluation.crosstalk import Crosstalk
from fer_ros.evaluation.face_scenes import photo_files
from fer_ros.evaluation.ferplus import load_faces
from fer_ros.evaluation.framing import framed
from fer_ros.pipeline import Pipeline
from fer_ros.recognition.au_filters import CODES, OBLIQUE, OBLIQUE_OF
from fer_ros.recognition.emfacs import emfacs
from fer_ros.sources.images import read_image
from fer_ros.types import Face, Frame, UInt8

_SIDE_PX = 192
_FRAMING = 1.5  # side of the portrait / longer side of the face's box
_NEUTRAL = 0.5  # probability from which a photo's face counts as neutral
_UNSEEN = 0.5  # of a unit's reliability is left where no emotion shows it on real faces
_START, _END = '<!-- crosstalk -->', '<!-- /crosstalk -->'


def neutral_faces(npz: Path, landmarks_px: object, count: int, seed: int) -> list[Portrait]:
    """Return faces of an npz that nearly everybody calls neutral."""
    faces = framed(load_faces(npz))
    points = np.asarray(landmarks_px, np.float32)
    rows = np.random.default_rng(seed).permutation(neutral_rows(faces, points))[:count]
    if not len(rows):
        raise DataError(f'{npz}: expected faces that nearly everybody calls neutral, found none')
    return list(portraits(faces, points, rows.tolist()))


def neutral_photos(folder: Path) -> list[Portrait]:
    """Return the neutral faces of a folder's photos, and of the first frames of its clips."""
    found = []
    for path in [*photo_files(folder), *sorted(folder.rglob('*.mp4'))]:
        pixels = read_image(path) if path.suffix != '.mp4' else first_frame(path)
        for state in Pipeline().process(Frame(0, 'photo', 0, pixels)).states:
            shares = dict(zip(state.expression.labels, state.expression.probabilities.tolist()))
            if shares.get('neutral', 0.0) >= _NEUTRAL:
                found.append(portrait_of(pixels, state.face))
    return found


def reliabilities(crosstalk: Crosstalk, real: UnitReport) -> dict[int, float]:
    """Return each unit's reliability, 0..1: what is drawn is read, and real faces show it.

    The correlation of what is read with what was drawn; and, as a correlation too (d over
    sqrt(d^2 + 4)), how far the emotion that shows the unit most, of those that EMFACS gives it to,
    is from neutral on real faces. Their geometric mean; where no emotion shows the unit, half of
    the first.
    """
    drawn_by_code = dict(zip(CODES, crosstalk.reliability.tolist()))
    # The combination is not drawn by itself: it is as good as the worse of its two units.
    drawn_by_code[OBLIQUE] = min(drawn_by_code[code] for code in OBLIQUE_OF)
    found = {}
    for code, drawn in drawn_by_code.items():
        distances = [
            real.distance[emotion][code]
            for emotion, links in emfacs().items()
            if emotion in real.distance
            and any(link.code == code and link.weight >= 0.4 for link in links)
        ]
        best = max(distances, default=0.0)
        shown = best / math.sqrt(best**2 + 4.0) if best > 0.2 else None
        drawn = max(drawn, 0.0)
        found[code] = _UNSEEN * drawn if shown is None else math.sqrt(drawn * shown)
    return found


def write_reliabilities(path: Path, values: Mapping[int, float], command: str) -> None:
    """Write the table that gives every unit its confidence."""
    lines = [
        '# Measured reliability of each action unit, 0..1: see docs/action_units.md.',
        f'# Written by: {command}',
        '# code,reliability',
        *(f'{code},{value:.3f}' for code, value in sorted(values.items())),
    ]
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')


def write_table(path: Path, table: str) -> None:
    """Put the matrix between its marks in a page.

    :raises DataError: the page has no marks.
    """
    text = path.read_text(encoding='utf-8')
    if _START not in text or _END not in text:
        raise DataError(f'{path}: expected the marks {_START} and {_END}, found none')
    head, rest = text.split(_START, 1)
    path.write_text(f'{head}{_START}\n{table}\n{_END}{rest.split(_END, 1)[1]}', encoding='utf-8')


def first_frame(path: Path) -> UInt8:
    """Return a clip's first frame."""
    capture = cv2.VideoCapture(utf8_name(path))
    more, pixels = capture.read()
    capture.release()
    if not more:
        raise DataError(f'{path}: expected a clip, found none that can be read')
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def portrait_of(pixels: UInt8, face: Face) -> Portrait:
    """Cut a face out, with its surroundings, at the size at which units are drawn."""
    roi = face.roi
    scale = _SIDE_PX / (_FRAMING * max(roi.width, roi.height))
    centre = np.array([roi.x + roi.width / 2, roi.y + roi.height / 2])
    shift = _SIDE_PX / 2 - scale * centre
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    points = face.landmarks_px * np.float32(scale)
    points[:, :2] += shift.astype(np.float32)
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cut = cv2.warpAffine(
        pixels, matrix, (_SIDE_PX, _SIDE_PX), flags=how, borderMode=cv2.BORDER_REPLICATE
    )
    return Portrait(np.asarray(cut, np.uint8), points)
