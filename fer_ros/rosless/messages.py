"""Message classes that look like rclpy's and that rosbags can serialise as they are.

What rclpy on Humble refuses is refused here too (an int for a float, a NumPy array for a
sequence), so that code which runs here runs there. One difference can be seen: sequences of
numbers are :class:`Numbers`, where rclpy has ``array.array``.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
from rosbags.interfaces import Nodetype

from fer_ros.errors import MiddlewareError
from fer_ros.rosless.definitions import once, typestore
from fer_ros.rosless.packing import packer

Convert = Callable[[Any], Any]

_NUMPY = {
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


# What a converter raises.
_UNFIT = (TypeError, ValueError, OverflowError)


class Octet(bytes):
    """A ``byte`` field: one byte as in rclpy, a number to the serialiser."""

    def __index__(self) -> int:
        """Return the byte's value."""
        return self[0]


class Message:
    """What every message class shares."""

    __slots__ = ()
    TYPENAME: ClassVar[str]
    _converters: ClassVar[dict[str, Convert]]
    _puts: ClassVar[tuple[tuple[Callable[[Any, Any], None], Convert | None], ...]]
    _fresh: ClassVar[
        tuple[tuple[str, Callable[[Any, Any], None], Convert, Callable[[], Any]], ...]
    ]
    _types: ClassVar[dict[str, str]]

    def __init__(self, *values: Any, **fields: Any) -> None:
        """Take fields by name as rclpy does; the deserialiser gives all by position."""
        if values:
            self._take(values)
            return
        for name, put, convert, default in self._fresh:
            if name not in fields:
                put(self, default())
                continue
            value = fields.pop(name)
            try:
                put(self, convert(value))
            except _UNFIT as error:
                raise self._refusal(name, value, error) from None
        if fields:
            raise AttributeError(
                f'{self.TYPENAME}: expected the fields {list(self._converters)}, found '
                f'{sorted(fields)}'
            )

    def _take(self, values: tuple[Any, ...]) -> None:
        """Take what was deserialised, which needs no check."""
        for (put, view), value in zip(self._puts, values):
            put(self, value if view is None else view(value))

    def __setattr__(self, name: str, value: Any) -> None:
        """Convert what is assigned, so that a wrong type fails where it was made."""
        if name not in self._converters:
            raise AttributeError(f'{self.TYPENAME} has no field {name!r}')
        try:
            object.__setattr__(self, name, self._converters[name](value))
        except _UNFIT as error:
            raise self._refusal(name, value, error) from None

    def _refusal(self, name: str, value: Any, error: Exception) -> TypeError:
        """Return what is said of a value that does not fit its field."""
        return TypeError(
            f'{self.TYPENAME}.{name}: expected {self._types[name]}, found '
            f'{type(value).__name__}: {error}'
        )

    def __repr__(self) -> str:
        """Show every field."""
        fields = ', '.join(f'{name}={getattr(self, name)!r}' for name in self._converters)
        return f'{self.TYPENAME}({fields})'

    def __eq__(self, other: object) -> bool:
        """Compare every field."""
        if type(other) is not type(self):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in self._converters
        )

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def get_fields_and_field_types(cls) -> dict[str, str]:
        """Return the fields and their types, as rclpy does."""
        return dict(cls._types)


@once
def message_class(typename: str) -> type[Message]:
    """Return the class of ``package/msg/Name``, and let the typestore make instances of it."""
    store = typestore()
    if typename not in store.fielddefs:
        raise MiddlewareError(
            f'message {typename}: expected one of hri_msgs, fer_msgs or the common interfaces; '
            'install ROS 2 for others'
        )
    constants, fields = store.fielddefs[typename]
    kinds = {name: _field(description) for name, description in fields}
    namespace: dict[str, Any] = {
        '__module__': typename.split('/')[0] + '.msg',
        '__slots__': tuple(kinds),
        'TYPENAME': typename,
        '_converters': {name: kind[0] for name, kind in kinds.items()},
        '_types': {name: kind[2] for name, kind in kinds.items()},
    }
    for name, kind, value in constants:
        namespace[name] = Octet([value]) if kind == 'byte' else value
    made: type[Message] = type(typename.rsplit('/', 1)[1], (Message,), namespace)
    # Straight into the slots: a message with many parts is made of many such values.
    made._puts = tuple(
        (getattr(made, name).__set__, _VIEWS.get(kind[2])) for name, kind in kinds.items()
    )
    made._fresh = tuple(
        (name, put, kind[0], kind[1]) for (name, kind), (put, _) in zip(kinds.items(), made._puts)
    )
    store.types[typename] = made
    return made


def serialize(message: Message) -> bytes:
    """Return a message as CDR, its length a multiple of four as DDS wants it."""
    return packer(message.TYPENAME)(message)


def deserialize(data: bytes | memoryview, kind: type[Message]) -> Message:
    """Return the message of CDR bytes."""
    message: Message = typestore().deserialize_cdr(data, kind.TYPENAME)
    return message


def warm_up(kind: type[Message]) -> None:
    """Compile a message's codec, which would delay its first sample."""
    deserialize(serialize(kind()), kind)


def _field(description: Any) -> tuple[Convert, Callable[[], Any], str]:
    """Return what converts a field, its default and its type in words."""
    node, detail = description
    if node == Nodetype.BASE:
        return _scalar(detail[0])
    if node == Nodetype.NAME:
        kind = message_class(detail)
        return _instance(kind), kind, detail
    element, length = detail
    if element[0] == Nodetype.BASE and element[1][0] in _NUMPY:
        return _numbers(element[1][0], length if node == Nodetype.ARRAY else None)
    return _sequence(element, length if node == Nodetype.ARRAY else None)


def _scalar(base: str) -> tuple[Convert, Callable[[], Any], str]:
    if base == 'byte':
        return lambda value: value if type(value) is Octet else _octet(value), _octet, base
    if base in ('string', 'wstring'):
        return _only(str), str, base
    if base == 'bool':
        return _only(bool), bool, base
    if base.startswith('float'):
        return _only(float), float, base
    return _integer(np.iinfo(_NUMPY[base])), int, base


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


def _integer(limits: Any) -> Convert:
    low, high = int(limits.min), int(limits.max)

    def convert(value: Any) -> int:
        if not isinstance(value, int):
            raise TypeError('not an int')
        if not low <= value <= high:
            raise ValueError(f'{value} is outside [{low}, {high}]')
        return int(value)

    return convert


def _instance(kind: type[Message]) -> Convert:
    def convert(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError(f'not a {kind.TYPENAME}')
        return value

    return convert


def _numbers(base: str, length: int | None) -> tuple[Convert, Callable[[], Any], str]:
    """Arrays are NumPy's and sequences :class:`Numbers`; both take what rclpy takes."""
    dtype = np.dtype(_NUMPY[base])
    convert_one = _scalar(base)[0] if base != 'byte' else _integer(np.iinfo('uint8'))

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

    if length is None:
        return convert, lambda: np.zeros(0, dtype).view(Numbers), f'sequence<{base}>'
    return convert, lambda: np.zeros(length, dtype), f'{base}[{length}]'


def _dtype_of(value: bytes | bytearray | array[Any] | Numbers) -> Any:
    if isinstance(value, array):
        return np.dtype(value.typecode)
    return value.dtype if isinstance(value, Numbers) else np.dtype(np.uint8)


def _sequence(element: Any, length: int | None) -> tuple[Convert, Callable[[], Any], str]:
    convert_one, default, words = _field(element)

    def convert(value: Any) -> list[Any]:
        if isinstance(value, (str, bytes)):
            raise TypeError('not a list')
        items = [convert_one(item) for item in value]
        if length is not None and len(items) != length:
            raise ValueError(f'{length} items expected, found {len(items)}')
        return items

    words = f'{words}[{length}]' if length is not None else f'sequence<{words}>'
    return convert, lambda: [default() for _ in range(length or 0)], words


# What is made of values as the deserialiser gives them, by type.
_VIEWS: dict[str, Convert] = {
    'byte': lambda value: Octet([value]),
    **{f'sequence<{base}>': lambda value: value.view(Numbers) for base in _NUMPY},
}
