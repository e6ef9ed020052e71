"""Brings feature maps into float16's range without changing what a net says.

The meshes' PReLUs were rewritten for the CPU (``prelu``): as a ReLU and a depthwise convolution,
with factors moved from channel to channel. In float32 that is free. In float16 some channels
overflow, and others are a small difference of large numbers. So the PReLUs come back, and every
channel is divided by its largest value on a real face; the convolutions around take the factors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper

Array = NDArray[np.float32]
Scale = NDArray[np.float64]
# Whatever stays below this on a real face has room enough as it is.
_LARGE = 1000.0
# The largest value of a channel on a real face, after: 8000 times that would overflow.
_TARGET = 8.0
_STEEPEST = 1e3  # slope of a PReLU that float16 can hold with room to spare
# A channel that is silent on these faces may speak on others: its weights are kept below this.
_LOUDEST = 16.0
_ROUNDS = 3
# A positive factor passes through these, channel by channel.
_PASSING = {'Relu', 'PRelu', 'LeakyRelu', 'MaxPool', 'AveragePool', 'Identity', 'Add', 'Sub'}


def balance(model: Any, feeds: Mapping[str, Array]) -> bool:
    """Rewrite a float32 net in place.

    :param feeds: real faces, as the net reads them.
    :return: whether it needed that.
    """
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    largest = [float(found.max()) for found in _ranges(model, constants, feeds).values()]
    if max(largest, default=0.0) < _LARGE:
        return False
    _unbend(model.graph, constants)
    ranges = _ranges(model, constants, feeds)
    _rescale(model.graph, constants, _scales(model.graph, constants, ranges))
    del model.graph.initializer[:]
    model.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    return True


def _ranges(
    model: Any, constants: Mapping[str, NDArray[Any]], feeds: Mapping[str, Array]
) -> dict[str, Scale]:
    """Return the largest magnitude of each channel of every feature map, by tensor."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    known = {output.name for output in probe.graph.output}
    names = [name for node in probe.graph.node for name in node.output if name not in known]
    probe.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    del probe.graph.initializer[:]
    probe.graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in constants.items())
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        probe.SerializeToString(), options, providers=['CPUExecutionProvider']
    )
    found = zip(names, session.run(names, dict(feeds)))
    return {
        name: np.abs(values).max(axis=(0, 2, 3)).astype(np.float64)
        for name, values in found
        if values.ndim == 4 and values.dtype == np.float32
    }


# PReLUs come back


def _unbend(graph: Any, constants: dict[str, NDArray[Any]]) -> None:
    """Write ``b*relu(x) + c*x`` as ``(b+c) * prelu(x)`` with the slope ``c/(b+c)``."""
    producers = {name: node for node in graph.node for name in node.output}
    for node in list(graph.node):
        bend = _bend_of(node, producers, constants)
        if bend is None:
            continue
        x, right, left = bend
        stem = node.output[0]
        constants[f'{stem}_slope'] = (left / right).astype(np.float32).reshape(-1, 1, 1)
        constants[f'{stem}_factor'] = right.astype(np.float32).reshape(1, -1, 1, 1)
        place = list(graph.node).index(node)
        graph.node.insert(place, helper.make_node('PRelu', [x, f'{stem}_slope'], [f'{stem}_bent']))
        node.op_type = 'Mul'
        node.input[:] = [f'{stem}_bent', f'{stem}_factor']
    _drop_unused(graph)


def _bend_of(
    node: Any, producers: Mapping[str, Any], constants: Mapping[str, NDArray[Any]]
) -> tuple[str, Scale, Scale] | None:
    """Return x and the slopes right and left of zero, where a sum is a bend."""
    if node.op_type != 'Add':
        return None
    sides = [_branch(name, producers, constants) for name in node.input]
    for (straight, factor), (bent, other) in (sides, sides[::-1]):
        relu = producers.get(bent)
        if factor is None or relu is None or relu.op_type != 'Relu' or relu.input[0] != straight:
            continue
        right = (np.ones_like(factor) if other is None else other) + factor
        safe = bool((np.abs(factor) < _STEEPEST * np.abs(right)).all())
        return (straight, right, factor) if safe else None
    return None


def _branch(
    name: str, producers: Mapping[str, Any], constants: Mapping[str, NDArray[Any]]
) -> tuple[str, Scale | None]:
    """Return what a 1x1 depthwise convolution scales and its factors; or the tensor itself."""
    node = producers.get(name)
    if node is None or node.op_type != 'Conv' or len(node.input) > 2:
        return name, None
    weight = constants.get(node.input[1])
    group = next((a.i for a in node.attribute if a.name == 'group'), 1)
    if weight is None or weight.shape[1:] != (1, 1, 1) or group != len(weight):
        return name, None
    return node.input[0], weight.reshape(-1).astype(np.float64)


def _drop_unused(graph: Any) -> None:
    """Take out nodes that nobody reads any more."""
    while True:
        used = {name for node in graph.node for name in node.input}
        used |= {output.name for output in graph.output}
        kept = [node for node in graph.node if used.intersection(node.output)]
        if len(kept) == len(graph.node):
            return
        del graph.node[:]
        graph.node.extend(kept)


# Every channel gets a scale


@dataclass(slots=True)
class _Groups:
    """Tensors that must have one scale (union-find); some must stay as they are."""

    parent: dict[str, str] = field(default_factory=dict)
    pinned: set[str] = field(default_factory=set)

    def root(self, name: str) -> str:
        """Return who stands for a tensor's group."""
        while (above := self.parent.setdefault(name, name)) != name:
            name = above
        return name

    def join(self, names: list[str]) -> None:
        """Put tensors into one group."""
        for name in names[1:]:
            self.parent[self.root(name)] = self.root(names[0])


def _scales(
    graph: Any, constants: Mapping[str, NDArray[Any]], ranges: Mapping[str, Scale]
) -> dict[str, Scale]:
    """Return what each channel of a tensor is divided by."""
    groups = _Groups(pinned={end.name for end in (*graph.input, *graph.output)})
    for node in graph.node:
        data = [name for name in (*node.input, *node.output) if name in ranges]
        if node.op_type in _PASSING and set(node.input) <= {*ranges, *constants}:
            groups.join(data)
        elif not _repeats(node) and not _takes_scales(node, constants):
            groups.pinned.update(data)
    pinned = {groups.root(name) for name in groups.pinned}
    repeats = [node for node in graph.node if _repeats(node)]
    for node in repeats:
        ends = {groups.root(name) for name in (node.input[0], node.output[0])}
        pinned |= ends if pinned & ends else set()
    largest: dict[str, Scale] = {}
    for name, found in ranges.items():
        root = groups.root(name)
        largest[root] = np.maximum(largest.get(root, 0.0), found)
    for _ in range(_ROUNDS):
        for node in graph.node:
            _make_room(node, constants, groups, largest)
    for node in repeats:
        source, target = (groups.root(name) for name in (node.input[0], node.output[0]))
        times = len(node.input)
        both = np.vstack([largest[source], largest[target].reshape(times, -1)]).max(axis=0)
        largest[source], largest[target] = both, np.tile(both, times)
    return {
        name: np.where(largest[root] > 0, largest[root] / _TARGET, 1.0)
        for name in ranges
        if (root := groups.root(name)) not in pinned
    }


def _make_room(
    node: Any,
    constants: Mapping[str, NDArray[Any]],
    groups: _Groups,
    largest: dict[str, Scale],
) -> None:
    """Raise the range of a node's output where its weights would become huge."""
    source, target = (groups.root(name) for name in (node.input[0], node.output[0]))
    if not _takes_scales(node, constants) or source not in largest or target not in largest:
        return
    weight = np.abs(constants[node.input[1]].astype(np.float64))
    if node.op_type == 'Mul':
        reached = weight.reshape(-1) * largest[source]
    else:
        group = next((a.i for a in node.attribute if a.name == 'group'), 1)
        read = np.repeat(largest[source].reshape(group, -1), len(weight) // group, axis=0)
        reached = (weight * read[:, :, None, None]).max(axis=(1, 2, 3))
    largest[target] = np.maximum(largest[target], reached / _LOUDEST)


def _repeats(node: Any) -> bool:
    """Tell whether a node puts one feature map several times behind itself."""
    return node.op_type == 'Concat' and len(set(node.input)) == 1


def _takes_scales(node: Any, constants: Mapping[str, NDArray[Any]]) -> bool:
    """Tell whether the constants of a node can take factors of its input and output."""
    if node.op_type == 'Conv':
        return all(name in constants for name in node.input[1:])
    if node.op_type != 'Mul' or node.input[1] not in constants:
        return False
    return constants[node.input[1]].ndim == 4 and constants[node.input[1]].shape[2:] == (1, 1)


def _rescale(graph: Any, constants: dict[str, NDArray[Any]], scales: Mapping[str, Scale]) -> None:
    """Give convolutions and factors the scales of what they read and write."""
    users: dict[str, int] = {}
    for node in graph.node:
        for name in node.input:
            users[name] = users.get(name, 0) + 1
    for node in graph.node:
        source, target = scales.get(node.input[0]), scales.get(node.output[0])
        if node.op_type not in ('Conv', 'Mul') or (source is None and target is None):
            continue
        if node.op_type == 'Mul' and node.input[1] not in constants:
            continue
        for place in range(1, len(node.input)):  # constants that others read stay theirs
            if users[node.input[place]] > 1:
                copy = f'{node.input[place]}_of_{node.output[0]}'
                constants[copy] = constants[node.input[place]]
                node.input[place] = copy
        if node.op_type == 'Mul':
            factor = constants[node.input[1]].astype(np.float64)
            factor = factor * _column(source, (1, -1, 1, 1)) / _column(target, (1, -1, 1, 1))
            constants[node.input[1]] = factor.astype(np.float32)
        else:
            _rescale_convolution(node, constants, source, target)


def _rescale_convolution(
    node: Any, constants: dict[str, NDArray[Any]], source: Scale | None, target: Scale | None
) -> None:
    """Scale a kernel (out, in of the group, h, w) and its bias."""
    weight = constants[node.input[1]].astype(np.float64)
    if source is not None:
        group = next((a.i for a in node.attribute if a.name == 'group'), 1)
        read = np.repeat(source.reshape(group, -1), len(weight) // group, axis=0)
        weight = weight * read[:, :, None, None]
    weight = weight / _column(target, (-1, 1, 1, 1))
    constants[node.input[1]] = weight.astype(np.float32)
    if len(node.input) > 2:
        bias = constants[node.input[2]] / _column(target, (-1,))
        constants[node.input[2]] = bias.astype(np.float32)


def _column(scale: Scale | None, shape: tuple[int, ...]) -> Any:
    return 1.0 if scale is None else scale.reshape(shape)
