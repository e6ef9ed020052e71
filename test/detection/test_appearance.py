"""People made of two colours: a head and what they wear."""

from __future__ import annotations

import numpy as np
import pytest

from fer_ros.detection.appearance import difference, signature, signatures
from fer_ros.detection.track import ALIKE, DIFFERENT
from fer_ros.types import RotatedRoi

ROI = RotatedRoi(100.0, 80.0, 60.0, 0.0)


def person(cloth: tuple[int, int, int], light: float = 1.0) -> np.ndarray:
    """Return (200, 200, 3): a head of 60 px at (100, 80) above clothes, before a grey wall."""
    pixels = np.full((200, 200, 3), 120, np.float32)
    pixels[47:107, 70:130] = (190, 140, 120)
    pixels[110:, 50:150] = cloth
    noise = np.random.default_rng(0).normal(0, 6, pixels.shape)
    return np.clip(pixels * light + noise, 0, 255).astype(np.uint8)


def test_one_looks_like_oneself() -> None:
    red = signature(person((150, 30, 30)), ROI)
    assert difference(red, red) == pytest.approx(0.0, abs=1e-3)
    darker = signature(person((150, 30, 30), light=0.9), ROI)
    moved = RotatedRoi(103.0, 78.0, 64.0, 0.0)
    assert difference(red, darker) < ALIKE
    assert difference(red, signature(person((150, 30, 30)), moved)) < ALIKE


def test_other_clothes_are_another_person() -> None:
    red, blue = (signature(person(cloth), ROI) for cloth in ((150, 30, 30), (30, 50, 160)))
    assert difference(red, blue) > DIFFERENT


def test_what_the_frame_does_not_show_does_not_count() -> None:
    pixels = person((150, 30, 30))[:125]  # cut off below the chin
    bust = signature(pixels, ROI)
    assert bust[0].any()
    assert not bust[1].any()
    assert difference(bust, signature(person((30, 50, 160)), ROI)) < 0.05
    outside = signature(pixels, RotatedRoi(900.0, 900.0, 60.0, 0.0))
    assert difference(outside, bust) is None


def test_somebody_else_close_by_would_be_mixed_in() -> None:
    pixels = person((150, 30, 30))
    near, far = RotatedRoi(150.0, 80.0, 60.0, 0.0), RotatedRoi(180.0, 80.0, 60.0, 0.0)
    assert signatures(pixels, [ROI, near], [True, False])[0] is None
    told = signatures(pixels, [ROI, far], [True, False])
    assert told[0] is not None
    assert told[1] is None
