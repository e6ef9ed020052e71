"""TensorRT by a fake of its public interface, for the versions that differ."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_tensorrt import FakeCuda, FakeTensorRt

from fer_ros.errors import ConfigError, DeviceError, ModelError
from fer_ros.inference import factory, parity, tensorrt_build
from fer_ros.inference.cuda_memory import CudaMemory
from fer_ros.inference.engine_cache import EngineCache
from fer_ros.inference.factory import Device, Precision, half_of, load_engine
from fer_ros.inference.hardware import Gpu, Probe
from fer_ros.inference.manifest import Manifest, Task, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest, model_dir, shipped
from fer_ros.inference.tensorrt_build import Building, BuildOptions, NotBuilt, build
from fer_ros.inference.tensorrt_engine import import_tensorrt, key_of, load

VERSIONS = ['10.3.0', '10.16.1.11', '11.4.0.106']
ORIN = Gpu('Orin', '8.7', '540.4.0', 8192)


@pytest.fixture
def manifest() -> Manifest:
    return find_manifest('blazeface-short', Task.FACE_DETECTION)


@pytest.fixture
def cache(tmp_path: Path) -> EngineCache:
    return EngineCache(tmp_path / 'tensorrt')


def request(manifest: Manifest, trt: FakeTensorRt, cache: EngineCache) -> list[str]:
    """Return the words of a build process."""
    key = key_of(trt, manifest, ORIN, BuildOptions())
    content = {'onnx': str(manifest.file), 'key': asdict(key), 'folder': str(cache.folder)}
    return [json.dumps(content)]


def loaded(manifest: Manifest, trt: FakeTensorRt, cache: EngineCache) -> Any:
    return load(
        manifest, ORIN, 'chosen', trt=trt, cache=cache, memory=lambda: CudaMemory(trt.cuda)
    )


@pytest.mark.parametrize('version', VERSIONS)
def test_builds_once_and_says_what_the_cpu_says(
    version: str, manifest: Manifest, cache: EngineCache
) -> None:
    trt = FakeTensorRt(version)
    with pytest.raises(NotBuilt, match='not there'):
        loaded(manifest, trt, cache)
    assert tensorrt_build.main(request(manifest, trt, cache), trt) == 0
    assert tensorrt_build.main(request(manifest, trt, cache), trt) == 0
    assert len(trt.builds) == 1  # the second process finds it built
    engine = loaded(manifest, trt, cache)
    assert engine.backend == 'tensorrt fp32'
    assert parity.check(engine, OnnxRuntimeEngine(manifest)).box_px == 0.0


@pytest.mark.parametrize('faces', [1, 2, 4, 5, 16, 17, 40])
def test_every_batch_finds_its_profile(faces: int, manifest: Manifest, cache: EngineCache) -> None:
    trt = FakeTensorRt('11.4.0')
    tensorrt_build.main(request(manifest, trt, cache), trt)
    face = parity.stored_batch(manifest)[:1]
    batch = np.concatenate([face * np.float32(1 - i / 99) for i in range(faces)])
    boxes, scores = loaded(manifest, trt, cache).run(batch)
    assert scores.shape == (faces, 896)
    wanted = OnnxRuntimeEngine(manifest).run(batch[-1:])
    np.testing.assert_allclose(boxes[-1:], wanted[0], atol=1e-3)


def test_profiles_cover_one_to_sixteen_without_a_gap(
    manifest: Manifest, cache: EngineCache
) -> None:
    trt = FakeTensorRt('10.3.0')
    tensorrt_build.main(request(manifest, trt, cache), trt)
    ranges = [(p.shapes['image'][0][0], p.shapes['image'][2][0]) for p in trt.builds[0].profiles]
    assert ranges == [(1, 1), (2, 4), (5, 16)]
    assert trt.builds[0].flags == []  # no FP16, no INT8: the file says it


def test_an_engine_of_another_version_is_not_loaded(
    manifest: Manifest, cache: EngineCache
) -> None:
    old, new = FakeTensorRt('10.3.0'), FakeTensorRt('11.4.0')
    tensorrt_build.main(request(manifest, old, cache), old)
    with pytest.raises(NotBuilt, match='not there'):
        loaded(manifest, new, cache)


def test_an_engine_that_tensorrt_refuses_is_forgotten(
    manifest: Manifest, cache: EngineCache
) -> None:
    trt = FakeTensorRt('10.3.0')
    cache.write(key_of(trt, manifest, ORIN, BuildOptions()), b'a plan of something else')
    with pytest.raises(NotBuilt, match='TensorRT refuses its engine'):
        loaded(manifest, trt, cache)
    assert cache.entries() == []


@pytest.mark.parametrize(
    'report', ['{"Format/Datatype": "Row major linear FP32"}', '{"DataType": "Float"}']
)
def test_silent_float32_is_refused(report: str, manifest: Manifest, cache: EngineCache) -> None:
    half = replace(manifest, options={**manifest.options, 'precision': 'fp16'})
    trt = FakeTensorRt('10.3.0', report=report)
    tensorrt_build.main(request(half, trt, cache), trt)
    with pytest.raises(NotBuilt, match='expected layers in fp16, found none'):
        loaded(half, trt, cache)


@pytest.mark.parametrize(
    'report', ['{"Format/Datatype": "Row major linear FP16 format"}', '{"DataType": "Half"}']
)
def test_float16_is_seen_in_the_report_of_10_and_11(
    report: str, manifest: Manifest, cache: EngineCache
) -> None:
    half = replace(manifest, options={**manifest.options, 'precision': 'fp16'})
    trt = FakeTensorRt('10.3.0', report=report)
    tensorrt_build.main(request(half, trt, cache), trt)
    assert loaded(half, trt, cache).backend == 'tensorrt fp16'


def test_a_device_that_is_lost_is_an_error_of_the_device(
    manifest: Manifest, cache: EngineCache
) -> None:
    trt = FakeTensorRt('10.3.0')
    tensorrt_build.main(request(manifest, trt, cache), trt)
    engine = loaded(manifest, trt, cache)
    batch = parity.stored_batch(manifest)
    engine.run(batch)
    trt.cuda.lost = True
    with pytest.raises(DeviceError, match='700'):
        engine.run(batch)


def test_too_little_memory_is_an_error_of_the_device(
    manifest: Manifest, cache: EngineCache
) -> None:
    trt = FakeTensorRt('10.3.0', FakeCuda(largest=1000))
    tensorrt_build.main(request(manifest, trt, cache), trt)
    with pytest.raises(DeviceError, match=r'answered 2 .out of memory'):
        loaded(manifest, trt, cache)
    assert len(cache.entries()) == 1  # the engine is not to blame


def test_memory_is_given_back() -> None:
    cuda = FakeCuda()
    memory = CudaMemory(cuda)
    addresses = [memory.allocate(10), memory.allocate(20)]
    memory.close()
    memory.close()
    assert cuda.freed == addresses


def test_timings_make_the_next_build_faster(manifest: Manifest, tmp_path: Path) -> None:
    trt, timings = FakeTensorRt('10.3.0'), tmp_path / 'timings'
    key = key_of(trt, manifest, ORIN, BuildOptions())
    for wanted in (b'+1', b'+1+1'):
        build(trt, manifest.file, key, timings)
        assert timings.read_bytes() == wanted
    timings.write_bytes(b'bad')  # of another version: begun anew
    build(trt, manifest.file, key, timings)
    assert timings.read_bytes() == b'+1'


def test_the_accelerator_and_the_level_are_passed_on(manifest: Manifest) -> None:
    trt = FakeTensorRt('10.3.0')
    options = BuildOptions(level=5, dla=1)
    build(trt, manifest.file, key_of(trt, manifest, ORIN, options))
    (config,) = trt.builds
    assert (config.builder_optimization_level, config.DLA_core) == (5, 1)
    assert config.default_device_type is trt.DeviceType.DLA
    assert config.flags == [trt.BuilderFlag.GPU_FALLBACK]


def test_options_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('FER_ROS_TENSORRT_LEVEL', '5')
    monkeypatch.setenv('FER_ROS_DLA_CORE', '0')
    assert BuildOptions.from_environment() == BuildOptions(5, 0)
    monkeypatch.setenv('FER_ROS_TENSORRT_LEVEL', 'best')
    with pytest.raises(ConfigError, match='FER_ROS_TENSORRT_LEVEL'):
        BuildOptions.from_environment()
    monkeypatch.setenv('FER_ROS_TENSORRT_LEVEL', '9')
    with pytest.raises(ConfigError, match='expected 0 to 5, found 9'):
        BuildOptions.from_environment()


def test_a_file_that_can_not_be_parsed_is_one_line(
    manifest: Manifest, cache: EngineCache, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trt = FakeTensorRt('10.3.0')
    broken = tmp_path / 'broken.onnx'
    broken.write_bytes(b'no net')
    assert tensorrt_build.main(request(replace(manifest, file=broken), trt, cache), trt) == 1
    assert capsys.readouterr().err == (
        "model 'blazeface-short': TensorRT can not parse broken.onnx: Failed to parse ONNX model\n"
    )
    assert cache.entries() == []


class Ended:
    """A build process that has ended."""

    def __init__(self, status: int | None, text: str = '') -> None:
        self.status, self.stderr = status, io.StringIO(text)

    def poll(self) -> int | None:
        return self.status

    def wait(self) -> None:
        pass


@pytest.mark.parametrize(
    ('status', 'text', 'words'),
    [
        (1, 'a\nout of disk\n', 'ended with status 1: out of disk'),
        (-11, '', 'ended with signal 11: it said nothing'),  # the builder crashed
    ],
)
def test_a_build_that_fails_says_why(
    status: int, text: str, words: str, manifest: Manifest, cache: EngineCache
) -> None:
    key = key_of(FakeTensorRt('10.3.0'), manifest, ORIN, BuildOptions())
    building = Building(manifest.file, key, cache, lambda *_, **__: Ended(status, text))
    with pytest.raises(ModelError, match=words):
        building.wait()


@pytest.mark.parametrize('version', ['8.6.1', '10.2.0', '12.0.0'])
def test_other_versions_are_refused(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'tensorrt', FakeTensorRt(version))
    with pytest.raises(ModelError, match=f'expected 10.3 to 11.x, found {version}'):
        import_tensorrt()


@pytest.mark.parametrize('version', VERSIONS)
def test_these_versions_are_taken(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'tensorrt', FakeTensorRt(version))
    assert import_tensorrt().__version__ == version


def test_without_tensorrt_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, 'tensorrt', None)
    with pytest.raises(ModelError, match=r'TensorRT is not installed .*--system-site-packages'):
        import_tensorrt()


def test_the_cpu_serves_while_an_engine_is_built(
    cache: EngineCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a first start without an engine to the moment at which it is there."""
    trt = FakeTensorRt('11.4.0')
    monkeypatch.setitem(sys.modules, 'tensorrt', trt)
    monkeypatch.setattr(factory, 'probe_gpu', lambda: Probe(ORIN, 'Orin'))
    monkeypatch.setenv('FER_ROS_CACHE', str(cache.folder.parent))
    monkeypatch.setattr(
        'fer_ros.inference.tensorrt_engine.CudaMemory.__init__.__defaults__', (trt.cuda,)
    )
    process = Ended(None)
    commands: list[list[str]] = []

    def start(command: list[str], **_: Any) -> Ended:
        commands.append(command)
        return process

    monkeypatch.setattr(Building.__init__, '__defaults__', (None, start))
    words = ('blazeface-short', Task.FACE_DETECTION, Device.TENSORRT, Precision.FP32)
    engine = load_engine(*words)
    batch = parity.stored_batch(engine.manifest)
    first = engine.run(batch)
    assert engine.backend == 'onnxruntime-cpu fp32'
    assert 'it is built now' in engine.reason
    assert commands[0][:3] == [sys.executable, '-m', 'fer_ros.inference.tensorrt_build']
    assert tensorrt_build.main(commands[0][3:], trt) == 0
    process.status = 0
    second = engine.run(batch)
    assert engine.backend == 'tensorrt fp32'
    np.testing.assert_allclose(first[0], second[0], atol=1e-4)
    assert load_engine(*words).backend == 'tensorrt fp32'
    assert len(trt.builds) == 1


@pytest.mark.reference
@pytest.mark.parametrize('precision', list(Precision)[1:])
@pytest.mark.parametrize(
    'name',  # int8 forms are for the CPU: TensorRT has no int32 biases
    [name for task in parity.TASKS for name in shipped(task) if not name.endswith('-int8')],
)
def test_tensorrt_rtx_builds_every_shipped_file(
    name: str, precision: Precision, tmp_path: Path
) -> None:
    """Builds the real thing where that wheel is installed; it needs no GPU for it."""
    rtx = pytest.importorskip('tensorrt_rtx', reason='pip install tensorrt-rtx')
    manifest = load_manifest(model_dir() / f'{name}.yaml')
    if precision is Precision.FP16:
        manifest = half_of(manifest)
    key = key_of(rtx, manifest, ORIN, BuildOptions())
    assert len(build(rtx, manifest.file, key, tmp_path / 'timings')) > 100_000
