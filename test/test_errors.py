from __future__ import annotations

import pytest

from fer_ros.errors import (
    ConfigError,
    DataError,
    FerError,
    FrameError,
    MiddlewareError,
    MissingExtra,
    ModelError,
    SourceError,
)


@pytest.mark.parametrize(
    ('kind', 'builtin'),
    [
        (DataError, ValueError),
        (FrameError, DataError),
        (ConfigError, ValueError),
        (SourceError, OSError),
        (ModelError, RuntimeError),
        (MiddlewareError, RuntimeError),
        (MissingExtra, ImportError),
    ],
)
def test_each_is_ours_and_refines_a_builtin(kind: type, builtin: type) -> None:
    assert issubclass(kind, FerError)
    assert issubclass(kind, builtin)


def test_a_frame_error_names_its_counter() -> None:
    error = FrameError('expected a newer stamp', 'time_back')
    assert (str(error), error.reason) == ('expected a newer stamp', 'time_back')


def test_a_missing_extra_says_how_to_get_it() -> None:
    assert str(MissingExtra('torch', 'train', 'training')) == (
        "training needs the package 'torch', which is not installed: pip install 'fer_ros[train]'"
    )
