"""The regions' nets of the attention mesh as one net of groups.

Lips and eyes go through nets of one build, each with weights of its own; an eye's parts into
contour and iris halfway. They are so small that a runtime takes as long to call a layer as to
compute it. So equal layers are put side by side: one call, a convolution of so many groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.graph import Array, Graph, Operator, Tensor

# Axis of the channels in the constants of each kind, by number of the input.
_AXES: dict[str, dict[int, int]] = {
    'ADD': {},
    'BEND': {1: 0, 2: 0},
    'CONV_2D': {1: 0, 2: 0},
    'DEPTHWISE_CONV_2D': {1: 3, 2: 0},
    'MAX_POOL_2D': {},
}

# A convolution of single pixels.
_POINTWISE = {
    'StrideH': 1,
    'StrideW': 1,
    'DilationHFactor': 1,
    'DilationWFactor': 1,
    'Padding': 1,
    'FusedActivationFunction': 0,
}


def join_lanes(graph: Graph) -> None:
    """Replace the nets between ``CropRegions`` and ``MergeRegions`` by one; without, do nothing.

    ``CropRegions`` then yields one image, the regions' channels one behind the other, and
    ``MergeRegions`` reads one head: the first heads of all regions, then their second ones, all
    as wide as the widest. A region without a second head has its first one there again.

    :raises ModelError: the nets are not of one build.
    """
    kinds = {op.kind: op for op in graph.operators}
    if 'CropRegions' not in kinds:
        return
    crop, merge = kinds['CropRegions'], kinds['MergeRegions']
    regions = crop.options['Regions']
    rows = max(len(region.heads) for region in regions)
    heads = [r.heads[min(row, len(r.heads) - 1)] for row in range(rows) for r in regions]
    lanes = [_lane(graph, head) for head in heads]
    if len({tuple(op.kind for op in lane) for lane in lanes}) != 1:
        raise ModelError('expected nets of one build for all regions')
    joint = _Joint(graph, rows)
    crop.outputs = [joint.image(tuple(crop.outputs))]
    for step in zip(*lanes, strict=True):
        joint.add(step)
    alone = {id(op) for lane in lanes for op in lane}
    kept = [op for op in graph.operators if id(op) not in alone]
    place = kept.index(crop) + 1
    graph.operators = kept[:place] + joint.operators + kept[place:]
    merge.inputs = [merge.inputs[0], joint.images[tuple(heads)]]


def _lane(graph: Graph, head: int) -> list[Operator]:
    """Return the operators that make a head from the crops, in order."""
    wanted = {head}
    lane = []
    for op in reversed(graph.operators):
        if op.kind == 'CropRegions':
            break
        if wanted.intersection(op.outputs):
            wanted.update(i for i in op.inputs if graph.tensors[i].values is None)
            lane.append(op)
    return lane[::-1]


@dataclass(slots=True)
class _Joint:
    """The one net under construction; ``images`` holds the image that stands for several."""

    graph: Graph
    rows: int
    operators: list[Operator] = field(default_factory=list)
    images: dict[tuple[int, ...], int] = field(default_factory=dict)

    def image(self, parts: tuple[int, ...]) -> int:
        """Make the image that has all channels of others, each as wide as the widest."""
        shapes = [self.graph.tensors[part].shape for part in parts]
        channels = len(parts) * max(shape[3] for shape in shapes)
        self.graph.tensors.append(Tensor('side by side', (*shapes[0][:3], channels)))
        self.images[parts] = len(self.graph.tensors) - 1
        return self.images[parts]

    def add(self, step: Sequence[Operator]) -> None:
        """Write one layer of all lanes; before they part, every row of them is the same."""
        row = step[: len(step) // self.rows]
        ops = row if all(a is b for a, b in zip(step, list(row) * self.rows)) else step
        kind, options = ops[0].kind, dict(ops[0].options)
        axes = _AXES.get(kind)
        if axes is None and kind != 'PAD':
            raise ModelError(f'{kind}: not known in the net of a region')
        target = self.image(tuple(op.outputs[0] for op in ops))
        if axes is None:
            kind, inputs, options = 'CONV_2D', self._unit(ops), dict(_POINTWISE)
        else:
            inputs = [
                self._constant([op.inputs[number] for op in ops], axes[number])
                if number in axes
                else self._source(tuple(op.inputs[number] for op in ops))
                for number in range(len(ops[0].inputs))
            ]
        if kind == 'CONV_2D':
            options['Groups'] = len(ops)
        self.operators.append(Operator(kind, inputs, [target], options))

    def _source(self, parts: tuple[int, ...]) -> int:
        """Return the image of several, where the lanes part that of one row several times."""
        if parts not in self.images:
            row = self.images[parts[: len(parts) // self.rows]]
            target = self.image(parts)
            self.operators.append(
                Operator('CONCATENATION', [row] * self.rows, [target], {'Axis': 3})
            )
        return self.images[parts]

    def _constant(self, parts: Sequence[int], axis: int) -> int:
        """Put constants one behind the other, each as long as the longest."""
        values = [self.graph.constant(part) for part in parts]
        longest = max(one.shape[axis] for one in values)
        return self.graph.add_constant(
            np.concatenate([_lengthened(one, axis, longest) for one in values], axis)
        )

    def _unit(self, ops: Sequence[Operator]) -> list[int]:
        """Return the inputs of the convolution that gives every lane its zero channels."""
        source = self._source(tuple(op.inputs[0] for op in ops))
        before, after = (
            self.graph.tensors[number].shape[3] for number in (ops[0].inputs[0], ops[0].outputs[0])
        )
        unit = np.eye(after, before, dtype=np.float32)[:, None, None, :]
        return [source, self.graph.add_constant(np.concatenate([unit] * len(ops)))]


def _lengthened(values: Array, axis: int, length: int) -> Array:
    """Fill an axis up with zeros."""
    amounts = [(0, length - size if at == axis else 0) for at, size in enumerate(values.shape)]
    return np.pad(values, amounts)
