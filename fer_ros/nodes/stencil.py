"""A message's bytes, of which only numbers and the stamp change.

A command is sent a hundred times a second, and its joints stay the same. rclpy on Cyclone DDS
makes a description of the type for each message that it serialises, which takes ten times as long
as the numbers do.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable
from typing import Any

from rclpy.serialization import serialize_message

NS_PER_S = 1_000_000_000
# CDR, in the byte order of the machine: four bytes tell the encapsulation, and then a message
# that has a header begins with its stamp.
_STAMP_AT = 4
_STAMP = struct.Struct('=iI')


class Stencil:
    """What a message looks like around its numbers."""

    def __init__(self, message_of: Callable[[array[float]], Any], count: int) -> None:
        """Serialise it once.

        :param message_of: returns the message with these float64 numbers in it, one after another.
        :param count: of the numbers.
        """
        marks = array('d', (0.1 + number for number in range(count)))
        data = bytes(serialize_message(message_of(marks)))
        self._before, found, self._after = data.partition(marks.tobytes())
        assert found, 'the numbers stand in the message as they are in memory'

    def filled(self, numbers: bytes, stamp_ns: int | None = None) -> bytes:
        """Return the serialised message.

        :param numbers: as many float64 as there were, as they are in memory.
        :param stamp_ns: of its header, where it has one.
        """
        before = self._before
        if stamp_ns is not None:
            stamp = _STAMP.pack(*divmod(stamp_ns, NS_PER_S))
            before = before[:_STAMP_AT] + stamp + before[_STAMP_AT + _STAMP.size :]
        return before + numbers + self._after
