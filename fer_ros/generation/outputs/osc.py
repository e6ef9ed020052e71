"""OSC 1.0 in the dialects of VMC (VRM avatars) and VRChat.

A message is its address and its types, both text with a zero behind and padded to four bytes,
then arguments, big-endian. A bundle is ``#bundle``, a time tag (1: at once) and messages with
their lengths.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

IMMEDIATELY = 1


def osc_messages(values: Mapping[str, float], style: str) -> list[bytes]:
    """Return the messages of blendshapes by name in a dialect, ``vmc`` or ``vrchat``."""
    if style == 'vrchat':
        return [_message(f'/avatar/parameters/{name}', v) for name, v in values.items()]
    # VMC: every value by name, then apply them together.
    return [
        *(_message('/VMC/Ext/Blend/Val', name, value) for name, value in values.items()),
        _message('/VMC/Ext/Blend/Apply'),
    ]


def osc_bundle(messages: list[bytes]) -> bytes:
    """Return messages as one datagram that is applied at once."""
    parts = [b'#bundle\0', struct.pack('>Q', IMMEDIATELY)]
    for message in messages:
        parts += [struct.pack('>i', len(message)), message]
    return b''.join(parts)


def _message(address: str, *arguments: str | float) -> bytes:
    types = ',' + ''.join('s' if isinstance(value, str) else 'f' for value in arguments)
    packed = b''.join(
        _text(value) if isinstance(value, str) else struct.pack('>f', value) for value in arguments
    )
    return _text(address) + _text(types) + packed


def _text(value: str) -> bytes:
    """Return text with a zero behind, padded to four bytes."""
    data = value.encode() + b'\0'
    return data + b'\0' * (-len(data) % 4)
