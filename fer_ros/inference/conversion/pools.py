"""Averages that a convolution takes in: one layer of bytes where there were two.

A mean over k x k pixels before a 1x1 convolution is a k x k convolution with a k*k-th of each
weight. Of bytes a mean is slower than that, for it comes back to one pixel at a time, and rounds
to bytes in between.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper


def fold_pools(path: Path) -> None:
    """Rewrite a file: every AveragePool without a border that 1x1 convolutions alone read."""
    model = onnx.load(str(path))
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    ends = {output.name for output in graph.output}
    for pool in [node for node in graph.node if node.op_type == 'AveragePool']:
        readers = [node for node in graph.node if pool.output[0] in node.input]
        if pool.output[0] in ends or not _is_plain(pool):
            continue
        if all(_is_pointwise(node) and node.input[1] in weights for node in readers):
            for node in readers:
                _take_in(node, pool, weights, graph)
            graph.node.remove(pool)
    read = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.save(model, str(path))


def _is_plain(pool: Any) -> bool:
    """Tell whether a mean is of whole windows side by side."""
    options = _options(pool)
    kernel = options['kernel_shape']
    border = any(options.get('pads', [0])) or options.get('ceil_mode', 0)
    return not border and options.get('strides', [1] * len(kernel)) == kernel


def _is_pointwise(node: Any) -> bool:
    options = _options(node)
    return (
        node.op_type == 'Conv'
        and options.get('kernel_shape') == [1, 1]
        and not (any(options.get('pads', [0])) or options.get('strides', [1, 1]) != [1, 1])
    )


def _take_in(conv: Any, pool: Any, weights: dict[str, Any], graph: Any) -> None:
    """Read what the mean read, with its window."""
    kernel = _options(pool)['kernel_shape']
    before = numpy_helper.to_array(weights[conv.input[1]])
    share = np.float32(1.0 / np.prod(kernel))
    after = np.tile(before * share, (1, 1, *kernel))
    name = f'{conv.input[1]}_pooled'
    graph.initializer.append(numpy_helper.from_array(after, name))
    conv.input[0], conv.input[1] = pool.input[0], name
    kept = [a for a in conv.attribute if a.name not in ('kernel_shape', 'strides')]
    del conv.attribute[:]
    conv.attribute.extend(kept)
    for key in ('kernel_shape', 'strides'):
        conv.attribute.append(onnx.helper.make_attribute(key, kernel))


def _options(node: Any) -> dict[str, Any]:
    return {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
