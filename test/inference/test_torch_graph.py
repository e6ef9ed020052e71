"""The ONNX graphs executed by torch against ONNX Runtime: shipped nets, then single operators."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip('torch', reason='needs torch: the gpu extra')
onnx = pytest.importorskip('onnx', reason='needs onnx: the gpu extra')

from onnx import TensorProto, helper, numpy_helper

from fer_ros.errors import DeviceError, ModelError
from fer_ros.inference import parity
from fer_ros.inference.conversion.half import to_half
from fer_ros.inference.manifest import Manifest, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import model_dir, shipped
from fer_ros.inference.torch_engine import TorchEngine
from fer_ros.inference.torch_graph import TorchGraph

pytestmark = pytest.mark.torch
torch.set_num_threads(1)  # more only get into each other's way


def manifest_of(name: str) -> Manifest:
    return load_manifest(model_dir() / f'{name}.yaml')


@pytest.mark.parametrize('name', shipped())
def test_shipped_nets_say_the_same_on_a_real_face(name: str) -> None:
    manifest = manifest_of(name)
    if manifest.task not in parity.TASKS:
        pytest.skip(f'{manifest.task.value} runs on the CPU')
    found = parity.check(TorchEngine(manifest, 'cpu'), OnnxRuntimeEngine(manifest))
    # Float32 both: what differs is the order of sums; then a byte of an int8 form may round to its
    # neighbour.
    assert (found.landmark_px or 0.0) < 1e-3
    assert (found.box_px or 0.0) < 1e-3
    assert (found.score or 0.0) < 1e-4
    assert (found.probability or 0.0) < (1e-2 if name.endswith('-int8') else 1e-4)


def test_outputs_come_in_the_order_of_the_manifest() -> None:
    manifest = manifest_of('facemesh-468')
    batch = parity.stored_batch(manifest)
    points, presence = TorchEngine(manifest, 'cpu').run(batch)
    turned = replace(manifest, outputs=manifest.outputs[::-1])
    again = TorchEngine(turned, 'cpu').run(batch)
    np.testing.assert_array_equal(again[1], points)
    np.testing.assert_array_equal(again[0], presence)
    assert points.dtype == np.float32


def test_tells_device_and_precision() -> None:
    manifest = manifest_of('blazeface-short')
    assert TorchEngine(manifest, 'cpu').backend == 'torch-cpu fp32'
    half = replace(manifest, options={**manifest.options, 'precision': 'fp16'})
    assert TorchEngine(half, 'cpu').backend == 'torch-cpu fp16'


def test_more_faces_than_the_largest_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('fer_ros.inference.torch_engine.BATCHES', (1, 3))
    engine = TorchEngine(manifest_of('blazeface-short'), 'cpu')
    batch = parity.stored_batch(engine.manifest)
    for found, wanted in zip(engine.run(batch), OnnxRuntimeEngine(engine.manifest).run(batch)):
        np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_errors_of_torch_are_those_of_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = TorchEngine(manifest_of('blazeface-short'), 'cpu')

    def fail(*_: Any) -> None:
        raise torch.cuda.OutOfMemoryError('CUDA out of memory. Tried to allocate 2 GiB.\nmore')

    monkeypatch.setattr(engine, '_run', fail)
    with pytest.raises(DeviceError) as caught:
        engine.run(parity.stored_batch(engine.manifest))
    assert str(caught.value) == (
        "model 'blazeface-short': CUDA out of memory. Tried to allocate 2 GiB."
    )


def test_a_wrong_manifest_is_refused() -> None:
    manifest = manifest_of('blazeface-short')
    with pytest.raises(ModelError, match=r"expected \['smile'\], found the inputs \['image'\]"):
        TorchEngine(replace(manifest, outputs=('boxes', 'smile')), 'cpu')


def test_a_file_that_is_no_net_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / 'broken.onnx'
    path.write_bytes(b'no net')
    with pytest.raises(ModelError, match=r'broken\.onnx: expected an ONNX file, not readable'):
        TorchGraph(path)


def test_an_operator_that_is_not_covered_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'net.onnx'
    save(path, [helper.make_node('Mish', ['x'], ['y'])], {}, (1, 2))
    with pytest.raises(ModelError, match='found also Mish; set device to cpu'):
        TorchGraph(path)


def test_tensors_are_dropped_after_their_last_use() -> None:
    graph = TorchGraph(manifest_of('facemesh-478').file)
    done = [name for step in graph._steps for name in step.done]
    made = {name for step in graph._steps for name in step.outputs} - set(graph.outputs)
    assert sorted(done) == sorted({*made, 'image'})


def test_what_is_constant_is_done_once(tmp_path: Path) -> None:
    path = tmp_path / 'net.onnx'
    nodes = [
        helper.make_node('Cast', ['stored'], ['wide'], to=TensorProto.FLOAT),
        helper.make_node('Mul', ['wide', 'wide'], ['square']),
        helper.make_node('Mul', ['x', 'square'], ['y']),
    ]
    save(path, nodes, {'stored': np.array([3.0], np.float16)}, (2, 2))
    assert [step.outputs for step in TorchGraph(path)._steps] == [('y',)]
    same(path, np.ones((2, 2), np.float32))


def save(
    path: Path,
    nodes: list[Any],
    constants: dict[str, Any],
    shape: tuple[int, ...],
    opset: int = 17,
) -> None:
    """Write a net from x to y."""
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, size)]
        for name, size in (('x', shape), ('y', None))
    ]
    tensors = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    graph = helper.make_graph(nodes, 'g', *ends, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', opset)], ir_version=9)
    onnx.save(model, str(path))


def f32(*values: Any) -> Any:
    return np.array(values, np.float32)


def i64(*values: int) -> Any:
    return np.array(values, np.int64)


ONE = (1, 4, 5, 6)
# Operator, its constant inputs (in order, by name), its attributes, the shape of x, the opset.
CASES: list[tuple[str, dict[str, Any], dict[str, Any], tuple[int, ...], int]] = [
    ('MaxPool', {}, {'kernel_shape': [2, 2], 'strides': [2, 2], 'pads': [0, 0, 1, 1]}, ONE, 17),
    ('AveragePool', {}, {'kernel_shape': [3, 3], 'pads': [1, 1, 1, 1]}, ONE, 17),
    ('GlobalAveragePool', {}, {}, ONE, 17),
    ('DepthToSpace', {}, {'blocksize': 2, 'mode': 'DCR'}, ONE, 17),
    ('DepthToSpace', {}, {'blocksize': 2, 'mode': 'CRD'}, ONE, 17),
    ('Gather', {'i': i64(-1, 0, 2)}, {'axis': 1}, ONE, 17),
    ('Gather', {'i': i64(1).reshape(())}, {'axis': 2}, ONE, 17),
    ('Gather', {'i': i64(0, 3, 1, 2).reshape(2, 2)}, {'axis': 1}, ONE, 17),
    ('Slice', {'s': i64(1, 0), 'e': i64(3, -1), 'a': i64(1, 3)}, {}, ONE, 17),
    ('Slice', {'s': i64(0), 'e': i64(99), 'a': i64(3), 't': i64(2)}, {}, ONE, 17),
    ('Pad', {'p': i64(0, 0, 1, 2, 0, 0, 3, 4), 'v': f32(7.0).reshape(())}, {}, ONE, 17),
    ('Pad', {'p': i64(0, 0, 1, 2, 0, 0, 3, 4)}, {'mode': 'edge'}, ONE, 17),
    ('Reshape', {'s': i64(0, -1, 3)}, {}, ONE, 17),
    ('Flatten', {}, {'axis': 2}, ONE, 17),
    ('Transpose', {}, {'perm': [0, 3, 1, 2]}, ONE, 17),
    ('Unsqueeze', {'a': i64(0, -1)}, {}, ONE, 17),
    ('Squeeze', {'a': i64(0)}, {}, ONE, 17),
    ('Expand', {'s': i64(2, 4, 1, 1)}, {}, ONE, 17),
    ('ReduceMean', {}, {'axes': [2, 3], 'keepdims': 0}, ONE, 17),
    ('ReduceMean', {'a': i64(1)}, {}, ONE, 18),
    ('ReduceL2', {}, {'axes': [-1]}, ONE, 17),
    ('ReduceMax', {}, {'axes': [1, 2]}, ONE, 17),
    ('ReduceProd', {}, {'axes': [3], 'keepdims': 0}, ONE, 17),
    ('ReduceSum', {}, {}, ONE, 17),
    ('Clip', {'l': f32(-0.5).reshape(()), 'h': f32(0.4).reshape(())}, {}, ONE, 17),
    ('PRelu', {'s': f32(0.1, 0.2, -3.0, 4.0).reshape(4, 1, 1)}, {}, ONE, 17),
    ('HardSigmoid', {}, {}, ONE, 17),
    ('HardSwish', {}, {}, ONE, 17),
    ('LeakyRelu', {}, {'alpha': 0.3}, ONE, 17),
    ('Softmax', {}, {'axis': 1}, ONE, 17),
    ('LayerNormalization', {'g': f32(*range(6)), 'b': f32(*range(6))}, {}, ONE, 17),
    ('BatchNormalization', dict(zip('gbmv', f32(*range(1, 17)).reshape(4, 4))), {}, ONE, 17),
    ('Gemm', {'w': f32(*range(10)).reshape(5, 2), 'c': f32(1, 2)}, {'alpha': 0.5}, (3, 5), 17),
    ('Gemm', {'w': f32(*range(10)).reshape(2, 5)}, {'transB': 1}, (3, 5), 17),
    ('Resize', {'r': f32(), 's': f32(1, 1, 2, 2)}, {'mode': 'linear'}, ONE, 17),
    (
        'Resize',
        {'r': f32(), 's': f32(1, 1, 2, 3)},
        {
            'mode': 'nearest',
            'coordinate_transformation_mode': 'asymmetric',
            'nearest_mode': 'floor',
        },
        ONE,
        17,
    ),
    ('Conv', {'w': f32(*range(72)).reshape(2, 4, 3, 3)}, {'pads': [0, 0, 1, 1]}, ONE, 17),
    ('Conv', {'w': f32(1, 2, 3, 4).reshape(4, 1, 1, 1), 'b': f32(*'5678')}, {'group': 4}, ONE, 17),
    (
        'Conv',
        {'w': f32(*range(36)).reshape(4, 1, 3, 3)},
        {'group': 4, 'strides': [2, 2], 'dilations': [1, 1], 'pads': [1, 1, 1, 1]},
        ONE,
        17,
    ),
]


@pytest.mark.parametrize(('kind', 'constants', 'attributes', 'shape', 'opset'), CASES)
def test_operators(
    kind: str, constants: Any, attributes: Any, shape: Any, opset: int, tmp_path: Path
) -> None:
    path = tmp_path / 'net.onnx'
    node = helper.make_node(kind, ['x', *constants], ['y'], **attributes)
    save(path, [node], constants, shape, opset)
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    same(path, x)


def same(path: Path, x: Any) -> None:
    """Compare torch with ONNX Runtime."""
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (wanted,) = session.run(['y'], {'x': x})
    (found,) = TorchGraph(path)({'x': torch.from_numpy(x)})
    np.testing.assert_allclose(found.numpy(), wanted, atol=2e-5, rtol=1e-5)
    assert found.numpy().shape == wanted.shape


def test_split_cast_where_gather_nd_and_concat(tmp_path: Path) -> None:
    path = tmp_path / 'net.onnx'
    nodes = [
        helper.make_node('Split', ['x', 'sizes'], ['a', 'b'], axis=1),
        helper.make_node('Greater', ['a', 'b'], ['larger']),
        helper.make_node('Where', ['larger', 'a', 'b'], ['most']),
        helper.make_node('Cast', ['larger'], ['whole'], to=TensorProto.INT64),
        helper.make_node('GatherND', ['most', 'whole'], ['gathered'], batch_dims=1),
        helper.make_node('Concat', ['gathered', 'a', 'b'], ['y'], axis=1),
    ]
    save(path, nodes, {'sizes': i64(2, 2)}, (3, 4, 1))
    same(path, np.random.default_rng(1).normal(size=(3, 4, 1)).astype(np.float32))


def test_quantised_nets_are_exact(tmp_path: Path) -> None:
    path = tmp_path / 'net.onnx'
    zero = np.array(120, np.uint8)
    nodes = [
        helper.make_node('QuantizeLinear', ['x', 'scale', 'zero'], ['q']),
        helper.make_node('DequantizeLinear', ['q', 'scale', 'zero'], ['d']),
        helper.make_node('DequantizeLinear', ['w8', 'ws', 'wz'], ['w'], axis=0),
        helper.make_node('Conv', ['d', 'w'], ['y']),
    ]
    constants = {
        'scale': np.array(0.02, np.float32),
        'zero': zero,
        'w8': np.arange(-8, 8, dtype=np.int8).reshape(4, 4, 1, 1),
        'ws': f32(0.1, 0.2, 0.3, 0.4),
        'wz': np.zeros(4, np.int8),
    }
    save(path, nodes, constants, ONE)
    same(path, np.random.default_rng(2).normal(size=ONE).astype(np.float32))


@pytest.mark.parametrize('name', [name for name in shipped() if not name.endswith('-int8')])
def test_half_precision_stays_within_the_tolerance(name: str, tmp_path: Path) -> None:
    manifest = manifest_of(name)
    if manifest.task not in parity.TASKS:
        pytest.skip(f'{manifest.task.value} runs on the CPU')
    path = tmp_path / 'half.onnx'
    faces = {manifest.input.name: parity.stored_batch(manifest)}
    assert to_half(manifest.file, path, faces) > 10
    kinds = {weight.data_type for weight in onnx.load(path).graph.initializer if weight.dims}
    assert onnx.TensorProto.FLOAT16 in kinds
    assert path.stat().st_size < 1.01 * manifest.file.stat().st_size
    half = replace(manifest, file=path)
    # ONNX Runtime keeps sums in float32 there; torch rounds as a GPU does.
    parity.check(TorchEngine(half, 'cpu'), OnnxRuntimeEngine(manifest))
