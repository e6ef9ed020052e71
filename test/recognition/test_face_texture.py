"""The furrow of a frown: read wherever between the brows it lies, and nowhere else."""

import cv2
import numpy as np
import pytest

from fer_ros.recognition.face_shape import SKIN, neutral_face
from fer_ros.recognition.face_texture import CROP_PX, TEXTURES, texture_at
from fer_ros.types import Float32

PX_PER_CM = 2.5
BROWS, ROOT, FOREHEAD = (107, 336), 8, 151


@pytest.fixture(scope='module')
def places() -> Float32:
    """Return the mean face's mesh points in a crop."""
    points = neutral_face().points_cm[:SKIN, :2] * (PX_PER_CM, -PX_PER_CM) + (24.0, 26.0)
    return points.astype(np.float32)


def furrow(places: Float32, *lines: tuple[float, float, float, float]) -> float:
    """Return what is read of dark lines (x0, y0, x1, y1 in pixels) on skin with soft shading."""
    scale = 16
    y, x = np.mgrid[0:CROP_PX, 0:CROP_PX]
    skin = 150 + 20 * np.sin(x / 9.0) * np.cos(y / 11.0)
    canvas = np.zeros((scale * CROP_PX, scale * CROP_PX), np.uint8)
    for line in lines:
        start, end = np.round(np.reshape(line, (2, 2)) * scale).astype(int).tolist()
        cv2.line(canvas, start, end, 255, scale)
    canvas = cv2.GaussianBlur(canvas, (0, 0), 0.8 * scale)
    drawn = cv2.resize(canvas, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA)
    texture = texture_at((skin * (1 - 0.3 * drawn / 255.0)).astype(np.uint8), places)
    assert texture.shape == (TEXTURES,)
    return float(texture[-1])


def upright(places: Float32, aside_px: float) -> tuple[float, float, float, float]:
    (x, low), (_, high) = places[[ROOT, FOREHEAD]].tolist()
    return x + aside_px, low, x + aside_px, high


def test_one_line_is_read_wherever_between_the_brows_it_lies(places: Float32) -> None:
    nothing = furrow(places)
    assert abs(nothing) < 0.1
    found = [furrow(places, upright(places, aside)) for aside in (-1.5, -0.5, 0.0, 1.0)]
    assert min(found) > nothing + 1.5
    assert max(found) < 1.5 * min(found)


def test_two_lines_are_a_furrow_too(places: Float32) -> None:
    pair = furrow(places, upright(places, -1.5), upright(places, 1.5))
    assert pair > furrow(places) + 1.5


def test_lines_elsewhere_and_level_ones_are_none(places: Float32) -> None:
    cheek = furrow(places, upright(places, 9.0))
    (left, y), (right, _) = places[list(BROWS)].tolist()
    level = furrow(places, (left, y, right, y))
    assert max(cheek, level) < 0.15
