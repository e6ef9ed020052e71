from __future__ import annotations

import numpy as np
import pytest

from fer_ros.inference.engine import to_batch
from fer_ros.inference.manifest import Colour, InputSpec

# Two crops of 2 x 3 pixels (height, width): each one pixel of a colour, the rest black.
RED = np.zeros((2, 3, 3), np.uint8)
RED[0, 2] = (200, 40, 10)
WHITE = np.full((2, 3, 3), 255, np.uint8)


def spec(colour: Colour, mean: tuple[float, ...], std: tuple[float, ...]) -> InputSpec:
    return InputSpec('image', 3, 2, colour, mean, std)


@pytest.mark.parametrize(
    ('colour', 'expected'), [(Colour.RGB, (200, 40, 10)), (Colour.BGR, (10, 40, 200))]
)
def test_order_of_channels(colour: Colour, expected: tuple[int, ...]) -> None:
    batch = to_batch([RED], spec(colour, (0.0,) * 3, (1.0,) * 3))
    assert (batch.shape, batch.dtype) == ((1, 3, 2, 3), np.float32)
    np.testing.assert_array_equal(batch[0, :, 0, 2], expected)
    assert np.count_nonzero(batch) == 3


def test_mean_and_std_go_with_their_channel() -> None:
    batch = to_batch([RED], spec(Colour.RGB, (100.0, 20.0, 5.0), (50.0, 10.0, 5.0)))
    # (200 - 100) / 50, (40 - 20) / 10, (10 - 5) / 5; black is -mean / std.
    np.testing.assert_allclose(batch[0, :, 0, 2], (2.0, 2.0, 1.0), rtol=1e-6)
    np.testing.assert_allclose(batch[0, :, 1, 0], (-2.0, -2.0, -1.0), rtol=1e-6)


def test_mean_of_the_nets_order_for_bgr() -> None:
    batch = to_batch([RED], spec(Colour.BGR, (10.0, 0.0, 0.0), (1.0, 1.0, 100.0)))
    np.testing.assert_allclose(batch[0, :, 0, 2], (0.0, 40.0, 2.0), rtol=1e-6)


def test_grey_by_hand() -> None:
    batch = to_batch([RED, WHITE], spec(Colour.GRAY, (55.0,), (100.0,)))
    assert batch.shape == (2, 1, 2, 3)
    # BT.601: 0.299 * 200 + 0.587 * 40 + 0.114 * 10 = 84.42, rounded.
    assert batch[0, 0, 0, 2] == pytest.approx((84 - 55) / 100)
    assert batch[0, 0, 0, 0] == pytest.approx(-0.55)
    np.testing.assert_allclose(batch[1], 2.0, rtol=1e-6)


def test_crops_keep_their_order_and_are_left_alone() -> None:
    before = RED.copy()
    batch = to_batch([WHITE, RED, WHITE], spec(Colour.RGB, (0.0,) * 3, (255.0,) * 3))
    np.testing.assert_allclose(batch.max(axis=(1, 2, 3)), (1.0, 200 / 255, 1.0), rtol=1e-6)
    np.testing.assert_array_equal(RED, before)


def test_no_crops_make_an_empty_batch() -> None:
    assert to_batch([], spec(Colour.GRAY, (0.0,), (1.0,))).shape == (0, 1, 2, 3)
