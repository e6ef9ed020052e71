"""An ONNX graph as torch calls: what the shipped nets, and nets like them, are made of.

Torch alone reads no ONNX. Here every operator becomes one closure, bound once to its attributes
and constants, so that a run is a plain list of torch calls with static shapes: what a CUDA graph
can record. Semantics are those of the ONNX operator reference, opset 13 to 21; the operators
themselves are in ``torch_operators``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor

from fer_ros.errors import ModelError
from fer_ros.inference.torch_operators import OPERATORS, Node

Call = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """One operator, ready to be called.

    :param inputs: names of its tensors; '' stands for one that is left out.
    :param done: names that nothing needs after it.
    """

    call: Call
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    done: tuple[str, ...]


class TorchGraph:
    """A net that torch runs from its ONNX file, on any device, in the file's own precision."""

    def __init__(self, path: Path, device: str = 'cpu') -> None:
        """Read the file and place its weights.

        :raises ModelError: not an ONNX file, or an operator that is not covered.
        """
        try:
            model = onnx.load(str(path))
        except Exception as error:  # protobuf's errors share no base class
            text = (str(error) or type(error).__name__).splitlines()[0]
            raise ModelError(f'{path}: expected an ONNX file, not readable: {text}') from None
        graph = model.graph
        opset = next((entry.version for entry in model.opset_import if not entry.domain), 0)
        constants = _constants(graph)
        self.device = torch.device(device)
        self.inputs = tuple(i.name for i in graph.input if i.name not in constants)
        self.outputs = tuple(output.name for output in graph.output)
        nodes = [node for node in graph.node if node.op_type != 'Constant']
        self._steps = _steps(path, nodes, constants, opset, set(self.outputs))
        used = {name for step in self._steps for name in step.inputs}
        self._weights = {
            name: torch.from_numpy(np.array(value)).to(self.device)
            for name, value in constants.items()
            if name in used
        }
        self._fold()

    def _fold(self) -> None:
        """Do once what depends on constants alone, as the widening of weights kept in float16."""
        kept = []
        for step in self._steps:
            known = all(name in self._weights for name in step.inputs if name)
            if known and len(step.outputs) == 1 and step.outputs[0] not in self.outputs:
                words = (self._weights[name] if name else None for name in step.inputs)
                self._weights[step.outputs[0]] = step.call(*words)
            else:
                kept.append(step)
        used = {name for step in kept for name in step.inputs}
        self._weights = {name: value for name, value in self._weights.items() if name in used}
        self._steps = [
            replace(step, done=tuple(n for n in step.done if n not in self._weights))
            for step in kept
        ]

    def __call__(self, feeds: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        """Run tensors on the graph's device, by input name; return its outputs in its order."""
        values: dict[str, Any] = {'': None, **self._weights, **feeds}
        for step in self._steps:
            results = step.call(*(values[name] for name in step.inputs))
            if len(step.outputs) == 1 and not isinstance(results, tuple):
                values[step.outputs[0]] = results
            else:
                values.update(zip(step.outputs, results))
            for name in step.done:
                del values[name]
        return tuple(values[name] for name in self.outputs)


def _constants(graph: Any) -> dict[str, NDArray[Any]]:
    """Return all that is known before a run: initializers and constants."""
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == 'Constant':
            value = onnx.helper.get_attribute_value(node.attribute[0])
            whole = hasattr(value, 'dims')
            found[node.output[0]] = numpy_helper.to_array(value) if whole else np.asarray(value)
    return found


def _steps(
    path: Path,
    nodes: Sequence[Any],
    constants: Mapping[str, NDArray[Any]],
    opset: int,
    wanted: set[str],
) -> list[_Step]:
    """Bind every operator, and find out after which one a tensor is no longer needed."""
    unknown = sorted({node.op_type for node in nodes if node.op_type not in OPERATORS})
    if unknown:
        raise ModelError(
            f'{path}: expected operators that torch_operators covers, found also '
            f'{", ".join(unknown)}; set device to cpu, or add them there'
        )
    last = {name: index for index, node in enumerate(nodes) for name in node.input}
    steps = []
    for index, node in enumerate(nodes):
        call = OPERATORS[node.op_type](_bound(path, node, constants, opset))
        names = {*node.input, *node.output} - wanted - set(constants) - {''}
        done = tuple(sorted(name for name in names if last.get(name, index) == index))
        steps.append(_Step(call, tuple(node.input), tuple(node.output), done))
    return steps


def _bound(path: Path, node: Any, constants: Mapping[str, NDArray[Any]], opset: int) -> Node:
    """Return what an operator may know before the run."""
    attributes = {
        attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute
    }
    texts = {k: v.decode() if isinstance(v, bytes) else v for k, v in attributes.items()}
    known = [constants.get(name) for name in node.input]
    return Node(f'{path}: {node.op_type} {node.name}', opset, texts, known, len(node.output))
