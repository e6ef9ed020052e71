"""Means that convolutions take in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from fer_ros.inference.conversion.pools import fold_pools

RNG = np.random.default_rng(0)


def written(path: Path, pool: dict[str, Any], conv: dict[str, Any]) -> Path:
    """A mean, then a convolution with a bias."""
    weight = RNG.normal(size=(5, 3, *conv['kernel_shape'])).astype(np.float32)
    constants = {'w': weight, 'b': RNG.normal(size=5).astype(np.float32)}
    nodes = [
        helper.make_node('AveragePool', ['x'], ['mean'], **pool),
        helper.make_node('Conv', ['mean', 'w', 'b'], ['y'], **conv),
    ]
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, None, None])
        for name, channels in (('x', 3), ('y', 5))
    ]
    graph = helper.make_graph(nodes, 'test', ends[:1], ends[1:])
    graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
    onnx.save(model, str(path))
    return path


def said(path: Path, x: Any) -> Any:
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    return session.run(None, {'x': x})[0]


HALVES = {'kernel_shape': [2, 2], 'strides': [2, 2]}
POINTWISE = {'kernel_shape': [1, 1]}


@pytest.mark.parametrize(
    ('pool', 'conv', 'layers'),
    [
        (HALVES, POINTWISE, ['Conv']),
        ({**HALVES, 'strides': [1, 1]}, POINTWISE, ['AveragePool', 'Conv']),
        ({**HALVES, 'pads': [1, 1, 1, 1]}, POINTWISE, ['AveragePool', 'Conv']),
        (HALVES, {'kernel_shape': [3, 3], 'pads': [1] * 4}, ['AveragePool', 'Conv']),
        (HALVES, {**POINTWISE, 'strides': [2, 2]}, ['AveragePool', 'Conv']),
    ],
)
def test_a_mean_goes_where_that_is_the_same(
    tmp_path: Path, pool: dict[str, Any], conv: dict[str, Any], layers: list[str]
) -> None:
    path = written(tmp_path / 'net.onnx', pool, conv)
    x = RNG.normal(size=(1, 3, 8, 6)).astype(np.float32)
    before = said(path, x)
    fold_pools(path)
    model = onnx.load(str(path))
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == layers
    assert len(model.graph.initializer) == 2
    np.testing.assert_allclose(said(path, x), before, rtol=1e-5, atol=1e-5)
