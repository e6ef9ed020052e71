"""Halves of a frame that several crops share."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from fer_ros.alignment import halves as module
from fer_ros.alignment.halves import Halves

RNG = np.random.default_rng(2)
PIXELS = RNG.integers(0, 256, (203, 310, 3), np.uint8)


def halved(part: Any, times: int) -> Any:
    for _ in range(times):
        size = (max(part.shape[1] // 2, 1), max(part.shape[0] // 2, 1))
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return part


@pytest.mark.parametrize('halvings', [0, 1, 2, 3, 4, 5])
def test_a_part_is_that_of_the_frame_whatever_was_asked_for_before(halvings: int) -> None:
    halves, block = Halves(PIXELS), 2**halvings
    for left, top, columns, rows in RNG.integers(0, 20, (40, 4)).tolist():
        x, y = min(left * block, 300) // block * block, min(top * block, 192) // block * block
        wide, high = columns + 1, rows + 1
        wanted = halved(PIXELS[y : y + high * block, x : x + wide * block], halvings)
        np.testing.assert_array_equal(halves.part(x, y, wide, high, halvings), wanted)


def test_the_second_crop_of_a_face_reads_the_frame_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes, original = [], cv2.resize

    def resize(pixels: Any, *args: Any, **kwargs: Any) -> Any:
        sizes.append(pixels.shape[:2])
        return original(pixels, *args, **kwargs)

    halves = Halves(PIXELS)
    monkeypatch.setattr(module.cv2, 'resize', resize)
    halves.part(64, 48, 20, 20, 2)  # 80 px, kept with a border of at least 16
    assert sizes == [(112, 112), (56, 56)]
    halves.part(56, 40, 24, 24, 2)
    halves.part(64, 48, 40, 40, 1)
    assert len(sizes) == 2
    halves.part(64, 48, 10, 10, 3)
    assert sizes[2:] == [(28, 28)]
    halves.part(200, 48, 20, 20, 2)  # another face
    assert len(sizes) == 5
