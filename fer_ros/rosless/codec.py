"""Messages to CDR bytes and back."""

from __future__ import annotations

from fer_ros.rosless.definitions import typestore
from fer_ros.rosless.messages import Message
from fer_ros.rosless.packing import packer
from fer_ros.rosless.unpacking import LITTLE_ENDIAN, unpacker


def serialize(message: Message) -> bytes:
    """Return a message as CDR, its length a multiple of four as DDS wants it."""
    return packer(message.TYPENAME)(message)


def deserialize(data: bytes | memoryview, kind: type[Message]) -> Message:
    """Return the message of CDR bytes."""
    if data[:2] == LITTLE_ENDIAN:
        message: Message = unpacker(kind.TYPENAME)(data)
    else:
        message = typestore().deserialize_cdr(data, kind.TYPENAME)
    return message


def warm_up(kind: type[Message]) -> None:
    """Compile a message's codec, which would delay its first sample."""
    deserialize(serialize(kind()), kind)
