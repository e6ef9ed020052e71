from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_backend import FakeEngine
from made_manifest import write

from fer_ros.errors import DeviceError
from fer_ros.inference.batching import Client, MicroBatcher
from fer_ros.inference.manifest import Manifest, load_manifest

FOR_EVER_S = 30.0  # ends a test that would hang


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return load_manifest(write(tmp_path))


def rows(count: int, value: float) -> np.ndarray:
    return np.full((count, 1, 2, 2), value, np.float32)


def together(clients: list[Client], batches: list[np.ndarray]) -> list[Any]:
    """Run every client in a thread of its own; return results and errors."""
    found: list[Any] = [None] * len(clients)

    def run(index: int) -> None:
        try:
            found[index] = clients[index].run(batches[index])
        except Exception as error:
            found[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(FOR_EVER_S)
    return found


def test_cameras_run_in_one_batch_and_get_their_own_rows(manifest: Manifest) -> None:
    engine = FakeEngine(manifest, adds=100)
    batcher = MicroBatcher(engine, deadline_s=FOR_EVER_S)
    clients = [batcher.client() for _ in range(3)]
    found = together(clients, [rows(1, 1), rows(2, 2), rows(3, 3)])
    assert engine.batches == [6]
    for index, (result,) in enumerate(found, start=1):
        np.testing.assert_array_equal(result, rows(index, 100 + index))


def test_one_camera_never_waits(manifest: Manifest) -> None:
    engine = FakeEngine(manifest)
    client = MicroBatcher(engine, deadline_s=FOR_EVER_S).client()
    assert client.run(rows(2, 5))[0].shape == (2, 1, 2, 2)
    assert engine.batches == [2]


def test_a_camera_that_left_is_not_waited_for(manifest: Manifest) -> None:
    engine = FakeEngine(manifest)
    batcher = MicroBatcher(engine, deadline_s=FOR_EVER_S)
    client, other = batcher.client(), batcher.client()
    del other
    client.run(rows(1, 0))
    assert engine.batches == [1]


def test_after_the_deadline_it_goes_alone(manifest: Manifest) -> None:
    engine = FakeEngine(manifest)
    batcher = MicroBatcher(engine, deadline_s=0.001)
    client, _silent = batcher.client(), batcher.client()
    client.run(rows(1, 0))
    assert engine.batches == [1]


def test_a_full_batch_does_not_wait(manifest: Manifest) -> None:
    engine = FakeEngine(manifest)
    batcher = MicroBatcher(engine, deadline_s=FOR_EVER_S, most_rows=8)
    client, _silent = batcher.client(), batcher.client()
    client.run(rows(8, 0))
    assert engine.batches == [8]


def test_every_camera_hears_of_a_failure(manifest: Manifest) -> None:
    engine = FakeEngine(manifest, fails_from=0)
    batcher = MicroBatcher(engine, deadline_s=FOR_EVER_S)
    found = together([batcher.client() for _ in range(2)], [rows(1, 0), rows(1, 0)])
    assert all(isinstance(one, DeviceError) for one in found)


def test_other_shapes_are_batches_of_their_own(manifest: Manifest) -> None:
    engine = FakeEngine(manifest)
    batcher = MicroBatcher(engine, deadline_s=FOR_EVER_S)
    large = np.zeros((2, 1, 4, 4), np.float32)
    found = together([batcher.client() for _ in range(2)], [rows(1, 7), large])
    assert sorted(engine.batches) == [1, 2]
    assert [one[0].shape for one in found] == [(1, 1, 2, 2), (2, 1, 4, 4)]


def test_many_cameras_for_a_while(manifest: Manifest) -> None:
    engine = FakeEngine(manifest, adds=1)
    batcher = MicroBatcher(engine, deadline_s=0.001)
    clients = [batcher.client() for _ in range(4)]
    wrong: list[Any] = []

    def camera(index: int) -> None:
        for step in range(50):
            value = float(index * 1000 + step)
            (result,) = clients[index].run(rows(1 + step % 3, value))
            if result.shape[0] != 1 + step % 3 or not (result == value + 1).all():
                wrong.append((index, step))

    threads = [threading.Thread(target=camera, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(FOR_EVER_S)
    assert wrong == []
    assert sum(engine.batches) == 4 * sum(1 + step % 3 for step in range(50))
    assert len(engine.batches) < 200
