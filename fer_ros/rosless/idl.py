"""Message definitions as Cyclone DDS types: what peers are told about a topic's type."""

from __future__ import annotations

from typing import Any

from cyclonedds.idl import make_idl_struct
from cyclonedds.idl import types as idl
from rosbags.interfaces import Nodetype

from fer_ros.rosless.definitions import once, typestore

# byte and char are declared as uint8: declared as byte, Kilted and Lyrical peers hear nothing.
_BASE: dict[str, Any] = {
    'bool': bool, 'byte': idl.uint8, 'char': idl.uint8, 'int8': idl.int8, 'uint8': idl.uint8,
    'int16': idl.int16, 'uint16': idl.uint16, 'int32': idl.int32, 'uint32': idl.uint32,
    'int64': idl.int64, 'uint64': idl.uint64, 'float32': idl.float32, 'float64': idl.float64,
    'string': str,
}  # fmt: skip


@once
def idl_type(typename: str) -> Any:
    """Return the Cyclone type of ``package/msg/Name`` under the name that ROS gives it."""
    package, _, name = typename.split('/')
    _, fields = typestore().fielddefs[typename]
    return make_idl_struct(
        f'{name}_',
        f'{package}.msg.dds_.{name}_',
        {field: _field(description) for field, description in fields},
    )


def _field(description: Any) -> Any:
    node, detail = description
    if node == Nodetype.BASE:
        return _BASE[detail[0]]
    if node == Nodetype.NAME:
        return idl_type(detail)
    element, length = detail
    if node == Nodetype.ARRAY:
        return idl.array[_field(element), length]
    return idl.sequence[_field(element), length] if length else idl.sequence[_field(element)]
