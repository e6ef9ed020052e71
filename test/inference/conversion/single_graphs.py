"""Graphs of one or a few operators, and how to run them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from fer_ros.inference.conversion.builder import Builder
from fer_ros.inference.conversion.convert import write_operators
from fer_ros.inference.conversion.graph import Graph, Operator, Tensor
from fer_ros.inference.conversion.operators import Conversion

Array = NDArray[Any]
SAME, VALID = 0, 1
CONV = {
    'Padding': VALID,
    'StrideH': 1,
    'StrideW': 1,
    'DilationHFactor': 1,
    'DilationWFactor': 1,
    'FusedActivationFunction': 0,
}
DEPTHWISE = {**CONV, 'DepthMultiplier': 1}


def image(height: int, width: int, channels: int = 3) -> Array:
    """0, 1, 2, ... in NHWC order."""
    count = height * width * channels
    return np.arange(count, dtype=np.float32).reshape(1, height, width, channels)


def graph_of(
    kind: str,
    shape: tuple[int, ...],
    constants: list[Array],
    options: Mapping[str, Any],
    out: tuple[int, ...],
) -> Graph:
    tensors = [Tensor('image', shape)]
    tensors += [Tensor(f'c{i}', values.shape, values) for i, values in enumerate(constants)]
    tensors.append(Tensor('out', out))
    last = len(tensors) - 1
    return Graph(tensors, [Operator(kind, list(range(last)), [last], options)], [0], [last])


def run(graph: Graph, value: Array) -> Array:
    """Run a graph on an NHWC square and bring an image back to NHWC."""
    conversion = Conversion(graph, Builder(), {0: 'image'})
    write_operators(conversion)
    out = graph.tensors[graph.outputs[0]].shape
    name = conversion.names[graph.outputs[0]]
    shape = (out[3], out[1], out[2]) if len(out) == 4 else out[1:]
    model = conversion.builder.model('test', value.shape[1], [('y', name, shape)], '')
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    (result,) = session.run(None, {'image': np.ascontiguousarray(value.transpose(0, 3, 1, 2))})
    return result.transpose(0, 2, 3, 1) if len(out) == 4 else result


def single(kind: str, value: Array, constants: list[Array], options: Any, out: Any) -> Array:
    return run(graph_of(kind, value.shape, constants, options, out), value)
