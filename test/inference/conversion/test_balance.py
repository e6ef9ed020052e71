"""Nets made for the CPU, brought into float16's range."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from fer_ros.inference import parity
from fer_ros.inference.conversion.balance import _ranges, balance
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.store import model_dir

RNG = np.random.default_rng(0)


def conv(
    name: str, source: str, weight: Any, constants: dict[str, Any], rng: Any, **words: Any
) -> Any:
    constants[f'{name}_w'] = np.asarray(weight, np.float32)
    inputs = [source, f'{name}_w']
    if not words:
        constants[f'{name}_b'] = rng.normal(size=len(weight)).astype(np.float32)
        inputs.append(f'{name}_b')
    return helper.make_node('Conv', inputs, [name], name=name, **words)


def made(loud: float, faint: float = 0.01) -> Any:
    """Return a residual net with a bend whose channels are of very different size."""
    rng = np.random.default_rng(0)  # its own: the same net whatever ran before
    constants: dict[str, Any] = {}
    sizes = np.array([loud, 1.0, faint, 1.0]).reshape(4, 1, 1, 1)
    slopes = np.array([0.2, -0.9, 30.0, -1.2]).reshape(4, 1, 1, 1)
    nodes = [
        conv('first', 'x', rng.normal(size=(4, 3, 3, 3)) * sizes, constants, rng),
        helper.make_node('Relu', ['first'], ['right']),
        conv('left', 'first', slopes, constants, rng, group=4),
        helper.make_node('Add', ['right', 'left'], ['bend']),
        conv('inner', 'bend', rng.normal(size=(4, 4, 1, 1)) / sizes.reshape(1, 4, 1, 1) * sizes,
             constants, rng),
        helper.make_node('Add', ['bend', 'inner'], ['sum']),
        helper.make_node('MaxPool', ['sum'], ['pooled'], kernel_shape=[2, 2], strides=[2, 2]),
        conv('y', 'pooled', rng.normal(size=(2, 4, 1, 1)) / sizes.reshape(1, 4, 1, 1), constants,
             rng),
    ]  # fmt: skip
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ['N', channels, None, None])]
        for name, channels in (('x', 3), ('y', 2))
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, 'g', *ends, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def run(model: Any, x: Any) -> Any:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return session.run(None, {'x': x})[0]


def largest(model: Any, x: Any) -> float:
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    return max(float(found.max()) for found in _ranges(model, constants, {'x': x}).values())


def test_loud_channels_become_quiet_and_the_net_says_the_same() -> None:
    model, faces, others = made(1e5), *RNG.normal(size=(2, 2, 3, 12, 12)).astype(np.float32)
    wanted = [run(model, x) for x in (faces, others)]
    assert largest(model, faces) > 1e5
    assert balance(model, {'x': faces})
    onnx.checker.check_model(model)
    assert largest(model, faces) < 1e3
    for x, before in zip((faces, others), wanted):
        np.testing.assert_allclose(run(model, x), before, rtol=1e-3, atol=2e-3)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count('PRelu') == 1
    assert 'Relu' not in kinds


def test_what_is_quiet_already_stays_as_it_is() -> None:
    model = made(1.0, 1.0)
    faces = 0.1 * RNG.normal(size=(1, 3, 8, 8)).astype(np.float32)
    assert largest(model, faces) < 1e3
    before = model.SerializeToString()
    assert not balance(model, {'x': faces.astype(np.float32)})
    assert model.SerializeToString() == before


@pytest.mark.parametrize('name', ['facemesh-468', 'facemesh-478'])
def test_meshes_find_their_landmarks_where_they_were(name: str, tmp_path: Any) -> None:
    manifest = load_manifest(model_dir() / f'{name}.yaml')
    batch = parity.stored_batch(manifest)
    names = list(manifest.outputs)
    model = onnx.load(str(manifest.file))
    found = []
    for _ in range(2):
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=['CPUExecutionProvider']
        )
        found.append(session.run(names, {'image': batch}))
        balance(model, {'image': batch})
    assert parity.compare(manifest, *found).landmark_px < 1e-3
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    ranges = _ranges(model, constants, {'image': batch}).values()
    assert max(float(one.max()) for one in ranges) < 1e3
