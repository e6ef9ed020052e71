"""TFLite's sparse tensors, written out dense.

A sparse tensor stores its values in the order of a tree: one level per dimension, in traversal
order, the last levels being the insides of blocks. A dense level has all its children, a sparse
level lists them as in compressed sparse rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.graph import Array


@dataclass(frozen=True, slots=True)
class Dimension:
    """One level: dense (``size`` children) or compressed (``segments``, ``indices``)."""

    size: int | None = None
    segments: Array | None = None
    indices: Array | None = None


def densify(
    values: Array,
    shape: Sequence[int],
    traversal_order: Sequence[int],
    block_map: Sequence[int],
    dimensions: Sequence[Dimension],
) -> Array:
    """Return the dense array of a sparse tensor.

    :param values: (stored,) in tree order.
    :param traversal_order: dimension of each level; a number >= rank is a block dimension.
    :param block_map: the dimension that each block dimension divides.
    :raises ModelError: when tree and values disagree.
    """
    paths = _walk(dimensions)
    if len(paths) != values.size:
        raise ModelError(f'sparse tensor: {len(paths)} places for {values.size} values')
    levels = {dimension: paths[:, level] for level, dimension in enumerate(traversal_order)}
    block_sizes = {
        dimension: _block_size(dimensions, traversal_order, len(shape) + number)
        for number, dimension in enumerate(block_map)
    }
    place = []
    for dimension in range(len(shape)):
        index = levels[dimension]
        if dimension in block_sizes:
            inside = levels[len(shape) + list(block_map).index(dimension)]
            index = index * block_sizes[dimension] + inside
        place.append(index)
    dense = np.zeros(tuple(shape), values.dtype)
    dense[tuple(place)] = values
    return dense


def _walk(dimensions: Sequence[Dimension]) -> NDArray[np.int64]:
    """List the path to every stored value, (values, levels)."""
    paths = np.zeros((1, 0), np.int64)
    for dimension in dimensions:
        if dimension.size is not None:
            children = np.tile(np.arange(dimension.size), len(paths))
            counts = np.full(len(paths), dimension.size)
        elif dimension.segments is not None and dimension.indices is not None:
            children = dimension.indices
            counts = np.diff(dimension.segments)
        else:
            raise ModelError('sparse tensor: a level is neither dense nor compressed')
        paths = np.column_stack([np.repeat(paths, counts, axis=0), children])
    return paths


def _block_size(dimensions: Sequence[Dimension], order: Sequence[int], dimension: int) -> int:
    size = dimensions[list(order).index(dimension)].size
    if size is None:
        raise ModelError('sparse tensor: a block dimension must be dense')
    return size
