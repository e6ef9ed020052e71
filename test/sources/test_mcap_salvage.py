from __future__ import annotations

import pytest
from rosbags.highlevel import AnyReader
from tiny_bags import START_NS

from fer_ros.errors import SourceError
from fer_ros.sources.mcap_salvage import SalvagedMcap

TOPICS = ('/cam/image_raw', '/cam/camera_info')


def rows(salvaged) -> list:
    return list(salvaged.raw(TOPICS))


@pytest.mark.parametrize('zstd', [False, True])
def test_it_reads_what_rosbags_reads(camera_bag, zstd):
    path = next(camera_bag(count=7, zstd=zstd).glob('*.mcap'))
    with AnyReader([path]) as reader:
        whole = [(c.topic, c.msgtype, t, bytes(raw)) for c, t, raw in reader.messages()]
    salvaged = SalvagedMcap(path)
    assert sorted(rows(salvaged)) == sorted(whole)
    assert salvaged.counts == {'/cam/image_raw': 7, '/cam/camera_info': 7}
    assert salvaged.start_ns == START_NS + 2_000_000
    topic, kind, _, raw = rows(salvaged)[0]
    assert salvaged.decode(raw, kind).header.frame_id == 'cam_optical'
    assert topic == TOPICS[0]


@pytest.mark.parametrize('zstd', [False, True])
def test_cut_anywhere_it_keeps_the_records_before(camera_bag, tmp_path, zstd):
    path = next(camera_bag(count=20, noisy=True, zstd=zstd).glob('*.mcap'))
    data, whole = path.read_bytes(), rows(SalvagedMcap(path))
    cut, last = tmp_path / 'cut.mcap', 0
    for size in range(8, len(data), max(len(data) // 60, 1)):
        cut.write_bytes(data[:size])
        kept = rows(SalvagedMcap(cut))
        assert kept == whole[: len(kept)]
        assert len(kept) >= last
        last = len(kept)
    assert last == len(whole)


def test_no_mcap_file(tmp_path):
    path = tmp_path / 'x.mcap'
    path.write_bytes(b'nothing of the kind')
    with pytest.raises(SourceError, match='does not begin as such'):
        SalvagedMcap(path)
