"""What only a GPU can tell; none has run these yet."""

from __future__ import annotations

import os

import pytest

from fer_ros.inference import parity
from fer_ros.inference.factory import Backend, Device, Precision, open_backend
from fer_ros.inference.hardware import probe_gpu
from fer_ros.inference.manifest import Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest, shipped
from fer_ros.inference.tensorrt_build import NotBuilt
from fer_ros.pipeline import Pipeline, PipelineConfig

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not os.environ.get('FER_ROS_TEST_GPU') or probe_gpu().gpu is None,
        reason='needs a CUDA GPU and FER_ROS_TEST_GPU=1',
    ),
]
MODELS = [(name, task) for task in parity.TASKS for name in shipped(task)]


@pytest.mark.parametrize('precision', [Precision.FP32, Precision.FP16])
@pytest.mark.parametrize('backend', [Backend.TORCH_CUDA, Backend.ORT_CUDA, Backend.TENSORRT])
@pytest.mark.parametrize(('name', 'task'), MODELS)
def test_agrees_with_the_cpu(name, task, backend, precision) -> None:
    manifest = find_manifest(name, task)
    try:
        engine = open_backend(backend, manifest, precision, 'chosen')
    except NotBuilt:
        pytest.skip('fer-ros models build --device tensorrt --build-only comes first')
    parity.check(engine, OnnxRuntimeEngine(manifest))


def test_every_batch_is_recorded_once() -> None:
    manifest = find_manifest('facemesh-468', Task.FACE_LANDMARKS)
    engine = open_backend(Backend.TORCH_CUDA, manifest, Precision.FP32, 'chosen')
    face = parity.stored_batch(manifest)
    reference = OnnxRuntimeEngine(manifest)
    for count in (1, 3, 4, 2):
        found, wanted = engine.run(face[:count]), reference.run(face[:count])
        assert parity.compare(manifest, wanted, found).landmark_px < 0.1


def test_the_pipeline_runs_on_the_device(sample) -> None:
    from fer_ros.sources import open_source

    pipeline = Pipeline(PipelineConfig(device=Device.CUDA))
    with open_source(sample) as source:
        results = [pipeline.process(frame) for frame, _ in zip(source, range(20))]
    assert all(len(result.states) == 1 for result in results)
    assert not pipeline.device_failed
