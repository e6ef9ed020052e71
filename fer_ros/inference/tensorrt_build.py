"""TensorRT engines from ONNX files, in a process of their own.

The builder takes minutes, and ends the process where the driver does not start: so the node starts
``python -m fer_ros.inference.tensorrt_build`` and goes on with another backend meanwhile. The
module ``tensorrt`` itself is an argument here.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fer_ros.errors import ConfigError, FerError, ModelError
from fer_ros.inference.cache import locked, write_whole
from fer_ros.inference.engine_cache import EngineCache, EngineKey

# One profile for each: kernels are chosen for one face, for a few, and for a crowd.
BATCHES = (1, 4, 16)
_MODULE = 'fer_ros.inference.tensorrt_build'
_WORKSPACE_BYTES = 2**30


class NotBuilt(ModelError):
    """There is no engine for this model, TensorRT, GPU and driver yet."""

    def __init__(self, message: str, key: EngineKey, onnx: Path) -> None:
        """Keep what is to be built."""
        super().__init__(message)
        self.key = key
        self.onnx = onnx


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """What a user may ask of the builder.

    :param level: 0 (fast to build) .. 5 (fast to run).
    :param dla: core of Jetson's deep-learning accelerator; layers that it lacks run on the GPU.
    """

    level: int = 3
    dla: int | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 <= self.level <= 5:
            raise ConfigError(f'builder level: expected 0 to 5, found {self.level}')
        if self.dla is not None and self.dla < 0:
            raise ConfigError(f'DLA core: expected 0 or more, found {self.dla}')

    @classmethod
    def from_environment(cls) -> BuildOptions:
        """Read ``FER_ROS_TENSORRT_LEVEL`` and ``FER_ROS_DLA_CORE``."""
        level, dla = (os.environ.get(f'FER_ROS_{n}') for n in ('TENSORRT_LEVEL', 'DLA_CORE'))
        try:
            return cls(int(level) if level else 3, int(dla) if dla else None)
        except ValueError as error:
            raise ConfigError(f'FER_ROS_TENSORRT_LEVEL, FER_ROS_DLA_CORE: {error}') from None


def build(trt: Any, onnx: Path, key: EngineKey, timings: Path | None = None) -> bytes:
    """Build an engine; minutes, and only where there is a GPU.

    :param timings: file of kernel timings, read before and written after: it makes the next
        build of a like model faster.
    :raises ModelError: the file can not be parsed or built; TensorRT's own words.
    """
    logger = trt.Logger(trt.Logger.WARNING)
    builder = trt.Builder(logger)
    network = builder.create_network(_flags(trt))
    parser = trt.OnnxParser(network, logger)
    if not parser.parse_from_file(str(onnx)):
        errors = '; '.join(parser.get_error(i).desc() for i in range(parser.num_errors))
        raise ModelError(f"model '{key.model}': TensorRT can not parse {onnx.name}: {errors}")
    config = builder.create_builder_config()
    config.builder_optimization_level = key.level
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, _WORKSPACE_BYTES)
    for smallest, largest in zip((1, *(size + 1 for size in BATCHES)), key.batches):
        config.add_optimization_profile(_profile(builder, network, smallest, largest))
    if key.dla is not None:
        config.default_device_type = trt.DeviceType.DLA
        config.DLA_core = key.dla
        config.set_flag(trt.BuilderFlag.GPU_FALLBACK)
    with _timing_cache(config, timings):
        plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ModelError(f"model '{key.model}': TensorRT could not build it; its log says why")
    return bytes(plan)


def _flags(trt: Any) -> int:
    """Return the flags of a strongly typed network; 11 has no other and may need none."""
    flag = getattr(trt.NetworkDefinitionCreationFlag, 'STRONGLY_TYPED', None)
    return 0 if flag is None else 1 << int(flag)


def _profile(builder: Any, network: Any, smallest: int, largest: int) -> Any:
    """Return a profile for a range of batches."""
    profile = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        rest = tuple(tensor.shape)[1:]
        profile.set_shape(tensor.name, (smallest, *rest), (largest, *rest), (largest, *rest))
    return profile


@contextlib.contextmanager
def _timing_cache(config: Any, path: Path | None) -> Iterator[None]:
    """Lend the builder the timings of earlier builds, and keep those of this one."""
    if path is None:
        yield
        return
    with locked(path.with_suffix('.lock')):
        content = path.read_bytes() if path.is_file() else b''
        timings = config.create_timing_cache(content)
        if timings is None or not config.set_timing_cache(timings, False):
            config.set_timing_cache(config.create_timing_cache(b''), False)
        yield
        write_whole(path, bytes(config.get_timing_cache().serialize()))


def build_command(onnx: Path, key: EngineKey, cache: EngineCache) -> list[str]:
    """Return the command that builds an engine in a process of its own."""
    request = {'onnx': str(onnx), 'key': asdict(key), 'folder': str(cache.folder)}
    return [sys.executable, '-m', _MODULE, json.dumps(request)]


class Building:
    """An engine in the making."""

    def __init__(
        self,
        onnx: Path,
        key: EngineKey,
        cache: EngineCache | None = None,
        start: Any = subprocess.Popen,
    ) -> None:
        """Start to build."""
        cache = cache or EngineCache()
        self._model = key.model
        command = build_command(onnx, key, cache)
        self._process = start(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def wait(self) -> None:
        """Wait until it is built.

        :raises ModelError: it could not be.
        """
        self._process.wait()
        self.ready()

    def ready(self) -> bool:
        """Tell whether it is built.

        :raises ModelError: it could not be; a crash of the builder is one too.
        """
        status = self._process.poll()
        if status is None:
            return False
        if status:
            lines = self._process.stderr.read().strip().splitlines() or ['it said nothing']
            ended = f'signal {-status}' if status < 0 else f'status {status}'
            raise ModelError(
                f"model '{self._model}': building its TensorRT engine ended with {ended}: "
                f'{lines[-1]}'
            )
        return True


def main(words: Sequence[str], trt: Any | None = None) -> int:
    """Build what the request says unless another process just has; one build at a time."""
    request = json.loads(words[0])
    key = EngineKey.from_json(request['key'])
    cache = EngineCache(Path(request['folder']))
    try:
        if key is None:
            raise ModelError(f'expected the key of an engine, found {request["key"]}')
        if trt is None:
            from fer_ros.inference.tensorrt_engine import import_tensorrt

            trt = import_tensorrt()
        with locked(cache.folder / 'build.lock'), cache.lock(key):
            with contextlib.suppress(ModelError):
                cache.read(key)
                return 0
            timings = cache.folder / f'timings-{key.tensorrt}-{key.sm}.cache'
            cache.write(key, build(trt, Path(request['onnx']), key, timings))
    except FerError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
