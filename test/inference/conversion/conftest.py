"""Faces to convert for, and the TFLite files where they can be had."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from nchw_batch import Float32
from numpy.typing import NDArray
from skimage import data

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.recipes import RECIPES, Recipe
from fer_ros.inference.conversion.wheel import find_wheel, read_source


@pytest.fixture(scope='session')
def portrait() -> NDArray[np.uint8]:
    """NASA's portrait of an astronaut: (512, 512, 3) RGB, one smiling face."""
    return np.asarray(data.astronaut())


@pytest.fixture(scope='session')
def face_crops(portrait: NDArray[np.uint8]) -> list[Float32]:
    """The face upright, turned and close: (192, 192, 3) in 0..1."""
    crops = []
    for x, y, side, degrees in ((125, 20, 200, 0), (100, 0, 220, 20), (150, 60, 130, -35)):
        centre = (x + side / 2, y + side / 2)
        turn = cv2.getRotationMatrix2D(centre, degrees, 192 / side)
        turn[:, 2] += 96 - np.array(centre)
        crops.append(cv2.warpAffine(portrait, turn, (192, 192)).astype(np.float32) / 255)
    return crops


@pytest.fixture(scope='session')
def wheel() -> Path:
    """The MediaPipe wheel or folder; skips with the way to get one."""
    try:
        found = find_wheel()
        for recipe in RECIPES:
            read_source(found, recipe)
    except ModelError as error:
        pytest.skip(str(error))
    return found


@pytest.fixture(scope='session')
def tflite_file(wheel: Path) -> Callable[[Recipe], bytes]:
    """Reader of a recipe's TFLite file."""
    return lambda recipe: read_source(wheel, recipe)
