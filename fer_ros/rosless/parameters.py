"""rclpy.parameter and the checks that come with a descriptor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from fer_ros.errors import FerError


class ParameterType(IntEnum):
    """rcl_interfaces/msg/ParameterType."""

    NOT_SET = 0
    BOOL = 1
    INTEGER = 2
    DOUBLE = 3
    STRING = 4
    BYTE_ARRAY = 5
    BOOL_ARRAY = 6
    INTEGER_ARRAY = 7
    DOUBLE_ARRAY = 8
    STRING_ARRAY = 9


class ParameterException(FerError):
    """A parameter can not be declared, read or set."""

    def __init__(self, message: str, parameters: Any = ()) -> None:
        """Keep the parameters' names beside the message."""
        super().__init__(message)
        self.parameters = parameters


class ParameterNotDeclaredException(ParameterException):
    """It was never declared."""


class ParameterAlreadyDeclaredException(ParameterException):
    """It was declared before."""


class InvalidParameterTypeException(ParameterException):
    """Its value is of another type."""


class InvalidParameterValueException(ParameterException):
    """Its value is refused."""


@dataclass(frozen=True)
class Parameter:
    """A name with a value; its type follows from the value."""

    name: str
    type_: Any = None
    value: Any = None

    Type = ParameterType

    def __post_init__(self) -> None:
        """Find the type."""
        if self.type_ is None:
            object.__setattr__(self, 'type_', type_of(self.value))


def type_of(value: Any) -> ParameterType:
    """Return the type that ROS gives a Python value."""
    scalars = {
        bool: ParameterType.BOOL,
        int: ParameterType.INTEGER,
        float: ParameterType.DOUBLE,
        str: ParameterType.STRING,
        type(None): ParameterType.NOT_SET,
        bytes: ParameterType.BYTE_ARRAY,
    }
    if type(value) in scalars:
        return scalars[type(value)]
    if isinstance(value, (list, tuple)) and value:
        first = type_of(value[0])
        if all(type_of(item) == first for item in value) and 1 <= first <= 4:
            return ParameterType(first + 5)
    raise ParameterException(f'expected a parameter value, found {value!r}')


def refusal(
    name: str, value: Any, declared: ParameterType, descriptor: Any, *, declaring: bool = False
) -> str:
    """Return why a value is refused, in rclpy's words, or ''."""
    found = type_of(value)
    if declared not in (found, ParameterType.NOT_SET) and not descriptor.dynamic_typing:
        return f"Wrong parameter type, expected 'Type.{declared.name}' got 'Type.{found.name}'"
    if descriptor.read_only and not declaring:
        return f'Trying to set a read-only parameter: {name}.'
    return _out_of_range(name, value, descriptor)


def _out_of_range(name: str, value: Any, descriptor: Any) -> str:
    ranges = [*descriptor.integer_range, *descriptor.floating_point_range]
    if not ranges or type(value) not in (int, float):
        return ''
    bounds = ranges[0]
    if math.isnan(value) or not bounds.from_value <= value <= bounds.to_value:
        return (
            f'Parameter {name} out of range Min: {bounds.from_value}, Max: {bounds.to_value}, '
            f'value: {value}'
        )
    if bounds.step and value != bounds.to_value and not _on_step(value, bounds):
        return (
            f'The parameter value for {name} is not a valid step. Min: {bounds.from_value}, '
            f'max: {bounds.to_value}, value: {value}, step: {bounds.step}'
        )
    return ''


def _on_step(value: float, bounds: Any) -> bool:
    steps = (value - bounds.from_value) / bounds.step
    return math.isclose(steps, round(steps), rel_tol=1e-9, abs_tol=1e-9)
