"""What can still be read of a SQLite bag that was cut off, row by row.

SQLite refuses a file that is shorter than its first page says, unless it is told that somebody
means to repair it. Rows lie in the order in which they were recorded: those before the cut are
whole. Format: https://sqlite.org/fileformat.html, tables of rosbag2_storage_sqlite3.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

from fer_ros.errors import SourceError
from fer_ros.sources.salvaged import Channel, Salvaged, typestore_of


@dataclass(slots=True)
class SalvagedSqlite(Salvaged):
    """Reads the whole rows of a ``.db3`` file that SQLite calls malformed.

    Files of rosbag2 before Iron have no definitions of their own.
    """

    def __post_init__(self) -> None:
        """Walk through the file once; raises SourceError where it has no topics of a bag."""
        try:
            with closing(self._open()) as database:
                for key, topic, kind in database.execute('SELECT id, name, type FROM topics'):
                    self.channels[key] = Channel(topic, kind)
                self._learn(database)
        except sqlite3.Error as error:
            raise SourceError(
                f'{self.path}: expected a SQLite bag, found none that can be read: {error}'
            ) from None
        self._count()

    def _open(self) -> sqlite3.Connection:
        # Immutable: neither locks nor a journal that the recorder has left; nothing is written.
        uri = f'{self.path.resolve().as_uri()}?mode=ro&immutable=1'
        database = sqlite3.connect(uri, uri=True)
        database.execute('PRAGMA writable_schema = ON')
        return database

    def _learn(self, database: sqlite3.Connection) -> None:
        """Take definitions from the file, which newer ones hold."""
        with suppress(sqlite3.Error):
            rows = database.execute(
                'SELECT topic_type, encoded_message_definition FROM message_definitions '
                "WHERE encoding = 'ros2msg'"
            )
            definitions = dict(rows.fetchall())
            if definitions:
                self.typestore = typestore_of(definitions)

    def _messages(self) -> Iterator[tuple[Channel, int, bytes]]:
        """Yield every message before the first that is damaged."""
        # By row, not by time: the index of times may lie behind the cut.
        query = 'SELECT topic_id, timestamp, data FROM messages NOT INDEXED ORDER BY id'
        with closing(self._open()) as database, suppress(sqlite3.DatabaseError):
            for key, log_ns, data in database.execute(query):
                if key in self.channels:
                    yield self.channels[key], log_ns, bytes(data)
