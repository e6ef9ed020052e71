"""Zero channels that make a net faster: ONNX Runtime's blocked layout counts by sixteen.

Its convolutions hold channels in blocks of 8 (AVX2) or 16 (AVX-512, Arm). Depthwise convolutions
and pools whose channels do not fill their blocks fall back to the plain layout and are reordered
before and after; filling the blocks with zeros costs nothing that was not computed already.
"""

from __future__ import annotations

import numpy as np

from fer_ros.inference.conversion.graph import Array, Graph, Operator

_BLOCK = 16
_KEEPS_CHANNELS = ('ADD', 'BEND', 'DEPTHWISE_CONV_2D', 'MAX_POOL_2D', 'PAD', 'RELU')


def widen_channels(graph: Graph) -> None:
    """Fill the channels of inner images up to whole blocks, weights included."""
    wide = _widths(graph)
    for op in graph.operators:
        source, result = op.inputs[0], op.outputs[0]
        if op.kind == 'CONV_2D':
            _pad_constant(graph, op, 1, {0: wide.get(result, 0), 3: wide.get(source, 0)})
            _pad_constant(graph, op, 2, {0: wide.get(result, 0)})
        elif op.kind == 'DEPTHWISE_CONV_2D':
            _pad_constant(graph, op, 1, {3: wide.get(result, 0)})
            _pad_constant(graph, op, 2, {0: wide.get(result, 0)})
        elif op.kind == 'BEND':
            _pad_constant(graph, op, 1, {0: wide.get(result, 0)})
            _pad_constant(graph, op, 2, {0: wide.get(result, 0)})
    for tensor, channels in wide.items():
        graph.tensors[tensor].shape = (*graph.tensors[tensor].shape[:3], channels)


def _widths(graph: Graph) -> dict[int, int]:
    """Return the new number of channels of every image that may grow."""
    fixed = set(graph.inputs) | set(graph.outputs)
    results = set()
    for op in graph.operators:
        if op.kind in (*_KEEPS_CHANNELS, 'CONV_2D', 'RESIZE_BILINEAR'):
            results.update(op.outputs)
        else:
            # Operators that know the order of channels keep what they read and write.
            fixed.update(op.inputs)
    for op in reversed(graph.operators):
        if op.kind in (*_KEEPS_CHANNELS, 'RESIZE_BILINEAR') and op.outputs[0] in fixed:
            fixed.update(op.inputs)
    widths = {}
    for tensor in results - fixed:
        channels = graph.tensors[tensor].shape[3]
        widths[tensor] = -(-channels // _BLOCK) * _BLOCK
    return widths


def _pad_constant(graph: Graph, op: Operator, number: int, sizes: dict[int, int]) -> None:
    """Lengthen some axes of a constant input with zeros; a copy, as others may read it."""
    values: Array = graph.constant(op.inputs[number])
    amounts = [(0, max(sizes.get(axis, 0) - n, 0)) for axis, n in enumerate(values.shape)]
    if any(after for _, after in amounts):
        op.inputs[number] = graph.add_constant(np.pad(values, amounts))
