"""``CropRegions`` and ``MergeRegions`` as ONNX nodes, all regions and faces in one go.

A region's crop has the frame of its mesh points: turned by the line between two of them, their
bounding box enlarged. With the rotation R (columns: the region's axes), half-open box of middle m
and size s (both along these axes) a point p of the crop, in its pixels, lies in the map at::

    R (S p + o),   S = diag(scale * s / crop size),   o = m - S (crop size / 2)

R, S and o are (N, regions, ...) arrays that both operators share.
"""

from __future__ import annotations

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.attention import EYE_CONTOUR, Region
from fer_ros.inference.conversion.builder import Builder
from fer_ros.inference.conversion.graph import Array, Operator
from fer_ros.inference.conversion.operators import Conversion

_FAR_OUTSIDE = -3.0


def crop_regions(op: Operator, c: Conversion) -> list[str]:
    """Write the crops: (N, channels, height, width) for each region.

    Bilinear samples at pixel centres of the crop; a sample outside the map is zero as a whole,
    not blended with its border.
    """
    regions: tuple[Region, ...] = op.options['Regions']
    b = c.builder
    features, mesh = (c.value(i) for i in op.inputs)
    turned, scale, offset = _frames(b, mesh, regions)
    c.frames = (turned, scale, offset)
    height, width = regions[0].size
    rows, columns = np.mgrid[:height, :width] + 0.5
    pixels = b.floats(np.stack([columns, rows], -1).reshape(-1, 2))
    places = b.node('MatMul', b.node('Add', b.node('Mul', pixels, scale), offset), turned)
    grid = _normalised(b, places, c.shape(op.inputs[0]))
    grid = b.node('Reshape', grid, b.ints(0, len(regions) * height, width, 2))
    samples = b.node('GridSample', features, grid, mode='bilinear', align_corners=1)
    return b.split('Split', samples, outputs=len(regions), axis=2)


def _frames(b: Builder, mesh: str, regions: tuple[Region, ...]) -> tuple[str, str, str]:
    """Write R transposed (N, R, 2, 2), S (N, R, 1, 2) and o (N, R, 1, 2)."""
    xy = b.node('Slice', mesh, b.ints(0), b.ints(2), b.ints(2))
    left, right = (
        b.node('Gather', xy, b.constant(np.array([r.ends[k] for r in regions])), axis=1)
        for k in (0, 1)
    )
    line = b.node('Sub', right, left)
    axis = b.node('Div', line, b.node('ReduceL2', line, axes=[-1], keepdims=1))
    # (cos, sin) to the rotation that turns the region upright, for row vectors.
    upright = b.node('MatMul', axis, b.floats([[1, 0, 0, 1], [0, -1, 1, 0]]))
    upright = b.node('Reshape', upright, b.ints(0, len(regions), 2, 2))
    points = b.node('Gather', xy, b.constant(_padded([r.points for r in regions])), axis=1)
    points = b.node('MatMul', points, upright)
    high = b.node('ReduceMax', points, axes=[2], keepdims=1)
    low = b.node('ReduceMin', points, axes=[2], keepdims=1)
    size = np.array([r.size[::-1] for r in regions], np.float32).reshape(1, -1, 1, 2)
    enlarged = np.array([r.scale for r in regions], np.float32).reshape(size.shape) / size
    scale = b.node('Mul', b.node('Sub', high, low), b.floats(enlarged))
    middle = b.node('Mul', b.node('Add', high, low), b.floats(0.5))
    offset = b.node('Sub', middle, b.node('Mul', scale, b.floats(size / 2)))
    turned = b.node('Transpose', upright, perm=[0, 1, 3, 2])
    return turned, scale, offset


def _normalised(b: Builder, places: str, shape: tuple[int, ...]) -> str:
    """Write pixel places, whose corner is 0, as GridSample's -1..1, outside ones far away."""
    reach = np.array([shape[2] - 1, shape[1] - 1], np.float32)
    grid = b.node('Mul', places, b.floats(2 / reach))
    grid = b.node('Sub', grid, b.floats(1 / reach + 1))
    farthest = b.node('ReduceMax', b.node('Abs', grid), axes=[-1], keepdims=1)
    outside = b.node('Greater', farthest, b.floats(1))
    return b.node('Where', outside, b.floats(_FAR_OUTSIDE), grid)


def merge_regions(op: Operator, c: Conversion) -> list[str]:
    """Write all points (N, points, 3): x and y refined where a head places them.

    Depth stays the mesh's; an iris gets the mean depth of its eye's contour.
    """
    regions: tuple[Region, ...] = op.options['Regions']
    b = c.builder
    mesh = c.value(op.inputs[0])
    count = c.shape(op.inputs[0])[1]
    refined, sources = _refined_points(op, c, regions)
    xy = b.node('Slice', mesh, b.ints(0), b.ints(2), b.ints(2))
    xy = b.node('Concat', xy, refined, axis=1)
    xy = b.node('Gather', xy, b.constant(_newest(sources, count)), axis=1)
    z = b.node('Slice', mesh, b.ints(2), b.ints(3), b.ints(2))
    contours = [r.points[:EYE_CONTOUR] for r in regions if len(r.heads) > 1]
    deep = b.node('Gather', z, b.constant(np.array(contours)), axis=1)
    deep = b.node('ReduceMean', deep, axes=[2], keepdims=0)
    iris = (len(_newest(sources, count)) - count) // len(contours)
    order = np.r_[np.arange(count), np.repeat(count + np.arange(len(contours)), iris)]
    z = b.node('Gather', b.node('Concat', z, deep, axis=1), b.constant(order), axis=1)
    return [b.node('Concat', xy, z, axis=2)]


def _refined_points(
    op: Operator, c: Conversion, regions: tuple[Region, ...]
) -> tuple[str, list[tuple[int, int]]]:
    """Write the heads' points in the pixels of the input image, (N, regions * most, 2).

    Also tells for each of them which landmark it is: (landmark, row), later ones win.
    """
    b = c.builder
    turned, scale, offset = c.frames
    if len({r.shift_factor for r in regions}) != 1:
        raise ModelError('expected one scale for all regions')
    counts = [[int(np.prod(c.shape(h))) // 2 for h in r.heads] for r in regions]
    heads = [
        b.node('Reshape', c.value(h), b.ints(0, n, 2))
        for r, sizes in zip(regions, counts, strict=True)
        for h, n in zip(r.heads, sizes, strict=True)
    ]
    starts = np.cumsum([0, *(sum(sizes) for sizes in counts)]).tolist()
    rows = _padded([range(start, end) for start, end in zip(starts, starts[1:], strict=False)])
    points = b.node('Gather', b.node('Concat', *heads, axis=1), b.constant(rows), axis=1)
    shift = b.node('Mul', offset, b.floats(regions[0].shift_factor))
    points = b.node('MatMul', b.node('Add', b.node('Mul', points, scale), shift), turned)
    most = rows.shape[1]
    points = b.node('Reshape', points, b.ints(0, len(regions) * most, 2))
    sources, new = [], 0
    for number, (region, sizes) in enumerate(zip(regions, counts, strict=True)):
        landmarks = [*region.points[: sizes[0]]]
        landmarks += [-1 - new - i for i in range(sum(sizes[1:]))]
        new += sum(sizes[1:])
        sources += [(landmark, number * most + i) for i, landmark in enumerate(landmarks)]
    return points, sources


def _newest(sources: list[tuple[int, int]], count: int) -> Array:
    """Return for each landmark its row in mesh + refined; a negative one is new: -1, -2, ..."""
    new = max((-landmark for landmark, _ in sources), default=0)
    rows = np.arange(count + new)
    for landmark, row in sources:
        rows[landmark if landmark >= 0 else count - 1 - landmark] = count + row
    return rows


def _padded(lists: list[range] | list[tuple[int, ...]]) -> Array:
    """Stack lists of different lengths, the short ones repeating their last entry."""
    most = max(len(entries) for entries in lists)
    return np.array([[*entries, *[entries[-1]] * (most - len(entries))] for entries in lists])
