"""Sparse tensors against tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.sparsity import Dimension, densify


def test_compressed_rows() -> None:
    dense = densify(
        np.array([1.0, 2.0, 3.0]),
        (3, 4),
        [0, 1],
        [],
        [
            Dimension(size=3),
            Dimension(segments=np.array([0, 1, 1, 3]), indices=np.array([2, 0, 3])),
        ],
    )
    assert dense.tolist() == [[0, 0, 1, 0], [0, 0, 0, 0], [2, 0, 0, 3]]


def test_columns_first() -> None:
    dense = densify(
        np.array([5, 6, 7]),
        (2, 2),
        [1, 0],
        [],
        [Dimension(size=2), Dimension(segments=np.array([0, 1, 3]), indices=np.array([1, 0, 1]))],
    )
    assert dense.tolist() == [[0, 6], [5, 7]]


def test_blocks_of_two_columns() -> None:
    dense = densify(
        np.array([1, 2, 3, 4]),
        (2, 4),
        [0, 1, 2],
        [1],
        [
            Dimension(size=2),
            Dimension(segments=np.array([0, 1, 2]), indices=np.array([1, 0])),
            Dimension(size=2),
        ],
    )
    assert dense.tolist() == [[0, 0, 1, 2], [3, 4, 0, 0]]


def test_too_few_values() -> None:
    with pytest.raises(ModelError, match='4 places for 3 values'):
        densify(np.ones(3), (2, 2), [0, 1], [], [Dimension(size=2), Dimension(size=2)])
