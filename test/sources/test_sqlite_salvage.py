from __future__ import annotations

import sqlite3

import pytest
from rosbags.highlevel import AnyReader
from tiny_bags import START_NS

from fer_ros.errors import SourceError
from fer_ros.sources.sqlite_salvage import SalvagedSqlite

TOPICS = ('/cam/image_raw', '/cam/camera_info')


def rows(path) -> list:
    return list(SalvagedSqlite(path).raw(TOPICS))


def test_it_reads_what_rosbags_reads(camera_bag):
    path = next(camera_bag(count=7, sqlite=True).glob('*.db3'))
    with AnyReader([path]) as reader:
        whole = [(c.topic, c.msgtype, t, bytes(raw)) for c, t, raw in reader.messages()]
    salvaged = SalvagedSqlite(path)
    assert sorted(rows(path)) == sorted(whole)
    assert salvaged.counts == {'/cam/image_raw': 7, '/cam/camera_info': 7}
    assert salvaged.start_ns == START_NS + 2_000_000
    topic, kind, _, raw = rows(path)[0]
    assert salvaged.decode(raw, kind).header.frame_id == 'cam_optical'
    assert topic == TOPICS[0]


def test_without_definitions_those_of_its_distribution_are_taken(camera_bag, store):
    path = next(camera_bag(sqlite=True).glob('*.db3'))
    with sqlite3.connect(path) as database:
        database.execute('DROP TABLE message_definitions')
    database.close()
    salvaged = SalvagedSqlite(path, store)
    assert salvaged.typestore is store
    _, kind, _, raw = next(salvaged.raw(TOPICS))
    assert salvaged.decode(raw, kind).header.frame_id == 'cam_optical'


def test_cut_anywhere_it_keeps_the_rows_before(camera_bag, tmp_path):
    path = next(camera_bag(count=20, noisy=True, sqlite=True).glob('*.db3'))
    data, whole = path.read_bytes(), rows(path)
    cut, last, refused = tmp_path / 'cut.db3', 0, 0
    for size in range(0, len(data) + 1, 4096):
        cut.write_bytes(data[:size])
        try:
            kept = rows(cut)
        except SourceError:
            refused += 1
            assert not last  # its tables are behind the cut
            continue
        # Of the row at the cut the end may be missing: SQLite gives zeros.
        assert kept[:-1] == whole[: max(len(kept) - 1, 0)]
        assert len(kept) >= last
        last = len(kept)
    assert last == len(whole)
    assert refused < 10
    assert len(data) // 4096 > 20


def test_no_sqlite_file(tmp_path):
    path = tmp_path / 'x.db3'
    path.write_bytes(b'nothing of the kind')
    with pytest.raises(SourceError, match='expected a SQLite bag'):
        SalvagedSqlite(path)
