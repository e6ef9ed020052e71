"""Messages to one MCAP file, with their definitions, for any tool that reads MCAP."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rosbags.rosbag2 import StoragePlugin, Writer

from fer_ros.sources.bag_reader import open_bag


class ResultsBag:
    """Writes serialised messages to a bare ``.mcap`` file; close it.

    rosbags writes a folder with the file in it: it is made beside the result and the file moved
    out when the bag is closed, so that a half-written file never bears the result's name.
    """

    def __init__(self, path: Path, typestore: Any) -> None:
        """Begin a file; an older one of that name is replaced when this one is whole."""
        self._path = path
        self._typestore = typestore
        self._folder = path.with_name(f'.{path.stem}.{os.getpid()}')
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._writer = Writer(self._folder, version=9, storage_plugin=StoragePlugin.MCAP)
        self._writer.open()
        self._connections: dict[tuple[str, str], Any] = {}

    def write(self, topic: str, typename: str, data: bytes, stamp_ns: int) -> None:
        """Append a message.

        :param typename: ``package/msg/Name``.
        :param data: the message as CDR.
        :param stamp_ns: when it was received.
        """
        key = topic, typename
        if key not in self._connections:
            self._connections[key] = self._writer.add_connection(
                topic, typename, typestore=self._typestore
            )
        self._writer.write(self._connections[key], stamp_ns, data)

    def close(self) -> None:
        """End the file and give it its name."""
        self._writer.close()
        written = next(self._folder.glob('*.mcap'))
        written.replace(self._path)
        shutil.rmtree(self._folder)

    def keep_part(self) -> None:
        """Keep what was written as ``NAME.part.mcap`` where closing failed: it is cut off."""
        for written in self._folder.glob('*.mcap'):
            written.replace(self._path.with_suffix('.part.mcap'))
        shutil.rmtree(self._folder)


def join_bags(parts: Sequence[Path], path: Path, typestore: Any) -> None:
    """Write the messages of several files of :class:`ResultsBag` into one, in their order."""
    with closing(ResultsBag(path, typestore)) as joined:
        for part in parts:
            bag = open_bag(part, typestore)
            try:
                for item in bag.messages(bag.topics):
                    joined.write(item.topic, item.type, item.raw, item.log_ns)
            finally:
                bag.close()
