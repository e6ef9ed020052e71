"""What takes minutes is found once and kept: one array in an npz beside a run's other files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.errors import DataError
from fer_ros.types import Float32


def kept(
    cache: Path, name: str, shape: tuple[int | None, ...], find: Callable[[], Float32]
) -> Float32:
    """Return the array of an earlier run, or find it and keep it for the next.

    :param name: of the array in the file, and in errors.
    :param shape: what the array has to have; None is any length.
    :raises DataError: the file is broken, or of other faces.
    """
    if cache.is_file():
        return _known(cache, name, shape)
    found = find()
    partial = cache.with_suffix('.part.npz')
    arrays: dict[str, Any] = {name: found}
    np.savez(partial, **arrays)
    partial.replace(cache)
    return found


def _known(cache: Path, name: str, shape: tuple[int | None, ...]) -> Float32:
    """Read the array of an earlier run."""
    try:
        with np.load(cache, allow_pickle=False) as archive:
            known: Float32 = archive[name]
    except Exception as error:  # what zipfile, zlib and NumPy raise for a broken file is no family
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise DataError(
            f'{cache}: expected {name} of an earlier run, found none that can be read: {reason}; '
            'delete this file'
        ) from None
    fits = known.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, known.shape)
    )
    if not fits:
        wanted = ', '.join('any' if length is None else str(length) for length in shape)
        raise DataError(
            f'{cache}: expected {name} ({wanted}), found {known.shape}; delete this file'
        )
    return known
