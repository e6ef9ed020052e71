"""The batched region operators against MediaPipe's loops."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import onnxruntime
import pytest
from mediapipe_loops import fit, merge, place, sample
from numpy.typing import NDArray

from fer_ros.inference.conversion.attention import Region
from fer_ros.inference.conversion.attention_operators import crop_regions, merge_regions
from fer_ros.inference.conversion.builder import Builder
from fer_ros.inference.conversion.graph import Graph, Operator, Tensor
from fer_ros.inference.conversion.operators import Conversion

Array = NDArray[Any]
MAP, POINTS = 48, 468
COUNTS = [80, 71, 5, 71, 5]
WIDEST = 2 * 80
# The heads side by side: first ones, then second ones; the lips have but one.
LANES = [0, 1, 3, 0, 2, 4]


def regions() -> tuple[Region, ...]:
    """Lips and eyes as in the file: 80, 71 and 71 points, an iris of 5 for either eye."""
    rng = np.random.default_rng(3)
    order = rng.permutation(POINTS)
    points = [order[:80], order[80:151], order[151:222]]
    heads = [(3,), (4, 5), (6, 7)]
    return tuple(
        Region(
            points=tuple(int(i) for i in p),
            ends=(int(p[0]), int(p[10])),
            scale=(1.5, 1.5),
            size=(16, 16),
            shift_factor=4.0,
            crop=0,
            heads=h,
        )
        for p, h in zip(points, heads, strict=True)
    )


def options_of(region: Region) -> dict[str, Any]:
    return {
        'left_rotation_idx': region.ends[0],
        'right_rotation_idx': region.ends[1],
        'subset_idxs': list(region.points),
        'scale_x': 1.5,
        'scale_y': 1.5,
        'output_width': 16,
        'output_height': 16,
        'target_rotation_radians': 0.0,
    }


def run(features: Array, mesh: Array, heads: list[Array]) -> list[Array]:
    """Run both operators, every input fed through slices of one flat picture."""
    chosen = regions()
    lanes = np.zeros((len(LANES), WIDEST), np.float32)
    for row, number in zip(lanes, LANES, strict=True):
        row[: heads[number].size] = heads[number].ravel()
    flat = [np.ravel(a) for a in (features, mesh, lanes)]
    side = int(np.ceil(np.sqrt(sum(a.size for a in flat) / 3)))
    picture = np.zeros(3 * side * side, np.float32)
    picture[: sum(a.size for a in flat)] = np.concatenate(flat)
    b = Builder()
    pixels = b.node('Reshape', 'image', b.ints(1, -1))
    starts = np.cumsum([0, *(a.size for a in flat)]).tolist()
    shapes = [(1, 4, MAP, MAP), (1, POINTS, 3), (1, 1, 1, lanes.size)]
    slices = [
        b.node('Slice', pixels, b.ints(low), b.ints(high), b.ints(1))
        for low, high in pairwise(starts)
    ]
    slices = [b.node('Reshape', s, b.ints(*n)) for s, n in zip(slices, shapes, strict=True)]
    scaled = b.node('Mul', slices[1], b.floats(0.25))
    names = dict(enumerate([slices[0], slices[1], scaled]))
    tensors = [Tensor('', (1, MAP, MAP, 4)), *(Tensor('', shapes[1]) for _ in range(2))]
    tensors += [Tensor('', (1, 1, 1, 2 * n)) for n in COUNTS]
    tensors.append(Tensor('', shapes[2]))
    names[len(tensors) - 1] = slices[2]
    c = Conversion(Graph(tensors, [], [], []), b, names)
    (crops,) = crop_regions(Operator('CropRegions', [0, 2], [], {'Regions': chosen}), c)
    merge_op = Operator('MergeRegions', [1, len(tensors) - 1], [], {'Regions': chosen})
    (points,) = merge_regions(merge_op, c)
    outputs = [('crops', crops, (12, 16, 16)), ('points', points, (478, 3))]
    model = b.model('test', side, outputs, '')
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    crops, points = session.run(None, {'image': picture.reshape(1, 3, side, side)})
    return [*np.split(crops, 3, axis=1), points]


@pytest.mark.parametrize(('centre', 'outside'), [(96.0, False), (10.0, True)])
def test_regions_are_cut_and_merged_as_mediapipe_does(centre: float, outside: bool) -> None:
    rng = np.random.default_rng(1)
    features = rng.normal(size=(MAP, MAP, 4)).astype(np.float32)
    mesh = rng.normal(centre, 10, (POINTS, 3)).astype(np.float32)
    heads = [rng.uniform(0, 64, (n, 2)).astype(np.float32) for n in COUNTS]
    *crops, points = run(features.transpose(2, 0, 1), mesh, heads)
    affines = [fit(mesh / 4, options_of(r)) for r in regions()]
    for crop, affine in zip(crops, affines, strict=True):
        expected = sample(features, affine).transpose(2, 0, 1)
        assert (expected == 0).any() == outside
        np.testing.assert_allclose(crop[0], expected, atol=1e-4)
    fitted = [affines[i] for i in (0, 1, 1, 2, 2)]
    placed = [place(head, affine) for head, affine in zip(heads, fitted, strict=True)]
    merged = merge(mesh, placed, [list(r.points) for r in regions()])
    np.testing.assert_allclose(points[0], merged, atol=1e-3)
