"""Messages of a bag, whole or damaged: rosbag2 (MCAP, SQLite3) and rosbag1 through rosbags."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from fer_ros.errors import DataError, SourceError
from fer_ros.sources.mcap_salvage import SalvagedMcap
from fer_ros.sources.sqlite_salvage import SalvagedSqlite

BAG_SUFFIXES = frozenset({'.mcap', '.db3', '.bag'})


@dataclass(frozen=True, slots=True)
class BagMessage:
    """One recorded message.

    :param log_ns: when it was recorded.
    :param raw: as it is on the wire; ``BagReader.decode`` reads it.
    """

    topic: str
    type: str
    log_ns: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class BagTopic:
    """A topic of a bag, and how many messages are on it."""

    type: str
    count: int


@dataclass(slots=True)
class BagReader:
    """Reads a bag's messages by time of recording; iterate as often as you like.

    :param warnings: one line for each thing that is missing.
    """

    path: Path
    topics: dict[str, BagTopic] = field(default_factory=dict)
    start_ns: int = 0
    end_ns: int = 0
    warnings: list[str] = field(default_factory=list)
    _parts: list[Any] = field(default_factory=list)

    def messages(self, topics: Collection[str]) -> Iterator[BagMessage]:
        """Yield the messages of some topics; where the file is damaged it ends, with a warning."""
        for part in self._parts:
            try:
                for topic, kind, log_ns, raw in part.raw(topics):
                    yield BagMessage(topic, kind, log_ns, raw)
            except Exception as error:  # rosbags' codecs raise whatever theirs raise
                self._warn(f'{self.path}: the bag can be read only in part: {_line(error)}')

    def decode(self, message: BagMessage) -> Any:
        """Return a message as rosbags gives it; raises DataError where its bytes do not fit."""
        for part in self._parts:
            try:
                return part.decode(message.raw, message.type)
            except Exception as error:  # as above
                why = _line(error)
        raise DataError(f'{message.topic}: expected a {message.type}, found other bytes: {why}')

    def close(self) -> None:
        """Close its files; idempotent."""
        for part in self._parts:
            if isinstance(part, _RosbagsPart):
                part.close()
        self._parts.clear()

    def _warn(self, line: str) -> None:
        if line not in self.warnings:
            self.warnings.append(line)


class _RosbagsPart:
    """A file or folder that rosbags reads."""

    def __init__(self, path: Path, typestore: Any) -> None:
        self._reader = AnyReader([path], default_typestore=typestore)
        self._reader.open()
        self.counts: dict[str, int] = {}
        self.types: dict[str, str] = {}
        for connection in self._reader.connections:
            count = self.counts.get(connection.topic, 0)
            self.counts[connection.topic] = count + connection.msgcount
            self.types[connection.topic] = connection.msgtype
        filled = any(self.counts.values())
        self.start_ns = self._reader.start_time if filled else 0
        self.end_ns = self._reader.end_time if filled else 0

    def raw(self, topics: Collection[str]) -> Iterator[tuple[str, str, int, bytes]]:
        wanted = [c for c in self._reader.connections if c.topic in topics]
        if wanted:
            for connection, log_ns, raw in self._reader.messages(connections=wanted):
                yield connection.topic, connection.msgtype, log_ns, bytes(raw)

    def decode(self, data: bytes, type_name: str) -> Any:
        return self._reader.deserialize(data, type_name)

    def close(self) -> None:
        self._reader.close()


def open_bag(path: Path, typestore: Any = None) -> BagReader:
    """Open a bag file, or the folder of a rosbag2 recording; damaged ones as far as they go.

    :param typestore: definitions for bags without any; those of ROS 2 Jazzy by default.
    :raises SourceError: nothing in it can be read.
    """
    bag = BagReader(path)
    typestore = typestore or get_typestore(Stores.ROS2_JAZZY)
    whole = path.is_file() or (path / 'metadata.yaml').is_file()
    # A recording that was interrupted has no metadata, or a file that they do not fit.
    if not (whole and _add(bag, path, typestore)) and path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in BAG_SUFFIXES)
        if files:
            bag.warnings.clear()  # each file tells for itself
        for file in files:
            _add(bag, file, typestore)
    if not bag._parts:
        raise SourceError('; '.join(bag.warnings) or f'{path}: expected a bag, found none')
    return bag


def _add(bag: BagReader, path: Path, typestore: Any) -> bool:
    """Add a file or folder to a bag; return whether it could be opened."""
    part: Any
    try:
        part = _RosbagsPart(path, typestore)
        kinds = part.types
    except Exception as error:  # rosbags' codecs raise whatever theirs raise
        if path.suffix not in ('.mcap', '.db3') or path.is_dir():
            bag._warn(f'{path}: expected a bag, found one that can not be opened: {_line(error)}')
            return False
        try:
            if path.suffix == '.mcap':
                part = SalvagedMcap(path)
            else:
                part = SalvagedSqlite(path, typestore)
        except SourceError as refusal:
            bag._warn(str(refusal))
            return False
        kinds = {channel.topic: channel.type for channel in part.channels.values()}
        bag._warn(
            f'{path}: the file is cut off or damaged ({_line(error)}); '
            f'its first {sum(part.counts.values())} messages are read'
        )
    for topic, kind in kinds.items():
        known = bag.topics.get(topic)
        count = part.counts.get(topic, 0) + (known.count if known else 0)
        bag.topics[topic] = BagTopic(kind, count)
    starts = [time for time in (bag.start_ns, part.start_ns) if time]
    bag.start_ns, bag.end_ns = min(starts, default=0), max(bag.end_ns, part.end_ns)
    bag._parts.append(part)
    return True


def _line(error: Exception) -> str:
    """Return an error's text as one line."""
    return ' '.join(str(error).split()).rstrip('.') or type(error).__name__
