"""``CropRegions`` and ``MergeRegions`` as ONNX nodes, all regions and faces in one go.

A region's crop has the frame of its mesh points: turned by the line between two of them, their
bounding box enlarged. With the rotation R (columns: the region's axes) and a box of middle m and
size s along these axes, a point p of the crop, in its pixels, lies in the map at::

    R (S p + o),   S = diag(scale * s / crop size),   o = m - S (crop size / 2)

R, S and o are (N, regions, ...) arrays that both operators share.
"""

from __future__ import annotations

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.attention import EYE_CONTOUR, Region
from fer_ros.inference.conversion.builder import Builder
from fer_ros.inference.conversion.extras import require
from fer_ros.inference.conversion.graph import Array, Operator
from fer_ros.inference.conversion.operators import TO_NCHW, TO_NHWC, Conversion


def crop_regions(op: Operator, c: Conversion) -> list[str]:
    """Write the crops of all regions as one image, one behind the other in its channels."""
    regions: tuple[Region, ...] = op.options['Regions']
    b = c.builder
    features, mesh = (c.value(i) for i in op.inputs)
    turn, scale, offset = c.frames = _frames(b, mesh, regions)
    height, width = regions[0].size
    rows, columns = np.mgrid[:height, :width] + 0.5
    pixels = b.floats(np.stack([columns.ravel(), rows.ravel()]))
    places = b.node('MatMul', turn, b.node('Add', b.node('Mul', pixels, scale), offset))
    # Pixel by pixel, the regions of each together: so the samples are an image as they come.
    places = b.node('Transpose', places, perm=[0, 2, 3, 1])
    places = b.node('Reshape', places, b.ints(0, 2, -1))
    shape = c.shape(op.inputs[0])
    samples = _samples(b, features, places, shape)
    crop = b.node('Reshape', samples, b.ints(0, height, width, len(regions) * shape[3]))
    return [_blocked(b, crop, len(regions) * shape[3])]


def _samples(b: Builder, features: str, places: str, shape: tuple[int, ...]) -> str:
    """Write bilinear samples (N, places, channels); in places (N, 2, ...) the map's corner is 0.

    A sample outside the map is zero as a whole, not blended with its border. GridSample, which
    says the same in one node, takes twice as long: it sees to each channel by itself.
    """
    height, width, channels = shape[1:4]
    pixels = b.node('Transpose', features, perm=list(TO_NHWC))
    pixels = b.node('Reshape', pixels, b.ints(0, height * width, channels))
    places = b.node('Sub', places, b.floats(0.5))
    corner = b.node('Max', b.node('Floor', places), b.floats(0))
    corner = b.node('Min', corner, b.floats([[width - 2], [height - 2]]))
    index = b.node('MatMul', b.floats([[1, width]]), corner)
    index = b.node('Add', index, b.floats([[0], [1], [width], [width + 1]]))
    index = b.node('Cast', index, to=require('onnx').TensorProto.INT64)
    neighbours = b.node('GatherND', pixels, b.node('Unsqueeze', index, b.ints(3)), batch_dims=1)
    weights = _weights(b, b.node('Sub', places, corner))
    weighted = b.node('Mul', neighbours, b.node('Unsqueeze', weights, b.ints(3)))
    # A sum of four rows; of one face's, ReduceSum takes five times as long.
    rows = b.node('Reshape', weighted, b.ints(0, 4, -1))
    return b.node('MatMul', b.floats([[1, 1, 1, 1]]), rows)


def _weights(b: Builder, part: str) -> str:
    """Write what the four pixels around each place weigh (N, 4, places), 0 outside the map.

    :param part: (N, 2, places), how far a place is from the first of them to the last, 0..1.
    """
    across, down = (
        b.node('Add', b.node('MatMul', b.floats(slopes), part), b.floats(starts))
        for slopes, starts in (
            ([[-1, 0], [1, 0], [-1, 0], [1, 0]], [[1], [0], [1], [0]]),
            ([[0, -1], [0, -1], [0, 1], [0, 1]], [[1], [1], [0], [0]]),
        )
    )
    farthest = b.node('Abs', b.node('Sub', part, b.floats(0.5)))
    outside = b.node('Greater', b.node('ReduceMax', farthest, axes=[1], keepdims=1), b.floats(0.5))
    return b.node('Where', outside, b.floats(0), b.node('Mul', across, down))


def _blocked(b: Builder, crop: str, channels: int) -> str:
    """Bring a crop to NCHW and, by a convolution with 1, into ONNX Runtime's blocked layout.

    Added as it is to a convolution's result it would pull a whole residual net out of there.
    """
    crop = b.node('Transpose', crop, perm=list(TO_NCHW))
    ones = b.floats(np.ones((channels, 1, 1, 1)))
    return b.node('Conv', crop, ones, kernel_shape=[1, 1], group=channels)


def _frames(b: Builder, mesh: str, regions: tuple[Region, ...]) -> tuple[str, str, str]:
    """Write R (N, regions, 2, 2), the diagonal of S and o (both N, regions, 2, 1)."""
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
    upward = b.ints(0, len(regions), 2, 1)
    return upright, b.node('Reshape', scale, upward), b.node('Reshape', offset, upward)


def merge_regions(op: Operator, c: Conversion) -> list[str]:
    """Write all points (N, points, 3): x and y refined where a head places them.

    Depth stays the mesh's; an iris gets the mean depth of its eye's contour.
    """
    regions: tuple[Region, ...] = op.options['Regions']
    b = c.builder
    mesh = c.value(op.inputs[0])
    count = c.shape(op.inputs[0])[1]
    refined, sources = _refined_points(c, op.inputs[1], regions)
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
    c: Conversion, head: int, regions: tuple[Region, ...]
) -> tuple[str, list[tuple[int, int]]]:
    """Write the heads' points in the pixels of the input image, (N, regions * rows * most, 2).

    Also tells for each of them which landmark it is: (landmark, row), later ones win.
    """
    b = c.builder
    turn, scale, offset = c.frames
    if len({r.shift_factor for r in regions}) != 1:
        raise ModelError('expected one scale for all regions')
    rows = max(len(r.heads) for r in regions)
    most = c.shape(head)[3] // (2 * rows * len(regions))
    points = b.node('Reshape', c.value(head), b.ints(0, rows, len(regions), most, 2))
    points = b.node('Transpose', points, perm=[0, 2, 4, 1, 3])
    points = b.node('Reshape', points, b.ints(0, len(regions), 2, rows * most))
    shift = b.node('Mul', offset, b.floats(regions[0].shift_factor))
    points = b.node('MatMul', turn, b.node('Add', b.node('Mul', points, scale), shift))
    points = b.node('Transpose', points, perm=[0, 1, 3, 2])
    points = b.node('Reshape', points, b.ints(0, len(regions) * rows * most, 2))
    sources, new = [], 0
    for number, region in enumerate(regions):
        for row, tensor in enumerate(region.heads):
            count = int(np.prod(c.shape(tensor))) // 2
            start = (number * rows + row) * most
            landmarks = (
                region.points[:count] if row == 0 else range(-1 - new, -1 - new - count, -1)
            )
            new += count if row else 0
            sources += list(zip(landmarks, range(start, start + count), strict=True))
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
