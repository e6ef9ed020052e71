from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fake_backend import FakeEngine
from made_manifest import write

from fer_ros.errors import DeviceError, ModelError
from fer_ros.inference.engine import Engine
from fer_ros.inference.manifest import Manifest, load_manifest
from fer_ros.inference.serving import ServingEngine

BATCH = np.zeros((2, 3, 48, 64), np.float32)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return load_manifest(write(tmp_path))


def value(engine: Engine) -> float:
    return float(engine.run(BATCH)[0].max())


def test_runs_the_engine_while_it_works(manifest: Manifest) -> None:
    spare = FakeEngine(manifest, 'fake-cpu fp32', adds=1)
    engine = ServingEngine(FakeEngine(manifest, adds=5), spare)
    assert value(engine) == 5
    assert (engine.backend, engine.reason) == ('fake-cuda fp16', 'chosen by a test')
    assert not engine.failed
    assert spare.batches == []


def test_a_device_lost_in_mid_run_is_followed_by_the_cpu(manifest: Manifest) -> None:
    gpu = FakeEngine(manifest, adds=5, fails_from=2)
    spare = FakeEngine(manifest, 'fake-cpu fp32', 'spare', adds=1)
    engine = ServingEngine(gpu, spare)
    # No batch is lost, and the device is not asked again.
    assert [value(engine) for _ in range(5)] == [5, 5, 1, 1, 1]
    assert gpu.batches == [2, 2, 2]
    assert engine.backend == 'fake-cpu fp32'
    assert engine.failed
    assert engine.reason == (
        'fake-cuda fp16 failed in mid-run (CUDA error: an illegal memory access was encountered), '
        'on the CPU since; spare'
    )


def test_a_failure_of_the_cpu_is_an_error(manifest: Manifest) -> None:
    engine = ServingEngine(
        FakeEngine(manifest, fails_from=0), FakeEngine(manifest, 'fake-cpu fp32', fails_from=0)
    )
    for _ in range(2):
        with pytest.raises(DeviceError):
            engine.run(BATCH)


def test_changes_to_the_better_engine_once_it_is_ready(manifest: Manifest) -> None:
    ready: list[Engine | None] = [None, None, FakeEngine(manifest, 'fake-trt fp16', adds=7)]
    spare = FakeEngine(manifest, 'fake-cpu fp32', adds=1)
    engine = ServingEngine(FakeEngine(manifest, adds=5), spare, lambda: ready.pop(0))
    assert [value(engine) for _ in range(4)] == [5, 5, 7, 7]
    assert engine.backend == 'fake-trt fp16'
    assert ready == []


def test_a_better_engine_that_never_comes_is_told(manifest: Manifest) -> None:
    def better() -> Engine | None:
        raise ModelError('TensorRT could not build it')

    spare = FakeEngine(manifest, 'fake-cpu fp32')
    engine = ServingEngine(FakeEngine(manifest, adds=5), spare, better)
    assert value(engine) == 5
    assert engine.reason == 'TensorRT could not build it; chosen by a test'
    assert not engine.failed
