"""The attention mesh: three regions of a face, looked at a second time.

MediaPipe's model places 468 points, cuts lips and both eyes out of an early feature map by these
points and refines each region with a small net of its own (Grishchenko et al., "Attention Mesh",
2020). In the file that is eleven custom operators and outputs for the caller to merge. Here the
regions are found in the graph and handled together: one batched affine fit, one sampling, one
merge into 478 points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.graph import Graph, Operator, Tensor

_MATRIX = 'Landmarks2TransformMatrix'
_CROP = 'TransformTensorBilinear'
_PLACE = 'TransformLandmarks'
# An eye is listed contour first: 9 points below, 7 above; its iris lies as deep as they do.
EYE_CONTOUR = 16


@dataclass(frozen=True, slots=True)
class Region:
    """One region: where it is cut out and which nets place its points.

    ``points`` are the mesh points that bound the region and, in the same order, the points that
    its first head places; a second head (the iris) places new ones. ``crop`` is the tensor of the
    cut-out, ``heads`` are those of the heads' raw output. ``shift_factor`` is how much larger the
    heads' pixels are than those of the feature map.
    """

    points: tuple[int, ...]
    ends: tuple[int, int]
    scale: tuple[float, float]
    size: tuple[int, int]
    shift_factor: float
    crop: int
    heads: tuple[int, ...]


def fuse_regions(graph: Graph) -> None:
    """Replace the custom operators by ``CropRegions`` and ``MergeRegions``.

    ``CropRegions`` reads the feature map and the scaled mesh and yields one crop a region;
    ``MergeRegions`` reads the mesh and all heads and yields the points, its output taking the
    place of the graph's separate ones. A graph without custom operators is left alone.
    """
    crops = [op for op in graph.operators if op.kind == _CROP]
    if not crops:
        return
    regions = tuple(_read_region(graph, crop) for crop in crops)
    mesh_scaled = {_producer(graph, crop.inputs[1]).inputs[0] for crop in crops}
    features = {crop.inputs[0] for crop in crops}
    if len(mesh_scaled) != 1 or len(features) != 1 or len({r.size for r in regions}) != 1:
        raise ModelError('the regions of the attention mesh do not share their inputs')
    _replace(graph, regions, features.pop(), mesh_scaled.pop())


def _read_region(graph: Graph, crop: Operator) -> Region:
    matrix = _producer(graph, crop.inputs[1], _MATRIX)
    options = matrix.options
    size = (options['output_height'], options['output_width'])
    if options['target_rotation_radians'] != 0 or size != (
        crop.options['output_height'],
        crop.options['output_width'],
    ):
        raise ModelError(f'{_MATRIX}: unknown options {dict(options)}')
    scaled = [op for op in graph.consumers(crop.inputs[1]) if op.kind == 'MUL']
    factors = {_shift_factor(graph, op) for op in scaled}
    if len(factors) != 1:
        raise ModelError('expected one scale for all heads of a region')
    places = [op for mul in scaled for op in graph.consumers(mul.outputs[0])]
    heads = [_producer(graph, op.inputs[0], 'RESHAPE').inputs[0] for op in places]
    return Region(
        points=tuple(options['subset_idxs']),
        ends=(options['left_rotation_idx'], options['right_rotation_idx']),
        scale=(options['scale_x'], options['scale_y']),
        size=size,
        shift_factor=factors.pop(),
        crop=crop.outputs[0],
        heads=tuple(heads),
    )


def _shift_factor(graph: Graph, mul: Operator) -> float:
    """Return how much larger the heads' pixels are than those of the feature map."""
    rows = graph.constant(mul.inputs[1]).reshape(4, 4)[:2]
    if (rows[:, :2] != 1).any() or len(np.unique(rows[:, 3])) != 1:
        raise ModelError(f'{_PLACE}: expected a factor for the shift alone, found {rows.tolist()}')
    return float(rows[0, 3])


def _replace(graph: Graph, regions: tuple[Region, ...], features: int, mesh_scaled: int) -> None:
    scaling = _producer(graph, mesh_scaled, 'MUL')
    mesh = scaling.inputs[0]
    flag = graph.outputs[-1]
    merged = len(graph.tensors)
    points = graph.tensors[mesh].shape[1]
    extra = sum(_count(graph, head) for region in regions for head in region.heads[1:])
    graph.tensors.append(Tensor('landmarks', (1, points + extra, 3)))
    crop = Operator(
        'CropRegions', [features, mesh_scaled], [r.crop for r in regions], {'Regions': regions}
    )
    heads = [head for region in regions for head in region.heads]
    merge = Operator('MergeRegions', [mesh, *heads], [merged], {'Regions': regions})
    first = next(i for i, op in enumerate(graph.operators) if op.kind == _CROP)
    graph.operators.insert(first, crop)
    graph.operators.append(merge)
    graph.operators = [op for op in graph.operators if op.kind not in (_MATRIX, _CROP, _PLACE)]
    graph.outputs = [merged, flag]


def _count(graph: Graph, head: int) -> int:
    return int(np.prod(graph.tensors[head].shape)) // 2


def _producer(graph: Graph, tensor: int, kind: str | None = None) -> Operator:
    for op in graph.operators:
        if tensor in op.outputs and kind in (None, op.kind):
            return op
    raise ModelError(f'expected tensor {tensor} to come from {kind or "an operator"}')
