from __future__ import annotations

import pytest

from fer_ros.nodes.statistics import WINDOW, Statistics
from fer_ros.taxonomy import DropReason

MS = 1_000_000


def test_begins_at_zero_with_every_counter() -> None:
    snapshot = Statistics().snapshot(7)
    assert (snapshot.received, snapshot.processed, snapshot.fps) == (0, 0, 0.0)
    assert snapshot.drops == dict.fromkeys((reason.value for reason in DropReason), 0)
    assert (snapshot.latency_ms, snapshot.inference_ms) == ((0.0, 0.0, 0.0), 0.0)
    assert (snapshot.last_image_ns, snapshot.last_error) == (None, '')
    assert snapshot.refused_s == 0.0


def test_counts() -> None:
    statistics = Statistics()
    for now_ns in (10, 20, 30, 40):
        statistics.received(now_ns)
    statistics.refused(40, 'stale', 'too old')
    statistics.dropped('replaced')
    statistics.dropped('replaced')
    statistics.processed(50, 5.0, 4.0)
    snapshot = statistics.snapshot(50)
    assert (snapshot.received, snapshot.processed, snapshot.last_image_ns) == (4, 1, 40)
    assert {reason: n for reason, n in snapshot.drops.items() if n} == {'stale': 1, 'replaced': 2}
    # What is dropped without an error leaves the last one standing.
    assert snapshot.last_error == 'too old'
    assert statistics.totals() == (1, 3)


def test_percentiles_by_hand() -> None:
    statistics = Statistics()
    for index in range(101):
        statistics.processed(index * 40 * MS, 100.0 - index, 2.0 * index)
    snapshot = statistics.snapshot(100 * 40 * MS)
    # Latencies 0..100 ms in any order: a percentile is its own number.
    assert snapshot.latency_ms == pytest.approx((50.0, 90.0, 99.0))
    assert snapshot.inference_ms == pytest.approx(100.0)
    # Hundred steps of 40 ms.
    assert snapshot.fps == pytest.approx(25.0)


def test_a_single_frame_has_no_rate() -> None:
    statistics = Statistics()
    statistics.processed(7, 3.0, 2.0)
    assert statistics.snapshot(7).fps == 0.0
    assert statistics.snapshot(1000 * MS).fps == 0.0
    # Neither have two of one moment, or a clock that was set back.
    statistics.processed(7, 3.0, 2.0)
    assert statistics.snapshot(7).fps == 0.0
    statistics.processed(1, 3.0, 2.0)
    assert statistics.snapshot(1).fps == 0.0


def test_a_rate_ends_with_its_frames() -> None:
    statistics = Statistics()
    for index in range(101):
        statistics.processed(index * 40 * MS, 3.0, 2.0)
    # Hundred steps in 4 s; later half of ten seconds, then none of them is left.
    assert statistics.snapshot(4000 * MS).fps == pytest.approx(25.0)
    assert statistics.snapshot(8000 * MS).fps == pytest.approx(12.5)
    assert statistics.snapshot(14001 * MS).fps == 0.0


def test_how_long_images_were_refused() -> None:
    statistics = Statistics()
    for now_ms in (1000, 1500, 4000):
        statistics.refused(now_ms * MS, 'bad_encoding', f'at {now_ms}')
        statistics.dropped('replaced')
    snapshot = statistics.snapshot(9000 * MS)
    assert (snapshot.refused_s, snapshot.last_error) == (3.0, 'at 4000')
    assert (snapshot.drops['bad_encoding'], snapshot.drops['replaced']) == (3, 3)
    statistics.processed(9000 * MS, 3.0, 2.0)
    assert statistics.snapshot(9000 * MS).refused_s == 0.0
    statistics.refused(9500 * MS, 'stale', 'one')
    assert statistics.snapshot(9900 * MS).refused_s == 0.0


def test_old_frames_leave_the_window() -> None:
    statistics = Statistics()
    for index in range(WINDOW):
        statistics.processed(index * 1000 * MS, 900.0, 900.0)
    for index in range(WINDOW):
        statistics.processed(index * 20 * MS, 10.0, 5.0)
    snapshot = statistics.snapshot((WINDOW - 1) * 20 * MS)
    assert snapshot.latency_ms == (10.0, 10.0, 10.0)
    assert snapshot.inference_ms == 5.0
    assert snapshot.fps == pytest.approx(50.0)
    assert snapshot.processed == 2 * WINDOW


def test_a_snapshot_stays_as_it_was() -> None:
    statistics = Statistics()
    snapshot = statistics.snapshot(0)
    statistics.dropped('stale')
    assert snapshot.drops['stale'] == 0
