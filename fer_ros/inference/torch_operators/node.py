"""What is known of an operator before it runs, and the table that all are entered in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fer_ros.errors import ModelError

Operator = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Node:
    """What is known of an operator before it runs.

    :param where: file and operator, for errors.
    :param known: its constant inputs; None for those that a run brings.
    :param outputs: how many there are.
    """

    where: str
    opset: int
    attributes: Mapping[str, Any]
    known: Sequence[NDArray[Any] | None]
    outputs: int

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def ints(self, index: int, name: str = '', default: Any = None) -> Any:
        """Return whole numbers from a constant input or, in older opsets, an attribute."""
        value = self.known[index] if index < len(self.known) else None
        if value is not None:
            return value.reshape(-1).tolist()
        return self.attributes.get(name, default)

    def refuse(self, wanted: str, found: object) -> ModelError:
        """Return the error of a variant that is not covered."""
        return ModelError(
            f'{self.where}: expected {wanted}, found {found}; set device to cpu, or add it to '
            'torch_operators'
        )


Binder = Callable[[Node], Operator]
OPERATORS: dict[str, Binder] = {}


def operator(*names: str) -> Callable[[Binder], Binder]:
    """Enter an operator in the table."""

    def enter(bind: Binder) -> Binder:
        OPERATORS.update(dict.fromkeys(names, bind))
        return bind

    return enter


def plain(function: Operator) -> Binder:
    """Return an operator that has nothing to bind."""
    return lambda _: function
