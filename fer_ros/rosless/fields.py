"""What the fields of messages take and keep: what rclpy on Humble takes, and no more."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Convert = Callable[[Any], Any]

# What a converter raises.
UNFIT = (TypeError, ValueError, OverflowError)

NUMPY = {
    'bool': 'bool', 'byte': 'uint8', 'char': 'uint8', 'int8': 'int8', 'uint8': 'uint8',
    'int16': 'int16', 'uint16': 'uint16', 'int32': 'int32', 'uint32': 'uint32',
    'int64': 'int64', 'uint64': 'uint64', 'float32': 'float32', 'float64': 'float64',
}  # fmt: skip


class Numbers(np.ndarray):
    """A sequence of numbers: an ndarray to the serialiser, an ``array.array`` to who uses it.

    It holds Python numbers and is true unless empty. One that came in a message is read-only,
    because it is a view of the bytes that came.
    """

    def __iter__(self) -> Iterator[Any]:
        """Yield Python numbers."""
        return iter(self.tolist())

    def __getitem__(self, index: Any) -> Any:
        """Return a Python number, or a part."""
        found = super().__getitem__(index)
        return found.item() if isinstance(found, np.generic) else found

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return self.size > 0

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence."""
        return np.array_equal(self, np.asarray(other))

    def __ne__(self, other: object) -> bool:
        """Compare with any sequence."""
        return not self == other

    __hash__ = None


class Late:
    """A field whose value is made when somebody looks at it; its slot holds how until then.

    Most of a frame's result are action units and shares, and most who hear it look at a few.
    """

    __slots__ = ('_get', '_put')

    def __init__(self, slot: Any) -> None:
        """Stand in for a slot. A tuple in it is a function and what to call it with."""
        self._get, self._put = slot.__get__, slot.__set__

    def __get__(self, message: Any, owner: Any = None) -> Any:
        """Return the value."""
        if message is None:
            return self
        value = self._get(message)
        if type(value) is tuple:  # which no field is
            value = value[0](*value[1:])
            self._put(message, value)
        return value

    def __set__(self, message: Any, value: Any) -> None:
        """Take another value."""
        self._put(message, value)


class Octet(bytes):
    """A ``byte`` field: one byte as in rclpy, a number to the serialiser."""

    def __index__(self) -> int:
        """Return the byte's value."""
        return self[0]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message.

    :param words: its type as rclpy names it.
    :param default: makes what it holds in a new message.
    :param convert: makes what is kept of what is assigned; raises one of ``UNFIT``.
    :param exact: what is of exactly this type is kept as it is, within ``limits`` where it is a
        whole number; None where everything is converted.
    :param view: makes what is kept of what the deserialiser gives; None: that itself.
    """

    words: str
    default: Callable[[], Any]
    convert: Convert
    exact: type | None = None
    limits: tuple[int, int] | None = None
    view: Convert | None = None


def scalar(base: str) -> Field:
    """Return the field of one string, truth value, number or byte."""
    if base == 'byte':
        return Field(base, _octet, _octet, Octet, view=lambda value: Octet([value]))
    if base in ('string', 'wstring'):
        return Field(base, str, _only(str), str)
    if base == 'bool':
        return Field(base, bool, _only(bool), bool)
    if base.startswith('float'):
        return Field(base, float, _only(float), float)
    limits = np.iinfo(NUMPY[base])
    low, high = int(limits.min), int(limits.max)
    return Field(base, int, _integer(low, high), int, (low, high))


def instance(kind: type, typename: str) -> Field:
    """Return the field of one message."""

    def convert(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f'not a {typename}')
        return value

    return Field(typename, kind, convert, kind)


def several(base: str, element: Field, length: int | None) -> Field:
    """Return the field of a sequence, or of an array, which has a length.

    :param base: of its elements where they are numbers, '' where they are anything else.
    """
    return _numbers(base, length) if base in NUMPY else _items(element, length)


def _octet(value: Any = b'\0') -> Octet:
    if not isinstance(value, (bytes, bytearray)) or len(value) != 1:
        raise TypeError('not one byte')
    return Octet(value)


def _only(kind: type) -> Convert:
    def convert(value: Any) -> Any:
        if type(value) is kind:
            return value
        if not isinstance(value, kind):
            raise TypeError(f'not a {kind.__name__}')
        return kind(value)

    return convert


def _integer(low: int, high: int) -> Convert:
    def convert(value: Any) -> int:
        if not isinstance(value, int):
            raise TypeError('not an int')
        if not low <= value <= high:
            raise ValueError(f'{value} is outside [{low}, {high}]')
        return int(value)

    return convert


def _numbers(base: str, length: int | None) -> Field:
    """Arrays are NumPy's and sequences :class:`Numbers`; both take what rclpy takes."""
    dtype = np.dtype(NUMPY[base])
    convert_one = scalar(base).convert if base != 'byte' else _integer(0, 255)

    def convert(value: Any) -> Any:
        if type(value) is array and value.typecode == dtype.char and length is None:
            return Numbers(len(value), dtype, value)  # as it is, and often: without detours
        if isinstance(value, np.ndarray) and not isinstance(value, Numbers):
            if length is None:
                raise TypeError('not a sequence: use tolist(), tobytes() or array.array')
            if value.dtype != dtype:
                raise TypeError(f'of {value.dtype}')
            found = np.ascontiguousarray(value)
        elif isinstance(value, (bytes, bytearray, array, Numbers)):
            found = np.frombuffer(value, _dtype_of(value))
            if found.dtype != dtype:
                raise TypeError(f'of {found.dtype}')
        elif dtype.kind == 'f' and isinstance(value, list) and {*map(type, value)} == {float}:
            found = np.array(value, dtype)
        else:
            found = np.array([convert_one(item) for item in value], dtype)
        if length is None:
            return found.view(Numbers)
        if found.shape != (length,):
            raise ValueError(f'{length} numbers expected, found {found.size}')
        return found

    if length is not None:
        return Field(f'{base}[{length}]', lambda: np.zeros(length, dtype), convert)
    return Field(
        f'sequence<{base}>',
        lambda: np.zeros(0, dtype).view(Numbers),
        convert,
        view=lambda value: value.view(Numbers),
    )


def _dtype_of(value: bytes | bytearray | array[Any] | Numbers) -> Any:
    if isinstance(value, array):
        return np.dtype(value.typecode)
    return value.dtype if isinstance(value, Numbers) else np.dtype(np.uint8)


def _items(element: Field, length: int | None) -> Field:
    """Return the field of strings or messages: a list."""
    kinds = {element.exact}

    def convert(value: Any) -> list[Any]:
        if isinstance(value, (str, bytes)):
            raise TypeError('not a list')
        items = list(value)
        if not {*map(type, items)} <= kinds:
            items = [element.convert(item) for item in items]
        if length is not None and len(items) != length:
            raise ValueError(f'{length} items expected, found {len(items)}')
        return items

    def default() -> list[Any]:
        return [element.default() for _ in range(length or 0)]

    words = f'{element.words}[{length}]' if length is not None else f'sequence<{element.words}>'
    return Field(words, default, convert)
