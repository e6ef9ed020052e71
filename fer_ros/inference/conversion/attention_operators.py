"""``CropRegions`` and ``MergeRegions`` as ONNX nodes, all regions and faces in one go.

A region's crop has the frame of its mesh points: turned by the line between two of them, their
bounding box enlarged. With the rotation R (columns: the region's axes) and a box of middle m and
size s along these axes, a point p of the crop, in its pixels, lies in the map at::

    R (S p + o),   S = diag(scale * s / crop size),   o = m - S (crop size / 2)

R, S and o are (N, regions, ...) arrays that both operators share.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.attention import EYE_CONTOUR, Region
from fer_ros.inference.conversion.builder import Builder
from fer_ros.inference.conversion.extras import require
from fer_ros.inference.conversion.graph import Array, Operator
from fer_ros.inference.conversion.operators import TO_NCHW, TO_NHWC, Conversion


def crop_regions(op: Operator, c: Conversion) -> list[str]:
    """Write the crops: (N, channels, height, width) for each region."""
    regions: tuple[Region, ...] = op.options['Regions']
    b = c.builder
    features, mesh = (c.value(i) for i in op.inputs)
    turned, scale, offset = c.frames = _frames(b, mesh, regions)
    height, width = regions[0].size
    rows, columns = np.mgrid[:height, :width] + 0.5
    pixels = b.floats(np.stack([columns, rows], -1).reshape(-1, 2))
    places = b.node('MatMul', b.node('Add', b.node('Mul', pixels, scale), offset), turned)
    samples = _samples(b, features, places, c.shape(op.inputs[0]))
    samples = b.node('Reshape', samples, b.ints(0, len(regions) * height, width, -1))
    crops = b.split('Split', samples, outputs=len(regions), axis=1)
    return [_blocked(b, crop, c.shape(op.inputs[0])[3]) for crop in crops]


def _samples(b: Builder, features: str, places: str, shape: tuple[int, ...]) -> str:
    """Write bilinear samples (N, places, 1, channels); in places the map's corner is 0.

    A sample outside the map is zero as a whole, not blended with its border. GridSample, which
    says the same in one node, takes twice as long: it sees to each channel by itself.
    """
    height, width = shape[1:3]
    rows_first = b.node('Transpose', features, perm=list(TO_NHWC))
    places = b.node('Sub', b.node('Reshape', places, b.ints(0, -1, 2)), b.floats(0.5))
    corner = b.node('Max', b.node('Floor', places), b.floats(0))
    corner = b.node('Min', corner, b.floats([width - 2, height - 2]))
    index = b.node('Cast', corner, to=require('onnx').TensorProto.INT64)
    index = b.node('Gather', index, b.ints(1, 0), axis=2)
    corners = b.constant(np.array([[0, 0], [0, 1], [1, 0], [1, 1]]))
    index = b.node('Add', b.node('Unsqueeze', index, b.ints(2)), corners)
    neighbours = b.node('GatherND', rows_first, index, batch_dims=1)
    part = b.node('Sub', places, corner)
    farthest = b.node('Abs', b.node('Sub', part, b.floats(0.5)))
    outside = b.node('Greater', b.node('ReduceMax', farthest, axes=[2], keepdims=1), b.floats(0.5))
    opposite = b.floats([[1, 1], [0, 1], [1, 0], [0, 0]])
    weights = b.node('Abs', b.node('Sub', b.node('Unsqueeze', part, b.ints(2)), opposite))
    weights = b.node('ReduceProd', weights, axes=[3], keepdims=0)
    weights = b.node('Where', outside, b.floats(0), weights)
    return b.node('MatMul', b.node('Unsqueeze', weights, b.ints(2)), neighbours)


def _blocked(b: Builder, crop: str, channels: int) -> str:
    """Bring a crop to NCHW and, by a convolution with 1, into ONNX Runtime's blocked layout.

    Added as it is to a convolution's result it would pull a whole residual net out of there.
    """
    crop = b.node('Transpose', crop, perm=list(TO_NCHW))
    ones = b.floats(np.ones((channels, 1, 1, 1)))
    return b.node('Conv', crop, ones, kernel_shape=[1, 1], group=channels)


def _frames(b: Builder, mesh: str, regions: tuple[Region, ...]) -> tuple[str, str, str]:
    """Write R transposed (N, R, 2, 2), S (N, R, 1, 2) and o (N, R, 1, 2)."""
    xy = b.node('Slice', mesh, b.ints(0), b.ints(2), b.ints(2))
    left, right = (
        b.node('Gather', xy, b.constant(np.array([r.ends[k] for r in regions])), axis=1)
        for k in (0, 1)
    )
    line = b.node('Sub', right, left)
    length = b.node('ReduceL2', line, axes=[-1], keepdims=1)
    axis = b.node('Div', line, b.node('Max', length, b.floats(1e-6)))
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


def merge_regions(op: Operator, c: Conversion) -> list[str]:
    """Write all points (N, points, 3): x and y refined where a head places them.

    Depth stays the mesh's; an iris gets the mean depth of its eye's contour.
    """
    regions: tuple[Region, ...] = op.options['Regions']
    b = c.builder
    mesh = c.value(op.inputs[0])
    count = c.shape(op.inputs[0])[1]
    refined, sources = _refined_points(c, regions)
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
    c: Conversion, regions: tuple[Region, ...]
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
    rows = _padded([range(start, end) for start, end in pairwise(starts)])
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
