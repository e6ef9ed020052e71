"""TensorRT engines by the command line, with the fake TensorRT of test/inference."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'inference'))

from fake_tensorrt import FakeTensorRt

from fer_ros.cli.main import main
from fer_ros.cli.models import engines
from fer_ros.errors import ModelError
from fer_ros.inference import tensorrt_build
from fer_ros.inference.engine_cache import EngineCache
from fer_ros.inference.hardware import Gpu, Probe
from fer_ros.inference.tensorrt_build import Building

ORIN = Probe(Gpu('Orin', '8.7', '540.4.0', 8192), 'Orin')
WORDS = ['--model', 'blazeface-short', '--precision', 'fp32', '--json']


@pytest.fixture
def trt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeTensorRt:
    """Pretend a GPU and a TensorRT whose builds run in this process."""
    made = FakeTensorRt('10.16.1')
    monkeypatch.setitem(sys.modules, 'tensorrt', made)
    monkeypatch.setenv('FER_ROS_CACHE', str(tmp_path))
    monkeypatch.setenv('FER_ROS_TENSORRT_LEVEL', '3')
    monkeypatch.setenv('FER_ROS_DLA_CORE', '')
    monkeypatch.setattr(engines, 'probe_gpu', lambda: ORIN)
    monkeypatch.setattr(
        'fer_ros.inference.tensorrt_engine.CudaMemory.__init__.__defaults__', (made.cuda,)
    )

    class Here:
        def __init__(self, command: list[str], **_: Any) -> None:
            with contextlib.redirect_stderr(io.StringIO()) as self.stderr:
                self.status = tensorrt_build.main(command[3:], made)
            self.stderr.seek(0)

        def wait(self) -> None: ...

        def poll(self) -> int:
            return self.status

    monkeypatch.setattr(Building.__init__, '__defaults__', (None, Here))
    return made


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]]]:
    status = main(['models', *words])
    return status, json.loads(capsys.readouterr().out)


def test_builds_compares_and_lists(trt: FakeTensorRt, capsys: pytest.CaptureFixture[str]) -> None:
    status, (row,) = rows(capsys, 'build', *WORDS)
    assert status == 0
    assert (row['model'], row['state']) == ('blazeface-short', 'built')
    assert row['parity'] == {'box_px': 0.0, 'score': 0.0}
    status, (row,) = rows(capsys, 'build', '--build-only', *WORDS)
    assert (status, row) == (
        0, {'model': 'blazeface-short', 'precision': 'fp32', 'state': 'there'},
    )  # fmt: skip
    assert len(trt.builds) == 1
    _, (row,) = rows(capsys, 'engines', '--json')
    assert (row['state'], row['tensorrt'], row['gpu']) == ('ok', '10.16.1', 'Orin')


def test_level_and_accelerator_make_other_engines(
    trt: FakeTensorRt, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(capsys, 'build', '--build-only', *WORDS)
    rows(capsys, 'build', '--build-only', '--level', '5', '--dla', '0', *WORDS)
    _, found = rows(capsys, 'engines', '--json')
    assert sorted((row['level'], row['dla']) for row in found if row['dla'] == 0) == [(5, 0)]
    assert len(found) == 2


def test_prune_deletes_what_this_machine_can_not_use(
    trt: FakeTensorRt, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(capsys, 'build', '--build-only', *WORDS)
    assert rows(capsys, 'prune', '--json') == (0, [])
    newer = FakeTensorRt('11.4.0')
    monkeypatch.setitem(sys.modules, 'tensorrt', newer)
    _, gone = rows(capsys, 'prune', '--json')
    assert [row['state'] for row in gone] == ['deleted']
    assert EngineCache().entries() == []


def test_prune_all(trt: FakeTensorRt, capsys: pytest.CaptureFixture[str]) -> None:
    rows(capsys, 'build', '--build-only', *WORDS)
    _, gone = rows(capsys, 'prune', '--all', '--json')
    assert len(gone) == 1


def test_prune_without_a_gpu_keeps_what_is_whole(
    trt: FakeTensorRt, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(capsys, 'build', '--build-only', *WORDS)
    monkeypatch.setattr(engines, 'probe_gpu', lambda: Probe(None, 'no GPU'))
    assert rows(capsys, 'prune', '--json') == (0, [])
    assert len(EngineCache().entries()) == 1


def test_a_build_that_fails_is_told(
    trt: FakeTensorRt, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        tensorrt_build, 'build', lambda *_: (_ for _ in ()).throw(ModelError('no room'))
    )
    status, (row,) = rows(capsys, 'build', *WORDS)
    assert status == 1
    assert row['state'] == 'failed'
    assert 'ended with status 1: no room' in row['error']


def test_without_a_gpu_it_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, 'probe_gpu', lambda: Probe(None, 'no GPU: no driver'))
    assert main(['models', 'build', '--device', 'tensorrt', '--build-only']) == 2
    assert capsys.readouterr().err == (
        'fer-ros models: device: expected tensorrt, which can not be had: no GPU: no driver\n'
    )
