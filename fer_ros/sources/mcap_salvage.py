"""What can still be read of an MCAP file that was cut off, record by record.

An MCAP file keeps its index at the end, so readers refuse one that lost it. Its records, though,
stand one after the other, each with its length: those before the cut are whole.
Format: https://mcap.dev/spec
"""

from __future__ import annotations

import importlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO

from fer_ros.errors import DataError, SourceError
from fer_ros.sources.salvaged import Channel, Salvaged, typestore_of

_MAGIC = b'\x89MCAP0\r\n'
_SCHEMA, _CHANNEL, _MESSAGE, _CHUNK, _DATA_END = 3, 4, 5, 6, 15
_HEADER = struct.Struct('<BQ')
_MESSAGE_HEADER = struct.Struct('<HIQQ')
# Start and end time, uncompressed size and checksum of a chunk.
_CHUNK_HEADER = struct.Struct('<QQQI')
# Python's own since 3.14, its backport, and what older rosbags bring.
_ZSTD_MODULES = ('compression.zstd', 'backports.zstd', 'zstandard')


@dataclass(slots=True)
class SalvagedMcap(Salvaged):
    """Reads the whole records of an MCAP file without its index."""

    _definitions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Walk through the file once; raises SourceError where it is no MCAP file."""
        with self.path.open('rb') as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise SourceError(
                    f'{self.path}: expected an MCAP file, found one that does not begin as such'
                )
        self._count()

    def decode(self, data: bytes, type_name: str) -> Any:
        """Return a message by the definitions in the file."""
        if self.typestore is None:
            self.typestore = typestore_of(self._definitions)
        return self.typestore.deserialize_cdr(data, type_name)

    def _messages(self) -> Iterator[tuple[Channel, int, bytes]]:
        """Yield every whole message and learn schemas and channels on the way."""
        schemas: dict[int, str] = {}
        with self.path.open('rb') as file:
            file.seek(len(_MAGIC))
            for op, payload in _unpacked(file):
                if op == _SCHEMA:
                    key, name, encoding, text = _schema(payload)
                    schemas[key] = name
                    if encoding == 'ros2msg':
                        self._definitions[name] = text
                elif op == _CHANNEL:
                    key, schema, topic = _channel(payload)
                    self.channels[key] = Channel(topic, schemas.get(schema, ''))
                elif op == _MESSAGE and len(payload) >= _MESSAGE_HEADER.size:
                    key, _, log_ns, _ = _MESSAGE_HEADER.unpack_from(payload)
                    if key in self.channels:
                        yield self.channels[key], log_ns, payload[_MESSAGE_HEADER.size :]


def _unpacked(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield records, those of chunks included."""
    for op, payload, whole in _records(file):
        if op == _DATA_END:
            return
        if op == _CHUNK:
            for inner, content, complete in _records(BytesIO(_chunk(payload))):
                if complete:
                    yield inner, content
        elif whole:
            yield op, payload


def _records(file: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Yield kind and content of each record, and whether that is whole."""
    while len(header := file.read(_HEADER.size)) == _HEADER.size:
        op, size = _HEADER.unpack(header)
        payload = file.read(size)
        yield op, payload, len(payload) == size


def _chunk(payload: bytes) -> bytes:
    """Return the records of a chunk, as far as they are there."""
    at = _CHUNK_HEADER.size
    if len(payload) < at + 4:
        return b''
    compression, at = _string(payload, at)
    return _decompress(payload[at + 8 :], compression)


def _decompress(data: bytes, compression: str) -> bytes:
    """Decompress a stream that may end too early."""
    if not compression:
        return data
    if compression == 'lz4':
        module = importlib.import_module('lz4.frame')
        content: bytes = module.LZ4FrameDecompressor().decompress(data)
        return content
    if compression == 'zstd':
        return bytes(_zstd().decompress(data))
    raise DataError(f'MCAP chunk: expected no, lz4 or zstd compression, found {compression!r}')


def _zstd() -> Any:
    """Return a streaming decompressor of whichever package is there."""
    for name in _ZSTD_MODULES:
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        decompressor = module.ZstdDecompressor()
        return decompressor.decompressobj() if name == 'zstandard' else decompressor
    raise DataError(f'MCAP chunk: expected one of the packages {_ZSTD_MODULES}, found none')


def _string(payload: bytes, at: int) -> tuple[str, int]:
    """Return a string and where the next field is."""
    (size,) = struct.unpack_from('<I', payload, at)
    end = at + 4 + size
    return payload[at + 4 : end].decode('utf-8'), end


def _schema(payload: bytes) -> tuple[int, str, str, str]:
    """Return id, name, encoding and text."""
    (key,) = struct.unpack_from('<H', payload)
    name, at = _string(payload, 2)
    encoding, at = _string(payload, at)
    text, _ = _string(payload, at)
    return key, name, encoding, text


def _channel(payload: bytes) -> tuple[int, int, str]:
    """Return id, id of the schema and topic."""
    key, schema = struct.unpack_from('<HH', payload)
    topic, _ = _string(payload, 4)
    return key, schema, topic
