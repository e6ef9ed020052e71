"""Numbers, and messages of numbers alone, from where they lie in CDR."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct
from typing import Any

import numpy as np
from rosbags.interfaces import Nodetype

from fer_ros.rosless.definitions import typestore
from fer_ros.rosless.fields import Numbers, Octet
from fer_ros.rosless.messages import message_class
from fer_ros.rosless.packing import FORMATS, SIZES

Make = Callable[[Any, int, int], Any]  # of data, a place in it and a count

_FORMATS = {'byte': 'B', **FORMATS}


@cache
def plain(typename: str) -> Make:
    """Return what makes a list of messages of numbers alone, which are all as long."""
    kind = message_class(typename)
    fields = typestore().fielddefs[typename][1]
    size = layout_of(typename).size
    known: dict[str, Any] = {'new': object.__new__, 'kind': kind, 'Octet': Octet}
    known['each'] = layout_of(typename).iter_unpack
    values, lines = [], []
    for number, (field, (_, detail)) in enumerate(fields):
        value = f'v{number}'
        known[f'put{number}'] = kind._puts[field]
        values.append(value)
        value = f'Octet([{value}])' if detail[0] == 'byte' else value
        lines.append(f'        put{number}(item, {value})')
    lines = [
        'def make(data, at, count):',
        '    items = []',
        f'    for {", ".join(values)}, in each(data[at:at + count * {size}]):',
        '        item = new(kind)',
        *lines,
        '        items.append(item)',
        '    return items',
    ]
    exec('\n'.join(lines), known)
    found: Make = known['make']
    return found


@cache
def numbers_of(kind: str, *, sequence: bool) -> Make:
    """Return what makes a view of the bytes that came."""
    dtype = np.dtype(kind)
    if sequence:
        return lambda data, at, count: Numbers(count, dtype, data, at)
    return lambda data, at, count: np.frombuffer(data, dtype, count, at)


def is_plain(typename: str, *, counted: bool) -> bool:
    """Tell whether messages of a type, one after another, have one layout wherever they begin.

    :param counted: whether a count goes before the first one, which is at a multiple of 4 then.
    """
    fields = typestore().fielddefs[typename][1]
    if any(node != Nodetype.BASE or detail[0] not in SIZES for _, (node, detail) in fields):
        return False
    alignment = alignment_of(typename)
    begins_so = counted or SIZES[fields[0][1][1][0]] == alignment
    return begins_so and alignment <= 4 and layout_of(typename).size % alignment == 0


def layout_of(typename: str) -> Struct:
    """Return the format of a message of numbers."""
    return layout([detail[0] for _, (_, detail) in typestore().fielddefs[typename][1]])


def alignment_of(typename: str) -> int:
    """Return what the place of a message of numbers is a multiple of."""
    return max(SIZES[detail[0]] for _, (_, detail) in typestore().fielddefs[typename][1])


def layout(bases: list[str]) -> Struct:
    """Return the format of numbers side by side, the first one where all may begin."""
    code, size = '<', 0
    for base in bases:
        gap = -size % SIZES[base]
        code += f'{gap}x' * bool(gap) + _FORMATS[base]
        size += gap + SIZES[base]
    return Struct(code)
