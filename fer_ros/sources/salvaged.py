"""What readers of damaged bags have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rosbags.typesys import Stores, get_types_from_msg, get_typestore


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic in the file."""

    topic: str
    type: str


@dataclass(slots=True)
class Salvaged:
    """The whole messages of a file, in the order in which they lie there.

    :param typestore: definitions of message types, where the file has none.
    :param channels: by the file's own number.
    :param counts: messages of each topic.
    """

    path: Path
    typestore: Any = None
    channels: dict[int, Channel] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    start_ns: int = 0
    end_ns: int = 0

    def raw(self, topics: Collection[str]) -> Iterator[tuple[str, str, int, bytes]]:
        """Yield topic, type, log time in ns and CDR bytes of some topics, as they were written."""
        for channel, log_ns, data in self._messages():
            if channel.topic in topics:
                yield channel.topic, channel.type, log_ns, data

    def decode(self, data: bytes, type_name: str) -> Any:
        """Return a message by the definitions at hand."""
        return self.typestore.deserialize_cdr(data, type_name)

    def _messages(self) -> Iterator[tuple[Channel, int, bytes]]:
        """Yield every whole message."""
        raise NotImplementedError

    def _count(self) -> None:
        """Walk through the file once."""
        times = []
        for channel, log_ns, _ in self._messages():
            self.counts[channel.topic] += 1
            times.append(log_ns)
        self.start_ns, self.end_ns = (min(times), max(times)) if times else (0, 0)


def typestore_of(definitions: Mapping[str, str]) -> Any:
    """Return a typestore of message definitions by type, as bags hold them."""
    types: dict[str, Any] = {}
    for name, text in definitions.items():
        types.update(get_types_from_msg(text, name))
    typestore = get_typestore(Stores.EMPTY)
    typestore.register(types)
    return typestore
