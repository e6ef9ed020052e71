"""Read a TFLite flatbuffer into a :class:`~fer_ros.inference.conversion.graph.Graph`.

Weights that the file stores as float16 or sparse come out as plain float32: the operators that
unpack them at run time (DEQUANTIZE, DENSIFY) are carried out here, once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.extras import require
from fer_ros.inference.conversion.graph import Array, Graph, Operator, Tensor
from fer_ros.inference.conversion.sparsity import Dimension, densify

_CUSTOM = 32
_DTYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64}

_CONV = ('Padding', 'StrideH', 'StrideW', 'DilationHFactor', 'DilationWFactor')
_POOL = ('Padding', 'StrideH', 'StrideW', 'FilterHeight', 'FilterWidth')
_ACTIVATION = ('FusedActivationFunction',)
# Operator: (its option table, the getters that matter to us).
_OPTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    'CONV_2D': ('Conv2DOptions', _CONV + _ACTIVATION),
    'DEPTHWISE_CONV_2D': ('DepthwiseConv2DOptions', _CONV + _ACTIVATION + ('DepthMultiplier',)),
    'MAX_POOL_2D': ('Pool2DOptions', _POOL + _ACTIVATION),
    'ADD': ('AddOptions', _ACTIVATION),
    'MUL': ('MulOptions', _ACTIVATION),
    'CONCATENATION': ('ConcatenationOptions', ('Axis',) + _ACTIVATION),
    'DEPTH_TO_SPACE': ('DepthToSpaceOptions', ('BlockSize',)),
    'RESIZE_BILINEAR': ('ResizeBilinearOptions', ('AlignCorners', 'HalfPixelCenters')),
}


def read_tflite(data: bytes) -> Graph:
    """Parse the bytes of a ``.tflite`` file with one subgraph.

    :raises ModelError: when it is no such file or uses a data type we do not know.
    :raises MissingExtra: when the package ``tflite`` is not installed.
    """
    tflite = require('tflite')
    if len(data) < 8 or data[4:8] != b'TFL3':
        raise ModelError(f"expected a TFLite file (mark 'TFL3'), found {data[4:8]!r}")
    model = tflite.Model.GetRootAsModel(data, 0)
    if model.SubgraphsLength() != 1:
        raise ModelError(f'expected one subgraph, found {model.SubgraphsLength()}')
    subgraph = model.Subgraphs(0)
    sources = [subgraph.Tensors(i) for i in range(subgraph.TensorsLength())]
    tensors = [_read_tensor(model, source) for source in sources]
    graph = Graph(
        tensors=tensors,
        operators=[],
        inputs=[int(i) for i in subgraph.InputsAsNumpy()],
        outputs=[int(i) for i in subgraph.OutputsAsNumpy()],
    )
    kinds = {
        code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
    }
    for number in range(subgraph.OperatorsLength()):
        operator = _read_operator(model, subgraph.Operators(number), kinds)
        if not _unpack_weights(operator, tensors):
            graph.operators.append(operator)
    return graph


def _read_tensor(model: Any, source: Any) -> Tensor:
    # A 0-d tensor has no shape vector; AsNumpy would answer the int 0 for it.
    shape = tuple(int(n) for n in source.ShapeAsNumpy()) if source.ShapeLength() else ()
    tensor = Tensor(name=source.Name().decode(), shape=shape)
    buffer = model.Buffers(source.Buffer())
    if buffer.DataLength() == 0:
        return tensor
    dtype = _DTYPES.get(source.Type())
    if dtype is None:
        raise ModelError(f"tensor '{tensor.name}' has the unknown data type {source.Type()}")
    values: Array = np.frombuffer(buffer.DataAsNumpy().tobytes(), dtype=dtype)
    if source.Sparsity() is not None:
        values = densify(values, shape, *_read_sparsity(source.Sparsity()))
    tensor.values = values.reshape(shape)
    return tensor


def _read_sparsity(source: Any) -> tuple[list[int], list[int], list[Dimension]]:
    """Return traversal order, block map and dimensions of a sparse tensor."""
    tflite = require('tflite')
    dimensions = []
    for number in range(source.DimMetadataLength()):
        metadata = source.DimMetadata(number)
        if metadata.Format() == tflite.DimensionType.DENSE:
            dimensions.append(Dimension(size=int(metadata.DenseSize())))
        else:
            dimensions.append(
                Dimension(
                    segments=_read_indices(metadata.ArraySegmentsType(), metadata.ArraySegments()),
                    indices=_read_indices(metadata.ArrayIndicesType(), metadata.ArrayIndices()),
                )
            )
    block_map = source.BlockMapAsNumpy().tolist() if source.BlockMapLength() else []
    return source.TraversalOrderAsNumpy().tolist(), block_map, dimensions


def _read_indices(kind: int, table: Any) -> Array:
    tflite = require('tflite')
    names = {value: name for name, value in vars(tflite.SparseIndexVector).items()}
    vector = getattr(tflite, names[kind])()
    vector.Init(table.Bytes, table.Pos)
    values: Array = vector.ValuesAsNumpy().astype(np.int64)
    return values


def _read_operator(model: Any, source: Any, kinds: dict[int, str]) -> Operator:
    code = model.OperatorCodes(source.OpcodeIndex())
    # Files older than schema 3a keep the code in a byte of its own.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    custom = number == _CUSTOM
    kind = code.CustomCode().decode() if custom else kinds[number]
    if custom and code.Version() != 2:
        raise ModelError(f"expected version 2 of the operator '{kind}', found {code.Version()}")
    return Operator(
        kind=kind,
        inputs=[int(i) for i in source.InputsAsNumpy()],
        outputs=[int(i) for i in source.OutputsAsNumpy()],
        options=_read_custom_options(source) if custom else _read_options(kind, source),
    )


def _read_options(kind: str, source: Any) -> dict[str, Any]:
    if kind not in _OPTIONS:
        return {}
    table_name, getters = _OPTIONS[kind]
    options = getattr(require('tflite'), table_name)()
    table = source.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return {name: getattr(options, name)() for name in getters}


def _read_custom_options(source: Any) -> dict[str, Any]:
    if source.CustomOptionsLength() == 0:
        return {}
    flexbuffers = require('flatbuffers.flexbuffers')
    loads: Callable[[bytes], dict[str, Any]] = flexbuffers.Loads
    return loads(source.CustomOptionsAsNumpy().tobytes())


def _unpack_weights(operator: Operator, tensors: list[Tensor]) -> bool:
    """Carry out DEQUANTIZE (float16) and DENSIFY of a constant; tell whether it was one."""
    if operator.kind not in ('DEQUANTIZE', 'DENSIFY'):
        return False
    values = tensors[operator.inputs[0]].values
    if values is None or values.dtype not in (np.float16, np.float32):
        name = tensors[operator.inputs[0]].name
        raise ModelError(f"{operator.kind} of '{name}': only float constants can be unpacked")
    dtype = np.float32 if operator.kind == 'DEQUANTIZE' else values.dtype
    tensors[operator.outputs[0]].values = values.astype(dtype)
    return True
