"""rclpy.serialization."""

from __future__ import annotations

from typing import Any

from fer_ros.rosless.codec import deserialize, serialize


def serialize_message(message: Any) -> bytes:
    """Return a message as CDR."""
    return serialize(message)


def deserialize_message(serialized_message: bytes, message_type: Any) -> Any:
    """Return the message of CDR bytes."""
    return deserialize(serialized_message, message_type)
