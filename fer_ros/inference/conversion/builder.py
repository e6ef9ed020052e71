"""Collects the nodes and constants of an ONNX graph and closes them into a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_ros.inference.conversion.extras import require
from fer_ros.inference.conversion.graph import Array

OPSET = 17
# The oldest file format that opset 17 may have: onnxruntime of Humble's day reads it.
_IR_VERSION = 8


class Builder:
    """An ONNX graph under construction; every method returns names of values."""

    def __init__(self) -> None:
        """Start with an empty graph."""
        self._nodes: list[Any] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._initializers: list[Any] = []
        self._helper = require('onnx').helper
        self._count = 0

    def constant(self, values: Array) -> str:
        """Keep an array once, however often it is asked for; its rank stays (0-d is 0-d)."""
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._constants:
            name = f'c{len(self._constants)}'
            self._constants[key] = name
            # ascontiguousarray would make a 0-d array 1-d.
            tensor = require('onnx').numpy_helper.from_array(np.array(values, order='C'), name)
            self._initializers.append(tensor)
        return self._constants[key]

    def ints(self, *values: int) -> str:
        """Keep a 1-d int64 constant, as Reshape and its kin want it."""
        return self.constant(np.array(values, np.int64))

    def floats(self, values: Any) -> str:
        """Keep a float32 constant."""
        return self.constant(np.asarray(values, np.float32))

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        return self.split(kind, *inputs, outputs=1, **attributes)[0]

    def split(self, kind: str, *inputs: str, outputs: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs."""
        first = f'{kind}_{self._count}'
        names = [first, *(f'{first}_{i}' for i in range(1, outputs))]
        self._nodes.append(
            self._helper.make_node(kind, list(inputs), names, name=names[0], **attributes)
        )
        self._count += 1
        return names

    def model(
        self,
        name: str,
        image_size: int,
        outputs: Sequence[tuple[str, str, tuple[int, ...]]],
        description: str,
    ) -> Any:
        """Close the graph: input ``image`` (N, 3, size, size), outputs (name, value, shape)."""
        helper = self._helper
        for public, value, _ in outputs:
            self._nodes.append(helper.make_node('Identity', [value], [public], name=public))
        float32 = require('onnx').TensorProto.FLOAT
        graph = helper.make_graph(
            _without_identities(self._nodes, {public for public, _, _ in outputs}),
            name,
            [helper.make_tensor_value_info('image', float32, ['N', 3, image_size, image_size])],
            [
                helper.make_tensor_value_info(public, float32, ['N', *shape])
                for public, _, shape in outputs
            ],
            self._initializers,
            doc_string=description,
        )
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid('', OPSET)],
            ir_version=_IR_VERSION,
            producer_name='fer_ros',
        )


def _without_identities(nodes: list[Any], public: set[str]) -> list[Any]:
    """Give the public names to the nodes that compute them."""
    renames = {
        node.input[0]: node.output[0]
        for node in nodes
        if node.op_type == 'Identity' and node.output[0] in public
    }
    kept = [n for n in nodes if n.op_type != 'Identity' or n.output[0] not in public]
    for node in kept:
        for names in (node.input, node.output):
            for i, value in enumerate(names):
                names[i] = renames.get(value, value)
    return kept
