"""CDR to messages, by a function that is written for each type once.

The counterpart of :mod:`packing`. Numbers that lie side by side are read by one ``struct`` format,
and every value goes straight into its message's slot. Sequences of numbers, of messages of numbers
alone, and those within messages of a sequence are made when somebody looks at them
(:class:`.fields.Late`); so text that is none is read with replacements, as rclpy does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from struct import Struct
from typing import Any

from rosbags.interfaces import Nodetype

from fer_ros.errors import DataError
from fer_ros.rosless.definitions import typestore
from fer_ros.rosless.fields import NUMPY, Octet
from fer_ros.rosless.messages import Message, message_class
from fer_ros.rosless.packing import SIZES
from fer_ros.rosless.plain import (
    Make,
    alignment_of,
    is_plain,
    layout,
    layout_of,
    numbers_of,
    plain,
)

Unpack = Callable[[Any], Any]
Scalar = tuple[str, str]  # where it goes, and its type

LITTLE_ENDIAN = b'\0\1'
HEADER = 4  # bytes before the first field, from behind which alignment counts


@cache
def unpacker(typename: str) -> Unpack:
    """Return what reads messages of a type from little-endian CDR.

    It raises ``DataError`` or ``struct.error`` where the bytes are no such message; where their
    number is right, any bytes are some message.
    """
    writer = _Writer()
    message = writer.message(typename)
    writer.read_numbers()
    lines = [
        'def unpack(data):',
        f'    at = {HEADER}',
        *writer.lines,
        '    if at > len(data):',
        "        raise DataError(f'expected {at} bytes, found {len(data)}')",
        f'    return {message}',
    ]
    exec('\n'.join(lines), writer.known)
    found: Unpack = writer.known['unpack']
    return found


class _Writer:
    """Writes the lines that read a message's parts from ``data``, and move ``at`` behind them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.known: dict[str, Any] = {
            'DataError': DataError,
            'Octet': Octet,
            'count_at': Struct('<I').unpack_from,
            'new': object.__new__,
        }
        self._depth = 1
        self._names = 0
        self._aligned = 8  # what the offset is known to be a multiple of
        self._side_by_side: list[Scalar] = []  # numbers that are still to be read

    def message(self, typename: str) -> str:
        """Read a message; return the variable that holds it."""
        kind = message_class(typename)
        made = self._name()
        self._line(f'{made} = new({self._constant(kind)})')
        fields = typestore().fielddefs[typename][1]
        for field, (node, detail) in fields:
            place = f'{self._put(kind, field)}({made}, {{}})'
            if node == Nodetype.NAME:
                self._line(place.format(self.message(detail)))
            elif node == Nodetype.BASE:
                self._scalar(detail[0], place)
            else:
                element, length = detail
                self._several(element, length if node == Nodetype.ARRAY else None, place)
        return made

    def _scalar(self, base: str, place: str) -> None:
        if base not in ('string', 'wstring'):
            self._side_by_side.append((place, base))
            return
        count = self._count()
        self._line(place.format(f"str(data[at:at + {count} - 1], 'utf-8', 'replace')"))
        self._line(f'at += {count}')
        self._aligned = 1

    def _several(self, element: Any, length: int | None, place: str) -> None:
        """Read an array of some length, or a sequence, which has a count."""
        self.read_numbers()
        count = self._count() if length is None else str(length)
        node, detail = element
        base = detail[0] if node == Nodetype.BASE else ''
        if base in SIZES:
            make = numbers_of(NUMPY[base], sequence=length is None)
            self._late(make, SIZES[base], SIZES[base], count, place, counted=length is None)
            return
        if not base and is_plain(detail, counted=length is None):
            size, alignment = layout_of(detail).size, alignment_of(detail)
            self._late(plain(detail), size, alignment, count, place, counted=length is None)
            return
        if self._depth > 1:  # within one of many: most who hear it do not look so deep
            name = self._constant(_several_of(*element))
            self._line(place.format(f'({name}, data, at, {count})'))
            for _ in self._block(f'for _ in range({count}):'):
                self._skip(element)
        else:
            self._line(place.format(self.items(element, count)))

    def items(self, element: Any, count: str) -> str:
        """Read as many of something; return the variable that holds them."""
        node, detail = element
        items = self._name()
        self._line(f'{items} = []')
        for _ in self._block(f'for _ in range({count}):'):
            if node == Nodetype.BASE:
                self._scalar(detail[0], f'{items}.append({{}})')
            else:
                self._line(f'{items}.append({self.message(detail)})')
        return items

    def _skip(self, part: Any) -> None:
        """Go behind a part without reading it."""
        node, detail = part
        if node == Nodetype.NAME:
            for _, field in typestore().fielddefs[detail][1]:
                self._skip(field)
        elif node == Nodetype.BASE:
            if detail[0] in SIZES:
                self._align(SIZES[detail[0]])
                self._line(f'at += {SIZES[detail[0]]}')
                self._aligned = SIZES[detail[0]]
            else:
                self._line(f'at += {self._count()}')
                self._aligned = 1
        else:
            element, length = detail
            count = self._count() if node == Nodetype.SEQUENCE else str(length)
            size = SIZES.get(element[1][0], 0) if element[0] == Nodetype.BASE else 0
            if size:
                self._align_first(size, count, counted=node == Nodetype.SEQUENCE)
                self._pass(size, size, count)
            else:
                for _ in self._block(f'for _ in range({count}):'):
                    self._skip(element)

    def _late(
        self, make: Make, size: int, alignment: int, count: str, place: str, *, counted: bool
    ) -> None:
        """Keep where numbers are, and what makes a value of them; any bytes are numbers."""
        self._align_first(alignment, count, counted=counted)
        self._line(place.format(f'({self._constant(make)}, data, at, {count})'))
        self._pass(size, alignment, count)

    def _align_first(self, alignment: int, count: str, *, counted: bool) -> None:
        """Skip to where the first of some numbers is."""
        if counted and self._aligned < alignment:  # nothing is aligned for nothing
            for _ in self._block(f'if {count}:'):
                self._align(alignment)
            self._aligned = 4
        else:
            self._align(alignment)

    def _pass(self, size: int, alignment: int, count: str) -> None:
        """Go behind them."""
        self._line(f'at += {count} * {size}')
        self._aligned = min(self._aligned, alignment)

    def _count(self) -> str:
        """Read a count; return the variable that holds it."""
        self.read_numbers()
        self._align(4)
        count = self._name()
        self._line(f'{count}, = count_at(data, at); at += 4')
        self._aligned = 4
        return count

    def read_numbers(self) -> None:
        """Read the numbers that lie side by side, as far as their places are known."""
        waiting, self._side_by_side = self._side_by_side, []
        while waiting:
            size = SIZES[waiting[0][1]]
            self._align(size)
            known = max(self._aligned, size)
            bases = []
            for _, base in waiting:
                if SIZES[base] > known:
                    break
                bases.append(base)
            part = layout(bases)
            values = [self._name() for _ in bases]
            read = self._constant(part.unpack_from)
            self._line(f'{", ".join(values)}, = {read}(data, at); at += {part.size}')
            for value, (place, base) in zip(values, waiting):
                self._line(place.format(f'Octet([{value}])' if base == 'byte' else value))
            self._aligned = next(s for s in (8, 4, 2, 1) if s <= known and part.size % s == 0)
            waiting = waiting[len(bases) :]

    def _align(self, size: int) -> None:
        """Skip to a multiple of a size, counted from behind the header."""
        if self._aligned < size:
            self._line(f'at += {HEADER} - at & {size - 1}')
            self._aligned = size

    def _block(self, head: str) -> Iterator[None]:
        """Write what is written meanwhile below a head; it may run any number of times."""
        self._line(head)
        self._depth += 1
        self._aligned = 1
        yield
        self.read_numbers()
        self._depth -= 1
        self._aligned = 1

    def _put(self, kind: type[Message], field: str) -> str:
        """Return the name of what sets a field."""
        name = f'put_{kind.TYPENAME.replace("/", "_")}_{field}'
        self.known[name] = kind._puts[field]
        return name

    def _constant(self, value: Any) -> str:
        """Return the name under which the function knows a value."""
        for name, other in self.known.items():
            if other is value:
                return name
        name = f'k{len(self.known)}'
        self.known[name] = value
        return name

    def _name(self) -> str:
        """Return a variable of its own."""
        self._names += 1
        return f'v{self._names}'

    def _line(self, text: str) -> None:
        self.lines.append('    ' * self._depth + text)


@cache
def _several_of(node: Nodetype, detail: Any) -> Make:
    """Return what makes a list of messages or strings."""
    writer = _Writer()
    items = writer.items((node, detail), 'count')
    lines = ['def make(data, at, count):', *writer.lines, f'    return {items}']
    exec('\n'.join(lines), writer.known)
    found: Make = writer.known['make']
    return found
