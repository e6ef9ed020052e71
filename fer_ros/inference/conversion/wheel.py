"""Finds the TFLite files: in a MediaPipe wheel or in an installed MediaPipe."""

from __future__ import annotations

import hashlib
import os
import zipfile
from importlib.util import find_spec
from pathlib import Path

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.recipes import WHEEL_VERSION, Recipe

WHEEL_VARIABLE = 'FER_ROS_MEDIAPIPE_WHEEL'
_HELP = (
    f'get the wheel of any platform with: pip download mediapipe=={WHEEL_VERSION} --no-deps '
    '--only-binary=:all: --platform manylinux_2_28_x86_64 --python-version 3.11'
)


def find_wheel() -> Path:
    """Return the wheel that $FER_ROS_MEDIAPIPE_WHEEL names, or the folder MediaPipe is in.

    :raises ModelError: when there is neither; the text says how to get one.
    """
    named = os.environ.get(WHEEL_VARIABLE)
    if named:
        return Path(named)
    spec = find_spec('mediapipe')
    if spec is None or spec.origin is None:
        raise ModelError(
            f'expected a MediaPipe wheel (argument or ${WHEEL_VARIABLE}) or an installed '
            f'mediapipe, found none; {_HELP}'
        )
    return Path(spec.origin).parents[1]


def read_source(wheel: Path, recipe: Recipe) -> bytes:
    """Return the TFLite file of a recipe, checked by its sha256.

    :param wheel: a ``.whl`` file, or the folder that holds ``mediapipe/``.
    :raises ModelError: when the file is absent or another one.
    """
    try:
        if wheel.is_dir():
            data = (wheel / recipe.path).read_bytes()
        else:
            with zipfile.ZipFile(wheel) as archive:
                data = archive.read(recipe.path)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f'{wheel}: can not read {recipe.path} ({error}); {_HELP}') from error
    found = hashlib.sha256(data).hexdigest()
    if found != recipe.sha256:
        raise ModelError(
            f'{wheel}: {recipe.path}: expected sha256 {recipe.sha256}, found {found}; {_HELP}'
        )
    return data
