"""From a float32 ONNX file to one whose heavy part is float16.

TensorRT from 11 on and torch compute in the file's own types, so precision is a matter of the
file. Feature maps, the layout (N, C, H, W), become float16; what leaves that layout (coordinates,
boxes, logits) and the layer that makes it stay float32: a landmark at 190 px has steps of an
eighth of a pixel in float16.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fer_ros.errors import ModelError
from fer_ros.inference.conversion.balance import balance
from fer_ros.types import Float32

# A change of these rules makes other files: they are part of the cache's names.
RULES = 2
_HEAVY = {'Conv', 'ConvTranspose'}
# Taken along where all of their tensors are float16 already.
_LIGHT = {
    'Add', 'AveragePool', 'BatchNormalization', 'Clip', 'Concat', 'DepthToSpace',
    'GlobalAveragePool', 'HardSigmoid', 'HardSwish', 'Identity', 'LeakyRelu', 'MaxPool', 'Mul',
    'PRelu', 'Pad', 'Relu', 'Resize', 'Sigmoid', 'Sub',
}  # fmt: skip
# Of these only the first input is data of the net's type.
_FIRST_ONLY = {'Resize', 'Pad'}


def to_half(source: Path, target: Path, feeds: Mapping[str, Float32]) -> int:
    """Write the float16 form of a model; inputs and outputs stay float32.

    :param feeds: real faces, as the net reads them: they tell the range of its feature maps.
    :return: how many nodes compute in float16.
    :raises ModelError: nothing in it could.
    """
    model = onnx.load(str(source))
    _widen_stored(model.graph)
    balance(model, feeds)
    half = _half_nodes(model.graph)
    if not half:
        raise ModelError(f'{source}: expected convolutions to put in float16, found none')
    _rewrite(model.graph, half)
    onnx.checker.check_model(model)
    onnx.save(model, str(target))
    return len(half)


def _widen_stored(graph: Any) -> None:
    """Turn weights that are kept in float16 and cast when used into float32 ones."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        stored = weights.get(node.input[0]) if node.op_type == 'Cast' else None
        if stored is None:
            kept.append(node)
            continue
        values = numpy_helper.to_array(stored).astype(np.float32)
        stored.CopyFrom(numpy_helper.from_array(values, node.output[0]))
    _replace(graph.node, kept)


def _half_nodes(graph: Any) -> set[int]:
    """Return the indices of the nodes that compute in float16."""
    constants = {tensor.name for tensor in graph.initializer}
    ends = {output.name for output in graph.output}
    half = {index for index, node in enumerate(graph.node) if node.op_type in _HEAVY}
    # Twice: a head that falls back to float32 takes what hangs on it along.
    while True:
        tensors: set[str] = set()
        for index, node in enumerate(graph.node):
            if node.op_type in _LIGHT:
                data = [name for name in _data(node) if name not in constants]
                half -= {index}
                if data and tensors.issuperset(data):
                    half.add(index)
            if index in half:
                tensors.update(node.output)
        heads = {
            index
            for index in half
            if graph.node[index].op_type in _HEAVY
            and _leaves(graph, half, graph.node[index].output[0], ends)
        }
        if not heads:
            return half
        half -= heads


def _leaves(graph: Any, half: set[int], name: str, ends: set[str]) -> bool:
    """Tell whether a tensor goes straight to float32."""
    users = [index for index, node in enumerate(graph.node) if name in node.input]
    return name in ends or any(
        index not in half and graph.node[index].op_type not in _HEAVY for index in users
    )


def _data(node: Any) -> list[str]:
    """Return a node's inputs that have the net's type."""
    inputs = node.input[:1] if node.op_type in _FIRST_ONLY else node.input
    return [name for name in inputs if name]


def _rewrite(graph: Any, half: set[int]) -> None:
    """Put weights in float16 and casts where the types meet."""
    weights = {tensor.name: tensor for tensor in graph.initializer}
    made: dict[str, Any] = {}
    tensors: set[str] = set()
    nodes: list[Any] = []
    cast: set[str] = set()

    def convert(name: str, to: int) -> str:
        new = f'{name}_{"half" if to == TensorProto.FLOAT16 else "float"}'
        if new not in cast:
            cast.add(new)
            nodes.append(helper.make_node('Cast', [name], [new], name=new, to=to))
        return new

    for index, node in enumerate(graph.node):
        inputs = set(_data(node))
        for place, name in enumerate(node.input):
            if index in half and name in inputs and name not in tensors:
                if name in weights:
                    node.input[place] = _half_weight(weights[name], made)
                else:
                    node.input[place] = convert(name, TensorProto.FLOAT16)
            elif index not in half and name in tensors:
                node.input[place] = convert(name, TensorProto.FLOAT)
        if index in half:
            tensors.update(node.output)
        nodes.append(node)
    _end_in_float(graph, nodes, tensors)
    used = {name for node in nodes for name in node.input}
    kept = [tensor for name, tensor in weights.items() if name in used]
    _replace(graph.node, nodes)
    _replace(graph.initializer, [*kept, *made.values()])
    # Shapes that an exporter left have the old types.
    _replace(graph.value_info, [])


def _half_weight(tensor: Any, made: dict[str, Any]) -> str:
    """Return the name of a weight's float16 copy."""
    name = f'{tensor.name}_half'
    if name not in made:
        values = numpy_helper.to_array(tensor)
        if not np.abs(values).max(initial=0.0) < np.finfo(np.float16).max:
            raise ModelError(f'{tensor.name}: expected weights that float16 can hold')
        made[name] = numpy_helper.from_array(values.astype(np.float16), name)
    return name


def _end_in_float(graph: Any, nodes: list[Any], tensors: set[str]) -> None:
    """Give every output its float32 name back."""
    for output in graph.output:
        name = output.name
        if name not in tensors:
            continue
        for node in nodes:
            _rename(node.input, name, f'{name}_raw')
            _rename(node.output, name, f'{name}_raw')
        nodes.append(
            helper.make_node(
                'Cast', [f'{name}_raw'], [name], name=f'{name}_out', to=TensorProto.FLOAT
            )
        )


def _rename(names: Any, old: str, new: str) -> None:
    for place, name in enumerate(names):
        if name == old:
            names[place] = new


def _replace(field: Any, items: Iterable[Any]) -> None:
    """Set a repeated field of protobuf."""
    kept = list(items)
    del field[:]
    field.extend(kept)
