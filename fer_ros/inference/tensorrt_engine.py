"""TensorRT 10.3 to 11.x: the only file that imports it.

Networks are strongly typed: the ONNX file says what is computed in float16 or int8, and nothing
else can. Only what 10.3 and 11 have in common is called: no precision flags, no calibrators, no
bindings, ``set_tensor_address`` and ``execute_async_v3``.

Builder and runtime end the process where the driver does not start, and building takes minutes:
so nothing here is called before the driver was asked, and engines are built by a process of their
own: ``tensorrt_build``.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from fer_ros.errors import DeviceError, ModelError
from fer_ros.inference.cuda_memory import CudaMemory, contiguous
from fer_ros.inference.engine import LoadedNet
from fer_ros.inference.engine_cache import EngineCache, EngineKey
from fer_ros.inference.hardware import Gpu
from fer_ros.inference.manifest import Manifest
from fer_ros.inference.tensorrt_build import BATCHES, BuildOptions, NotBuilt
from fer_ros.types import Float32

_OLDEST, _NEWEST = (10, 3), (12, 0)


def import_tensorrt() -> Any:
    """Return the module; safe without a GPU, unlike what is in it.

    :raises ModelError: not installed, or of a version that was never met.
    """
    try:
        import tensorrt
    except ImportError as error:
        raise ModelError(
            f'TensorRT is not installed ({error}); on a Jetson make the environment with '
            '--system-site-packages, elsewhere pip install tensorrt'
        ) from None
    version = tuple(int(part) for part in re.findall(r'\d+', tensorrt.__version__)[:2])
    if not _OLDEST <= version < _NEWEST:
        raise ModelError(f'TensorRT: expected 10.3 to 11.x, found {tensorrt.__version__}')
    return tensorrt


def key_of(trt: Any, manifest: Manifest, gpu: Gpu, options: BuildOptions) -> EngineKey:
    """Return what an engine of this model would depend on here."""
    return EngineKey(
        model=manifest.id,
        sha256=manifest.sha256,
        tensorrt=trt.__version__,
        gpu=gpu.name,
        sm=gpu.sm,
        driver=gpu.driver,
        precision=str(manifest.options.get('precision', 'fp32')),
        batches=BATCHES,
        level=options.level,
        dla=options.dla,
    )


def load(
    manifest: Manifest,
    gpu: Gpu,
    reason: str,
    *,
    trt: Any | None = None,
    memory: Callable[[], CudaMemory] = CudaMemory,
    cache: EngineCache | None = None,
) -> TensorRtEngine:
    """Load a model's engine from the cache.

    :raises NotBuilt: there is none yet, or it can not be used.
    """
    trt = trt or import_tensorrt()
    cache = cache or EngineCache()
    key = key_of(trt, manifest, gpu, BuildOptions.from_environment())
    try:
        plan = cache.read(key)
    except ModelError as error:
        raise NotBuilt(str(error), key, manifest.file) from None
    try:
        return TensorRtEngine(manifest, plan, trt, memory(), reason)
    except DeviceError:
        raise
    except ModelError as error:
        cache.discard(key)
        raise NotBuilt(str(error), key, manifest.file) from None


class TensorRtEngine(LoadedNet):
    """Runs one engine."""

    def __init__(
        self, manifest: Manifest, plan: bytes, trt: Any, memory: CudaMemory, reason: str
    ) -> None:
        """Load an engine; raises ModelError where TensorRT refuses it."""
        self._trt, self._memory = trt, memory
        self._runtime = trt.Runtime(trt.Logger(trt.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise ModelError(f"model '{manifest.id}': TensorRT refuses its engine")
        names = [self._engine.get_tensor_name(i) for i in range(self._engine.num_io_tensors)]
        missing = {manifest.input.name, *manifest.outputs} - set(names)
        if missing:
            raise ModelError(
                f"model '{manifest.id}': expected {sorted(missing)} in its engine, found {names}"
            )
        self._outputs = [n for n in names if self._mode(n) == trt.TensorIOMode.OUTPUT]
        precision = str(manifest.options.get('precision', 'fp32'))
        verify_precision(trt, self._engine, manifest.id, precision)
        self._contexts = [self._context(index) for index in range(len(BATCHES))]
        self._addresses = {name: memory.allocate(self._largest(name)) for name in names}
        self._lock = threading.Lock()
        super().__init__(manifest, f'tensorrt {precision}', reason)

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        """Run (N, C, H, W) float32 and return the manifest's outputs, in its order."""
        feeds = {self._manifest.input.name: batch, **others}
        parts = []
        with self._lock:
            self._memory.enter()
            for start in range(0, len(batch), BATCHES[-1]):
                rows = {k: contiguous(v[start : start + BATCHES[-1]]) for k, v in feeds.items()}
                found = self._run(rows)
                parts.append([found[name] for name in self._manifest.outputs])
        return tuple(np.concatenate(columns) for columns in zip(*parts))

    def _run(self, feeds: dict[str, Float32]) -> dict[str, Float32]:
        """Run at most the largest batch, in the profile that was made for it."""
        count = len(feeds[self._manifest.input.name])
        profile = next(i for i, size in enumerate(BATCHES) if size >= count)
        context = self._contexts[profile]
        for name, rows in feeds.items():
            if not context.set_input_shape(name, rows.shape):
                raise ModelError(
                    f"model '{self._manifest.id}': TensorRT refuses {name} of {rows.shape}"
                )
            self._memory.upload(self._addresses[name], rows)
        for name, address in self._addresses.items():
            context.set_tensor_address(name, address)
        if not context.execute_async_v3(self._memory.stream):
            raise DeviceError(f"model '{self._manifest.id}': TensorRT could not run it")
        results = {
            name: np.empty(tuple(context.get_tensor_shape(name)), np.float32)
            for name in self._outputs
        }
        for name, rows in results.items():
            self._memory.download(rows, self._addresses[name])
        self._memory.wait()
        return results

    def _mode(self, name: str) -> Any:
        return self._engine.get_tensor_mode(name)

    def _context(self, profile: int) -> Any:
        """Return a context for one profile."""
        context = self._engine.create_execution_context()
        if context is None:
            raise DeviceError('TensorRT could not make a context: out of memory')
        context.set_optimization_profile_async(profile, self._memory.stream)
        self._memory.wait()
        return context

    def _largest(self, name: str) -> int:
        """Return the bytes of a tensor for the largest batch."""
        context = self._contexts[-1]
        if self._mode(name) == self._trt.TensorIOMode.INPUT:
            context.set_input_shape(name, (BATCHES[-1], *self._engine.get_tensor_shape(name)[1:]))
        return int(np.prod(tuple(context.get_tensor_shape(name)))) * 4


def verify_precision(trt: Any, engine: Any, model: str, precision: str) -> None:
    """Refuse an engine that computes in float32 without having been asked to.

    The report's field is called ``Format/Datatype`` in 10 and split in 11, and its value is
    written ``Half`` or ``FP16``: so the text is searched.
    """
    wanted = {'fp16': r'\bhalf\b|fp16', 'int8': r'int8'}.get(precision)
    if wanted is None:
        return
    report = engine.create_engine_inspector().get_engine_information(
        trt.LayerInformationFormat.JSON
    )
    if not re.search(wanted, report, re.IGNORECASE):
        raise ModelError(
            f"model '{model}': expected layers in {precision}, found none: TensorRT built it in "
            'float32'
        )
