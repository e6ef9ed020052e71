from __future__ import annotations

import pytest

from fer_ros.nodes.statistics import WINDOW, Statistics
from fer_ros.taxonomy import DropReason

MS = 1_000_000


def test_begins_at_zero_with_every_counter() -> None:
    snapshot = Statistics().snapshot()
    assert (snapshot.received, snapshot.processed, snapshot.fps) == (0, 0, 0.0)
    assert snapshot.drops == dict.fromkeys((reason.value for reason in DropReason), 0)
    assert (snapshot.latency_ms, snapshot.inference_ms) == ((0.0, 0.0, 0.0), 0.0)
    assert (snapshot.last_image_ns, snapshot.last_error) == (None, '')


def test_counts() -> None:
    statistics = Statistics()
    for now_ns in (10, 20, 30, 40):
        statistics.received(now_ns)
    statistics.dropped('stale', 'too old')
    statistics.dropped('replaced')
    statistics.dropped('replaced')
    statistics.processed(50, 5.0, 4.0)
    snapshot = statistics.snapshot()
    assert (snapshot.received, snapshot.processed, snapshot.last_image_ns) == (4, 1, 40)
    assert {reason: n for reason, n in snapshot.drops.items() if n} == {'stale': 1, 'replaced': 2}
    # What is dropped without an error leaves the last one standing.
    assert snapshot.last_error == 'too old'
    assert statistics.totals() == (1, 3)


def test_percentiles_by_hand() -> None:
    statistics = Statistics()
    for index in range(101):
        statistics.processed(index * 40 * MS, 100.0 - index, 2.0 * index)
    snapshot = statistics.snapshot()
    # Latencies 0..100 ms in any order: a percentile is its own number.
    assert snapshot.latency_ms == pytest.approx((50.0, 90.0, 99.0))
    assert snapshot.inference_ms == pytest.approx(100.0)
    # Hundred steps of 40 ms.
    assert snapshot.fps == pytest.approx(25.0)


def test_a_single_frame_has_no_rate() -> None:
    statistics = Statistics()
    statistics.processed(7, 3.0, 2.0)
    assert statistics.snapshot().fps == 0.0
    # Neither have two of one moment, or a clock that was set back.
    statistics.processed(7, 3.0, 2.0)
    assert statistics.snapshot().fps == 0.0
    statistics.processed(1, 3.0, 2.0)
    assert statistics.snapshot().fps == 0.0


def test_old_frames_leave_the_window() -> None:
    statistics = Statistics()
    for index in range(WINDOW):
        statistics.processed(index * 1000 * MS, 900.0, 900.0)
    for index in range(WINDOW):
        statistics.processed(index * 20 * MS, 10.0, 5.0)
    snapshot = statistics.snapshot()
    assert snapshot.latency_ms == (10.0, 10.0, 10.0)
    assert snapshot.inference_ms == 5.0
    assert snapshot.fps == pytest.approx(50.0)
    assert snapshot.processed == 2 * WINDOW


def test_a_snapshot_stays_as_it_was() -> None:
    statistics = Statistics()
    snapshot = statistics.snapshot()
    statistics.dropped('stale')
    assert snapshot.drops['stale'] == 0
