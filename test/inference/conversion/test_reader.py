"""A small TFLite file made here, read by us and by the interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from single_graphs import Array, run

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.reader import read_tflite

pytest.importorskip('ai_edge_litert', reason='needs the TFLite interpreter: ai-edge-litert')
import mediapipe_reference as reference
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

DTYPES = {np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int32): 2}


class File:
    """A TFLite file under construction."""

    def __init__(self) -> None:
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.subgraphs = [self.graph]
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []

    def tensor(self, shape: tuple[int, ...], values: Array | None = None) -> int:
        tensor = schema.TensorT()
        tensor.shape, tensor.name = list(shape), f't{len(self.graph.tensors)}'
        tensor.buffer = 0
        if values is not None:
            tensor.type = DTYPES[values.dtype]
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, kind: str, inputs: list[int], output: int, options: Any = None) -> None:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = getattr(schema.BuiltinOperator, kind)
        code.version = 1
        op = schema.OperatorT()
        op.opcodeIndex = len(self.model.operatorCodes)
        op.inputs, op.outputs = inputs, [output]
        if options is not None:
            name = type(options).__name__.removesuffix('T')
            op.builtinOptionsType = getattr(schema.BuiltinOptions, name)
            op.builtinOptions = options
        self.model.operatorCodes.append(code)
        self.graph.operators.append(op)

    def pack(self, inputs: list[int], outputs: list[int]) -> bytes:
        self.graph.inputs, self.graph.outputs = inputs, outputs
        builder = Builder(1024)
        builder.Finish(self.model.Pack(builder), b'TFL3')
        return bytes(builder.Output())


def strided_convolution() -> bytes:
    """A 3x3 convolution, SAME, stride 2, weights in float16, a ReLU fused in."""
    rng = np.random.default_rng(0)
    file = File()
    image, result = file.tensor((1, 6, 6, 3)), file.tensor((1, 3, 3, 4))
    kernel = file.tensor((4, 3, 3, 3), rng.normal(size=(4, 3, 3, 3)).astype(np.float16))
    bias = file.tensor((4,), rng.normal(size=4).astype(np.float16))
    wide_kernel, wide_bias = file.tensor((4, 3, 3, 3)), file.tensor((4,))
    file.operator('DEQUANTIZE', [kernel], wide_kernel, schema.DequantizeOptionsT())
    file.operator('DEQUANTIZE', [bias], wide_bias, schema.DequantizeOptionsT())
    options = schema.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = 0, 2, 2
    options.dilationHFactor = options.dilationWFactor = 1
    options.fusedActivationFunction = 1
    file.operator('CONV_2D', [image, wide_kernel, wide_bias], result, options)
    return file.pack([image], [result])


def test_reads_what_the_interpreter_reads() -> None:
    data = strided_convolution()
    graph = read_tflite(data)
    assert [op.kind for op in graph.operators] == ['CONV_2D']
    kernel = graph.constant(graph.operators[0].inputs[1])
    assert (kernel.dtype, kernel.shape) == (np.float32, (4, 3, 3, 3))
    value = np.random.default_rng(1).normal(size=(1, 6, 6, 3)).astype(np.float32)
    (expected,) = reference.run(data, value[0]).values()
    np.testing.assert_allclose(run(graph, value), expected, atol=1e-5)


def test_a_0d_tensor_stays_0d() -> None:
    file = File()
    scalar = file.tensor((), np.array(0.5, np.float32))
    image, result = file.tensor((1, 4)), file.tensor((1, 4))
    options = schema.MulOptionsT()
    options.fusedActivationFunction = 0
    file.operator('MUL', [image, scalar], result, options)
    assert read_tflite(file.pack([image], [result])).constant(scalar).shape == ()


def test_a_computed_tensor_is_no_constant() -> None:
    graph = read_tflite(strided_convolution())
    with pytest.raises(ModelError, match="expected tensor 0 't0' to be constant"):
        graph.constant(0)
