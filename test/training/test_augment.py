from __future__ import annotations

import numpy as np
import pytest

from fer_ros.alignment.crop import warp
from fer_ros.training.augment import AugmentConfig, augment

NOTHING = AugmentConfig(
    rotation_deg=0,
    scale=0,
    shift=0,
    unaligned=0,
    mirror=0,
    tone=0,
    dark=0,
    noise=0,
    blur=0,
    jpeg=0,
    small=0,
    occluded=0,
)


@pytest.fixture
def face() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (48, 48), np.uint8)


def test_no_augmentation_is_the_crop_of_the_run_time(face: np.ndarray) -> None:
    matrix = np.array([[0.9, 0.2, -3.0], [-0.2, 0.9, 4.5]])
    drawn = augment(face, matrix, 48, NOTHING, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, warp(face, matrix, 48))


def test_a_mirrored_face_is_mirrored_about_the_middle(face: np.ndarray) -> None:
    config = AugmentConfig(
        **{name: getattr(NOTHING, name) for name in NOTHING.__slots__} | {'mirror': 1.0}
    )
    drawn = augment(face, np.eye(2, 3), 48, config, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, face[:, ::-1])


@pytest.mark.parametrize('kind', ['tone', 'dark', 'noise', 'blur', 'jpeg', 'small', 'occluded'])
def test_each_kind_changes_the_face_and_a_seed_repeats_it(face: np.ndarray, kind: str) -> None:
    config = AugmentConfig(
        **{name: getattr(NOTHING, name) for name in NOTHING.__slots__} | {kind: 1.0}
    )
    first, again = (
        augment(face, np.eye(2, 3), 48, config, np.random.default_rng(5)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, again)
    assert first.shape == (48, 48)
    assert first.dtype == np.uint8
    assert (first != face).any()


def test_low_light_is_dark(face: np.ndarray) -> None:
    config = AugmentConfig(
        **{name: getattr(NOTHING, name) for name in NOTHING.__slots__} | {'dark': 1.0}
    )
    drawn = augment(face, np.eye(2, 3), 48, config, np.random.default_rng(5))
    assert drawn.mean() < 0.5 * face.mean()
