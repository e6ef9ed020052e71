"""Messages to CDR, by a function that is written for each type once.

``rosbags`` writes CDR too, with a call and a look-up for every part of a message, and the same
again to know the length. A node that sends a small message a hundred times a second pays for each
of those calls. So a type's parts are unrolled into one function here; the bytes are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from struct import Struct
from typing import Any

from rosbags.interfaces import Nodetype

from fer_ros.rosless.definitions import typestore

Pack = Callable[[Any], bytes]

# Formats of struct, and sizes, which are also what offsets are multiples of.
FORMATS = {
    'bool': '?', 'int8': 'b', 'uint8': 'B', 'char': 'B', 'int16': 'h', 'uint16': 'H', 'int32': 'i',
    'uint32': 'I', 'int64': 'q', 'uint64': 'Q', 'float32': 'f', 'float64': 'd',
}  # fmt: skip
SIZES = {'byte': 1, **{base: Struct(f'<{code}').size for base, code in FORMATS.items()}}
_NAMES = {
    'ZEROS': tuple(bytes(count) for count in range(8)),
    **{base: Struct(f'<{code}').pack for base, code in FORMATS.items()},
}


@cache
def packer(typename: str) -> Pack:
    """Return what serialises messages of a type, to a length that is a multiple of four."""
    writer = _Writer()
    writer.message(typename, 'message')
    lines = [
        'def pack(message):',
        "    out = bytearray(b'\\0\\1\\0\\0')",  # little endian
        *writer.lines,
        '    out += ZEROS[-len(out) & 3]',
        '    return bytes(out)',
    ]
    made: dict[str, Any] = dict(_NAMES)
    exec('\n'.join(lines), made)
    found: Pack = made['pack']
    return found


class _Writer:
    """Writes the lines that append a message's parts to ``out``."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._depth = 1
        self._aligned = 4  # what the offset is known to be a multiple of

    def message(self, typename: str, value: str) -> None:
        """Append every field of a message."""
        for field, (node, detail) in typestore().fielddefs[typename][1]:
            part = f'{value}.{field}'
            if node == Nodetype.BASE:
                self._scalar(detail[0], part)
            elif node == Nodetype.NAME:
                self.message(detail, part)
            else:
                element, _ = detail
                self._several(element, part, counted=node == Nodetype.SEQUENCE)

    def _several(self, element: Any, value: str, *, counted: bool) -> None:
        """Append a sequence, or an array, which has no count."""
        if counted:
            self._scalar('uint32', f'len({value})')
        node, detail = element
        base = detail[0] if node == Nodetype.BASE else ''
        if base in SIZES:
            for _ in self._block(f'if len({value}):'):  # nothing is aligned for nothing
                self._align(SIZES[base])
                self._line(f'out += {value}.data')
        else:
            item = f'item{self._depth}'
            for _ in self._block(f'for {item} in {value}:'):
                if base:
                    self._scalar(base, item)
                else:
                    self.message(detail, item)

    def _scalar(self, base: str, value: str) -> None:
        if base in ('string', 'wstring'):
            self._line(f'text = {value}.encode()')
            self._scalar('uint32', 'len(text) + 1')
            self._line("out += text + b'\\0'")
            self._aligned = 1
            return
        self._align(SIZES[base])
        self._line(f'out += {value}' if base == 'byte' else f'out += {base}({value})')
        self._aligned = SIZES[base]

    def _align(self, size: int) -> None:
        """Fill up to a multiple of a size, counted from behind the four bytes of the header."""
        if self._aligned < size:
            self._line(f'out += ZEROS[4 - len(out) & {size - 1}]')

    def _block(self, head: str) -> Iterator[None]:
        """Write what is written meanwhile below a head; it may run any number of times."""
        self._line(head)
        self._depth += 1
        self._aligned = 1
        yield
        self._depth -= 1
        self._aligned = 1

    def _line(self, text: str) -> None:
        self.lines.append('    ' * self._depth + text)
