"""Rewrites of the TFLite graph before it becomes ONNX: less work, same numbers."""

from __future__ import annotations

import numpy as np

from fer_ros.inference.conversion.graph import Graph, Operator

_CONVOLUTIONS = ('CONV_2D', 'DEPTHWISE_CONV_2D')
_VALID = 1


def fold_padding(graph: Graph) -> None:
    """Move a spatial PAD into the convolutions that alone read it, as explicit padding.

    The convolution gets the option ``Pads``: top, left, bottom, right in pixels.
    """
    for pad in [op for op in graph.operators if op.kind == 'PAD']:
        amounts = graph.constant(pad.inputs[1])
        readers = graph.consumers(pad.outputs[0])
        if amounts[0].any() or amounts[3].any() or pad.outputs[0] in graph.outputs:
            continue
        if not all(op.kind in _CONVOLUTIONS and op.options['Padding'] == _VALID for op in readers):
            continue
        (top, bottom), (left, right) = amounts[1].tolist(), amounts[2].tolist()
        for reader in readers:
            reader.options = {**reader.options, 'Pads': (top, left, bottom, right)}
            reader.inputs[0] = pad.inputs[0]
        graph.operators.remove(pad)


def merge_twins(graph: Graph) -> None:
    """Compute once what several operators compute from the same inputs."""
    names: dict[tuple[object, ...], int] = {}
    renames: dict[int, int] = {}
    kept: list[Operator] = []
    for op in graph.operators:
        op.inputs = [renames.get(i, i) for i in op.inputs]
        key = (op.kind, *(_identity(graph, i) for i in op.inputs), repr(dict(op.options)))
        key += (tuple(graph.tensors[op.outputs[0]].shape),)
        if key in names and op.outputs[0] not in graph.outputs:
            renames[op.outputs[0]] = names[key]
        else:
            names[key] = op.outputs[0]
            kept.append(op)
    graph.operators = kept


def _identity(graph: Graph, tensor: int) -> object:
    """Tell equal constants alike, everything else by its number."""
    values = graph.tensors[tensor].values if tensor >= 0 else None
    return tensor if values is None else (values.shape, np.asarray(values).tobytes())


def drop_unused(graph: Graph) -> None:
    """Remove operators whose results nobody reads."""
    needed = set(graph.outputs)
    kept = []
    for op in reversed(graph.operators):
        if needed.intersection(op.outputs):
            needed.update(op.inputs)
            kept.append(op)
    graph.operators = kept[::-1]
