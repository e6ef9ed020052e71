from __future__ import annotations

import cv2
import numpy as np
import pytest

from fer_ros.alignment import similarity_to_template
from fer_ros.alignment.canonical import canonical_face
from fer_ros.evaluation.normalise import NORMALISATIONS, frontal

NONE = np.empty((0, 3), np.float32)


@pytest.mark.parametrize('name', NORMALISATIONS)
def test_a_crop_stays_a_crop(name: str) -> None:
    crop = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    out = NORMALISATIONS[name](crop, NONE)
    assert out.shape == crop.shape
    assert out.dtype == np.uint8


@pytest.mark.parametrize('name', ['standardised', 'lit', 'equalised'])
def test_a_dark_crop_becomes_as_light_as_others(name: str) -> None:
    crop = np.random.default_rng(0).integers(5, 40, (48, 48)).astype(np.uint8)
    assert NORMALISATIONS[name](crop, NONE).mean() == pytest.approx(129, abs=12)


def test_a_light_crop_keeps_its_light() -> None:
    crop = np.full((48, 48), 200, np.uint8)
    np.testing.assert_array_equal(NORMALISATIONS['lit'](crop, NONE), crop)


def head(yaw_deg: float, side: int) -> np.ndarray:
    """Return the canonical face, turned and framed as a crop; z in pixels too."""
    model = canonical_face().points_m[:, [1, 2, 0]]
    points = model * (1.0, -1.0, -1.0)  # x right, y down, z away from the camera
    turned = points @ cv2.Rodrigues(np.array([0.0, np.radians(yaw_deg), 0.0]))[0].T
    matrix = similarity_to_template(turned[:, :2], side)
    scale = float(np.hypot(*matrix[:, 0]))
    placed = turned[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    return np.column_stack([placed, turned[:, 2] * scale]).astype(np.float32)


def test_a_turned_head_looks_ahead() -> None:
    side = 96
    straight, turned = head(0.0, side), head(25.0, side)
    marks = (4, 61, 291)  # tip of the nose, corners of the mouth
    away = np.abs(straight[marks, :2] - turned[marks, :2]).max()
    assert away > 4
    for mark in marks:
        image = np.full((side, side), 40, np.uint8)
        cv2.circle(image, np.rint(turned[mark, :2]).astype(int).tolist(), 2, 255, -1)
        out = frontal(image, turned)
        weights = np.clip(out.astype(float) - 100, 0, None)
        rows, columns = np.mgrid[:side, :side] + 0.5
        found = [(weights * axis).sum() / weights.sum() for axis in (columns, rows)]
        assert np.hypot(*(found - straight[mark, :2])) < 0.6 * away


def test_a_face_from_the_front_stays() -> None:
    image = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 3)
    out = frontal(image, head(0.0, 48))
    assert np.abs(out.astype(int) - image)[8:40, 8:40].mean() < 3
