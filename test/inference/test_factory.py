from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from fake_backend import FakeEngine

from fer_ros.config import load_yaml
from fer_ros.errors import ModelError
from fer_ros.inference import factory
from fer_ros.inference.engine import Engine
from fer_ros.inference.factory import Backend, Device, Precision, load_engine
from fer_ros.inference.hardware import Gpu, Probe
from fer_ros.inference.manifest import Manifest, Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.parity import stored_batch
from fer_ros.inference.store import find_manifest, manifest_path

ORIN = Probe(Gpu('Orin', '8.7', '540.4.0', 8192), 'Orin, compute capability 8.7, driver 540.4.0')
NAME, TASK = 'facemesh-468', Task.FACE_LANDMARKS
Load = Callable[[Manifest, Precision, str], Engine]


def refuses(manifest: Manifest, precision: Precision, reason: str) -> Engine:
    raise ModelError('it is not installed')


def loads(backend: str, *, wrong_in: tuple[Precision, ...] = (), **words: Any) -> Load:
    """Return a loader of a fake engine that is right but in some precisions."""

    def load(manifest: Manifest, precision: Precision, reason: str) -> Engine:
        spare = OnnxRuntimeEngine(manifest)

        def answer(batch: Any) -> Any:
            points, presence = spare.run(batch)
            return (points + 9.0 if precision in wrong_in else points), presence

        return FakeEngine(manifest, f'{backend} {precision.value}', reason, other=answer, **words)

    return load


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that there is a GPU, and say what its backends do."""

    def pretend(**backends: Load) -> None:
        monkeypatch.setattr(factory, 'probe_gpu', lambda: ORIN)
        table = {Backend(name.replace('_', '-')): load for name, load in backends.items()}

        def open_backend(backend: Backend, *words: Any) -> Engine:
            return table.get(backend, refuses)(*words)

        monkeypatch.setattr(factory, 'open_backend', open_backend)
        monkeypatch.setattr(factory, '_SHARED', {})

    return pretend


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, 'probe_gpu', lambda: Probe(None, 'no GPU: no driver'))


def test_auto_without_a_gpu_is_the_cpu_and_says_why(no_gpu: None) -> None:
    engine = load_engine(NAME, TASK)
    assert isinstance(engine, OnnxRuntimeEngine)  # nothing in between: no slower than before
    assert (engine.backend, engine.reason) == ('onnxruntime-cpu fp32', 'no GPU: no driver')


def test_cpu_asks_for_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factory, 'probe_gpu', lambda: pytest.fail('asked for a GPU'))
    assert load_engine(NAME, TASK, Device.CPU).reason == 'chosen'


@pytest.mark.parametrize('device', [Device.CUDA, Device.TENSORRT])
def test_a_device_that_can_not_be_had_is_refused(no_gpu: None, device: Device) -> None:
    with pytest.raises(ModelError) as caught:
        load_engine(NAME, TASK, device)
    assert str(caught.value) == (
        f'device: expected {device.value}, which can not be had: no GPU: no driver; or set device '
        'to auto'
    )


def test_auto_prefers_tensorrt_then_torch_then_onnxruntime(gpu: Callable[..., None]) -> None:
    torch, ort = loads('torch'), loads('ort')
    gpu(tensorrt=loads('trt'), torch_cuda=torch, onnxruntime_cuda=ort)
    assert load_engine(NAME, TASK).backend == 'trt fp16'
    gpu(torch_cuda=torch, onnxruntime_cuda=ort)
    engine = load_engine(NAME, TASK)
    assert engine.backend == 'torch fp16'
    assert engine.reason == (
        'Orin, compute capability 8.7, driver 540.4.0; not tensorrt fp16: it is not installed; '
        'not tensorrt fp32: it is not installed'
    )
    gpu(onnxruntime_cuda=ort)
    assert load_engine(NAME, TASK).backend == 'ort fp16'
    gpu()
    engine = load_engine(NAME, TASK)
    assert engine.backend == 'onnxruntime-cpu fp32'
    assert 'not onnxruntime-cuda fp32: it is not installed' in engine.reason


def test_a_precision_that_is_beyond_its_tolerance_is_left(gpu: Callable[..., None]) -> None:
    gpu(torch_cuda=loads('torch', wrong_in=(Precision.FP16,)))
    engine = load_engine(NAME, TASK, Device.CUDA)
    assert engine.backend == 'torch fp32'
    assert 'not torch-cuda fp16: ' in engine.reason
    assert 'landmark_px differs by' in engine.reason


def test_a_chosen_precision_is_the_only_one(gpu: Callable[..., None]) -> None:
    gpu(torch_cuda=loads('torch', wrong_in=(Precision.FP16,)))
    with pytest.raises(ModelError, match=r'expected cuda, which can not be had: .*landmark_px'):
        load_engine(NAME, TASK, Device.CUDA, Precision.FP16)
    assert load_engine(NAME, TASK, Device.CUDA, Precision.FP32).backend == 'torch fp32'


def test_a_chosen_device_takes_no_other(gpu: Callable[..., None]) -> None:
    gpu(torch_cuda=loads('torch'))
    with pytest.raises(ModelError, match='expected tensorrt, which can not be had: not tensorrt'):
        load_engine(NAME, TASK, Device.TENSORRT)


def test_goes_on_with_the_cpu_when_the_gpu_is_lost(gpu: Callable[..., None]) -> None:
    gpu(torch_cuda=loads('torch', fails_from=2))  # the first call is the check
    engine = load_engine(NAME, TASK, Device.CUDA)
    batch = stored_batch(engine.manifest)
    before, after = engine.run(batch), engine.run(batch)
    assert (before[0] == after[0]).all()
    assert engine.backend == 'onnxruntime-cpu fp32'
    assert 'torch fp16 failed in mid-run' in engine.reason


def test_a_wrong_model_is_told_before_the_device() -> None:
    with pytest.raises(ModelError, match="model 'nobody'"):
        load_engine('nobody', Task.FACE_LANDMARKS, Device.CUDA)


@pytest.mark.parametrize(
    ('fast', 'precision', 'name'),
    [
        (True, Precision.AUTO, 'small.onnx'),
        (True, Precision.FP32, 'mine.onnx'),
        (False, Precision.AUTO, 'mine.onnx'),
    ],
)
def test_the_cpu_runs_the_int8_form_where_it_is_made_for_it(
    fast: bool, precision: Precision, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = find_manifest(NAME, TASK)
    for file in ('mine', 'small'):
        shutil.copy(source.file, tmp_path / f'{file}.onnx')
    entries = load_yaml(manifest_path(NAME))
    for file, more in (('mine', {'int8': 'small.yaml'}), ('small', {})):
        text = yaml.safe_dump({**entries, 'id': file, 'file': f'{file}.onnx', **more})
        (tmp_path / f'{file}.yaml').write_text(text, encoding='utf-8')
    monkeypatch.setattr(factory, 'multiplies_bytes', lambda: fast)
    engine = load_engine(str(tmp_path / 'mine.yaml'), TASK, Device.CPU, precision)
    assert engine.manifest.file.name == name
    assert engine.manifest.id == 'mine'  # a form of the same model


def test_cameras_of_one_process_share_what_is_on_the_gpu(gpu: Callable[..., None]) -> None:
    made: list[str] = []

    def load(manifest: Manifest, precision: Precision, reason: str) -> Engine:
        made.append(manifest.id)
        return loads('torch')(manifest, precision, reason)

    gpu(torch_cuda=load)
    first, second = (load_engine(NAME, TASK, Device.CUDA) for _ in range(2))
    load_engine(NAME, TASK, Device.CUDA, Precision.FP32)
    assert made == [NAME, NAME]  # one a precision
    batch = stored_batch(first.manifest)
    np.testing.assert_array_equal(first.run(batch)[0], second.run(batch)[0])
