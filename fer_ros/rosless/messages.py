"""Message classes that look like rclpy's and that rosbags can serialise as they are.

What rclpy on Humble refuses is refused here too (an int for a float, a NumPy array for a
sequence), so that code which runs here runs there. One difference can be seen: sequences of
numbers are :class:`Numbers`, where rclpy has ``array.array``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from rosbags.interfaces import Nodetype

from fer_ros.errors import MiddlewareError
from fer_ros.rosless.constructors import Put, constructor
from fer_ros.rosless.definitions import once, typestore
from fer_ros.rosless.fields import UNFIT, Field, Late, Octet, instance, scalar, several


class Message:
    """What every message class shares."""

    __slots__ = ()
    TYPENAME: ClassVar[str]
    _fields: ClassVar[dict[str, Field]]
    _puts: ClassVar[dict[str, Put]]  # what sets each field, unchecked

    def __init__(self, *values: Any, **fields: Any) -> None:
        """Take fields by name; each class has one of its own (:mod:`.constructors`)."""

    def __setattr__(self, name: str, value: Any) -> None:
        """Convert what is assigned, so that a wrong type fails where it was made."""
        if name not in self._fields:
            raise AttributeError(f'{self.TYPENAME} has no field {name!r}')
        object.__setattr__(self, name, self._fit(name, value))

    def _fit(self, name: str, value: Any) -> Any:
        """Return what is kept of a value in a field."""
        field = self._fields[name]
        try:
            return field.convert(value)
        except UNFIT as error:
            raise TypeError(
                f'{self.TYPENAME}.{name}: expected {field.words}, found '
                f'{type(value).__name__}: {error}'
            ) from None

    def _unknown(self, names: Iterable[str]) -> None:
        """Refuse names that are not those of fields."""
        raise AttributeError(
            f'{self.TYPENAME}: expected the fields {list(self._fields)}, found {sorted(names)}'
        )

    def __repr__(self) -> str:
        """Show every field."""
        fields = ', '.join(f'{name}={getattr(self, name)!r}' for name in self._fields)
        return f'{self.TYPENAME}({fields})'

    def __eq__(self, other: object) -> bool:
        """Compare every field."""
        if type(other) is not type(self):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in self._fields
        )

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def get_fields_and_field_types(cls) -> dict[str, str]:
        """Return the fields and their types, as rclpy does."""
        return {name: field.words for name, field in cls._fields.items()}


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
        '_fields': kinds,
    }
    for name, kind, value in constants:
        namespace[name] = Octet([value]) if kind == 'byte' else value
    made: type[Message] = type(typename.rsplit('/', 1)[1], (Message,), namespace)
    made._puts = {name: getattr(made, name).__set__ for name in kinds}
    made.__init__ = constructor(kinds, made._puts)  # type: ignore[method-assign]
    for name, (node, _) in fields:
        if node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
            setattr(made, name, Late(getattr(made, name)))
    store.types[typename] = made
    return made


def _field(description: Any) -> Field:
    """Return a field of a definition."""
    node, detail = description
    if node == Nodetype.BASE:
        return scalar(detail[0])
    if node == Nodetype.NAME:
        return instance(message_class(detail), detail)
    element, length = detail
    base = element[1][0] if element[0] == Nodetype.BASE else ''
    return several(base, _field(element), length if node == Nodetype.ARRAY else None)
