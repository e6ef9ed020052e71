"""Which backend runs a model: the user's choice, or the best that is there."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Hashable, Mapping, MutableMapping, Sequence
from dataclasses import replace
from enum import Enum
from importlib.util import find_spec

from fer_ros.errors import FerError, MissingExtra, ModelError
from fer_ros.inference import parity
from fer_ros.inference.batching import MicroBatcher
from fer_ros.inference.cache import cache_dir, locked, sha256_of
from fer_ros.inference.engine import Engine
from fer_ros.inference.hardware import multiplies_bytes, probe_gpu
from fer_ros.inference.manifest import Manifest, Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine, Provider, cuda_is_built_in
from fer_ros.inference.serving import ServingEngine
from fer_ros.inference.store import find_manifest
from fer_ros.inference.tensorrt_build import Building, NotBuilt


class Device(str, Enum):
    """Where nets run."""

    AUTO = 'auto'
    CPU = 'cpu'
    CUDA = 'cuda'
    TENSORRT = 'tensorrt'


class Precision(str, Enum):
    """What nets are computed in."""

    AUTO = 'auto'  # on GPUs float16 where its parity holds; on the CPU int8 where that is faster
    FP32 = 'fp32'
    FP16 = 'fp16'

    @property
    def tried(self) -> tuple[Precision, ...]:
        """Precisions to try, in turn."""
        return (Precision.FP16, Precision.FP32) if self is Precision.AUTO else (self,)


class Backend(str, Enum):
    """What runs nets, by the name that users see."""

    TENSORRT = 'tensorrt'
    TORCH_CUDA = 'torch-cuda'
    ORT_CUDA = 'onnxruntime-cuda'
    ORT_CPU = 'onnxruntime-cpu'
    TORCH_CPU = 'torch-cpu'  # slow: for tests and parity


_ORDER: Mapping[Device, Sequence[Backend]] = {
    Device.AUTO: (Backend.TENSORRT, Backend.TORCH_CUDA, Backend.ORT_CUDA),
    Device.CUDA: (Backend.TORCH_CUDA, Backend.ORT_CUDA),
    Device.TENSORRT: (Backend.TENSORRT,),
}
Loader = Callable[[Manifest, str], Engine]
# They go with the last camera that uses them.
_SHARED: MutableMapping[Hashable, MicroBatcher] = weakref.WeakValueDictionary()


def load_engine(
    name: str,
    task: Task,
    device: Device = Device.AUTO,
    precision: Precision = Precision.AUTO,
) -> Engine:
    """Load a model by id or manifest path onto the best backend, or the one that was chosen.

    What runs on a GPU is compared with the CPU on a stored face first, and goes on there should
    the GPU fail later.

    :raises ModelError: no such model, a corrupt file, or a device that can not be had.
    """
    manifest = find_manifest(name, task)
    if device is Device.CPU:
        return _on_cpu(manifest, precision)
    if manifest.task not in parity.TASKS:
        return OnnxRuntimeEngine(manifest, reason='nets of this kind are small: the CPU is faster')
    gpu = probe_gpu()
    if gpu.gpu is None:
        if device is Device.AUTO:
            return _on_cpu(manifest, precision, gpu.reason)
        raise _refusal(device, gpu.reason)
    return _on_gpu(manifest, device, precision, gpu.reason)


def _on_gpu(manifest: Manifest, device: Device, precision: Precision, found: str) -> Engine:
    """Load a model onto the first backend that has it and says what the CPU says.

    :param found: the GPU, in words.
    """
    spare = OnnxRuntimeEngine(manifest)
    refusals: list[str] = []
    building: Callable[[], Engine | None] | None = None
    for backend in _ORDER[device]:
        for tried in precision.tried:
            why = '; '.join([found, *refusals])
            try:
                engine = _shared(backend, manifest, tried, why)
                parity.check(engine, spare)
            except NotBuilt as error:
                refusals.append(f'{error}; it is built now')
                again = functools.partial(_shared, backend, manifest, tried, found)
                building = _once_built(Building(error.onnx, error.key), again, spare)
                break
            except FerError as error:
                refusals.append(f'not {backend.value} {tried.value}: {error}')
            else:
                return ServingEngine(engine, spare, building)
    reason = '; '.join([found, *refusals])
    if building is not None:
        return ServingEngine(_on_cpu(manifest, precision, reason), spare, building)
    if device is not Device.AUTO:
        raise _refusal(device, '; '.join(refusals))
    return _on_cpu(manifest, precision, reason)


def _shared(backend: Backend, manifest: Manifest, precision: Precision, why: str) -> Engine:
    """Return a GPU's engine, the same one for all cameras of this process."""
    key = (backend, manifest.id, manifest.sha256, precision)
    batcher = _SHARED.get(key)
    if batcher is None:
        batcher = MicroBatcher(open_backend(backend, manifest, precision, why))
        _SHARED[key] = batcher
    return batcher.client()


def _on_cpu(manifest: Manifest, precision: Precision, reason: str = 'chosen') -> Engine:
    """ONNX Runtime, in int8 where the model has such a form and the CPU is made for it."""
    form = manifest.int8
    if precision is Precision.AUTO and form is not None and multiplies_bytes():
        if form.is_file():
            quantised = find_manifest(str(form), manifest.task)
            # A form of the same model: all but the file is as the model's own manifest says.
            options = {**manifest.options, 'precision': 'int8'}
            file, sha256 = quantised.file, quantised.sha256
            manifest = replace(manifest, file=file, sha256=sha256, options=options)
        else:
            reason = f'{reason}; not int8: expected {form}, found none'
    return OnnxRuntimeEngine(manifest, reason=reason)


def _once_built(
    building: Building, load: Callable[[], Engine], spare: Engine
) -> Callable[[], Engine | None]:
    """Return what gives the engine that is being built, None until it is."""

    def better() -> Engine | None:
        if not building.ready():
            return None
        engine = load()
        parity.check(engine, spare)
        return engine

    return better


def open_backend(
    backend: Backend, manifest: Manifest, precision: Precision, reason: str
) -> Engine:
    """Load a model onto one backend in one precision.

    :raises ModelError: it can not be had.
    :raises MissingExtra: a package is not installed.
    """
    if precision is Precision.FP16:
        manifest = half_of(manifest)
    return _LOADERS[backend](manifest, reason)


def _tensorrt(manifest: Manifest, reason: str) -> Engine:
    """TensorRT, from its cached engine."""
    from fer_ros.inference.tensorrt_engine import load

    gpu = probe_gpu()
    if gpu.gpu is None:
        raise ModelError(gpu.reason)
    return load(manifest, gpu.gpu, reason)


def _torch_cuda(manifest: Manifest, reason: str) -> Engine:
    """Torch with CUDA graphs."""
    _need('torch', 'running nets with torch')
    _need('onnx', 'running nets with torch')
    from fer_ros.inference.torch_engine import TorchEngine, cuda_refusal

    refusal = cuda_refusal()
    if refusal:
        raise ModelError(refusal)
    return TorchEngine(manifest, reason=reason)


def _torch_cpu(manifest: Manifest, reason: str) -> Engine:
    """Torch on the CPU."""
    _need('torch', 'running nets with torch')
    _need('onnx', 'running nets with torch')
    from fer_ros.inference.torch_engine import TorchEngine, use_one_thread

    use_one_thread()
    return TorchEngine(manifest, 'cpu', reason=reason)


def _onnxruntime_cuda(manifest: Manifest, reason: str) -> Engine:
    """ONNX Runtime on CUDA."""
    if not cuda_is_built_in():
        raise ModelError(
            'this ONNX Runtime has no CUDA: pip uninstall onnxruntime, pip install onnxruntime-gpu'
        )
    return OnnxRuntimeEngine(manifest, provider=Provider.CUDA, reason=reason)


def _onnxruntime_cpu(manifest: Manifest, reason: str) -> Engine:
    """ONNX Runtime on the CPU."""
    return OnnxRuntimeEngine(manifest, reason=reason)


_LOADERS: Mapping[Backend, Loader] = {
    Backend.TENSORRT: _tensorrt,
    Backend.TORCH_CUDA: _torch_cuda,
    Backend.ORT_CUDA: _onnxruntime_cuda,
    Backend.ORT_CPU: _onnxruntime_cpu,
    Backend.TORCH_CPU: _torch_cpu,
}


def half_of(manifest: Manifest) -> Manifest:
    """Return the same net in float16; its file is made once and kept in the cache.

    :raises MissingExtra: there is none yet, and no package ``onnx`` to make it.
    """
    if manifest.options.get('precision', 'fp32') != 'fp32':
        raise ModelError(f"model '{manifest.id}': expected a float32 model, it is another already")
    _need('onnx', 'float16')
    from fer_ros.inference.conversion.half import RULES, to_half

    path = cache_dir() / 'half' / f'{manifest.sha256[:16]}-{RULES}.onnx'
    with locked(path.with_suffix('.lock')):
        if not path.is_file():
            partial = path.with_suffix('.part')
            faces = {manifest.input.name: parity.stored_batch(manifest)}
            to_half(manifest.file, partial, faces)
            partial.replace(path)
    options = {**manifest.options, 'precision': 'fp16'}
    return replace(manifest, file=path, sha256=sha256_of(path.read_bytes()), options=options)


def _refusal(device: Device, why: str) -> ModelError:
    """Return the error of a device that was asked for and can not be had."""
    return ModelError(
        f'device: expected {device.value}, which can not be had: {why}; or set device to auto'
    )


def _need(package: str, purpose: str) -> None:
    """Refuse what needs a package that is not installed."""
    if find_spec(package) is None:
        raise MissingExtra(package, 'gpu', purpose)
