"""The little that a TFLite file means to us: tensors, operators and their options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from fer_ros.errors import ModelError

Array = NDArray[Any]


@dataclass(slots=True)
class Tensor:
    """One tensor: shape as TFLite has it (NHWC, batch 1), its values if it is a constant."""

    name: str
    shape: tuple[int, ...]
    values: Array | None = None


@dataclass(slots=True)
class Operator:
    """One operator; ``inputs`` and ``outputs`` are tensor numbers, -1 for an absent input."""

    kind: str
    inputs: list[int]
    outputs: list[int]
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Graph:
    """A whole network in execution order."""

    tensors: list[Tensor]
    operators: list[Operator]
    inputs: list[int]
    outputs: list[int]

    def constant(self, tensor: int) -> Array:
        """Return the values of a constant tensor.

        :raises ModelError: when the tensor is computed at run time.
        """
        values = self.tensors[tensor].values
        if values is None:
            name = self.tensors[tensor].name
            raise ModelError(f"expected tensor {tensor} '{name}' to be constant, it is computed")
        return values

    def add_constant(self, values: Array) -> int:
        """Add a constant tensor and return its number."""
        self.tensors.append(Tensor(f'constant {len(self.tensors)}', values.shape, values))
        return len(self.tensors) - 1

    def consumers(self, tensor: int) -> list[Operator]:
        """Return the operators that read a tensor."""
        return [op for op in self.operators if tensor in op.inputs]
