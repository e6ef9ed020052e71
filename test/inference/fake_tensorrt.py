"""A small TensorRT and the part of CUDA it needs, after their public documentation.

An engine is JSON around the ONNX file; running it is ONNX Runtime on bytes that stand for the
device's memory. What a version does not have is not there: 10.3 has precision flags, 11 has
neither those nor a network that is not strongly typed.
"""

from __future__ import annotations

import ctypes
import enum
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

MAGIC = 'fake plan'


class FakeCuda:
    """Device memory in a dictionary; fails from some call on, or refuses large buffers."""

    def __init__(self, largest: int = 2**40) -> None:
        self.memory: dict[int, bytearray] = {}
        self.largest = largest
        self.lost = False
        self.freed: list[int] = []

    def __getattr__(self, name: str) -> Any:
        def call(*_: Any) -> int:
            return 700 if self.lost else 0  # CUDA_ERROR_ILLEGAL_ADDRESS

        if not name.startswith('cu'):
            raise AttributeError(name)
        return call

    def cuStreamCreate(self, stream: Any, flags: int) -> int:
        stream._obj.value = 77
        return 0

    def cuMemAlloc_v2(self, address: Any, size: ctypes.c_size_t) -> int:
        if size.value > self.largest:
            return 2
        place = 4096 * (len(self.memory) + 1)
        self.memory[place] = bytearray(size.value)
        address._obj.value = place
        return 0

    def cuMemFree_v2(self, address: ctypes.c_void_p) -> int:
        self.freed.append(int(address.value or 0))
        return 0

    def cuMemcpyHtoDAsync_v2(self, target: Any, source: Any, size: Any, stream: Any) -> int:
        if self.lost:
            return 700
        self.memory[target.value][: size.value] = ctypes.string_at(source, size.value)
        return 0

    def cuMemcpyDtoHAsync_v2(self, target: Any, source: Any, size: Any, stream: Any) -> int:
        if self.lost:
            return 700
        ctypes.memmove(target, bytes(self.memory[source.value][: size.value]), size.value)
        return 0

    def cuGetErrorString(self, status: Any, text: Any) -> int:
        text._obj.value = b'an illegal memory access was encountered'
        return 0


class FakeTensorRt:
    """The module ``tensorrt`` of one version."""

    def __init__(self, version: str, cuda: FakeCuda | None = None, report: str = '') -> None:
        self.__version__ = version
        self.cuda = cuda or FakeCuda()
        self.report = report
        self.builds: list[Any] = []
        old = version.startswith('10.')
        typed = {'STRONGLY_TYPED': 1} if old else {}
        self.NetworkDefinitionCreationFlag = enum.IntEnum(
            'NetworkDefinitionCreationFlag', {**typed, 'PREFER_AOT_PYTHON_PLUGINS': 3}
        )
        flags = {'GPU_FALLBACK': 2, **({'FP16': 0, 'INT8': 1} if old else {})}
        self.BuilderFlag = enum.IntEnum('BuilderFlag', flags)
        self.TensorIOMode = enum.Enum('TensorIOMode', ['NONE', 'INPUT', 'OUTPUT'])
        self.ProfilingVerbosity = enum.Enum('ProfilingVerbosity', ['NONE', 'DETAILED'])
        self.MemoryPoolType = enum.Enum('MemoryPoolType', ['WORKSPACE'])
        self.DeviceType = enum.Enum('DeviceType', ['GPU', 'DLA'])
        self.LayerInformationFormat = enum.Enum('LayerInformationFormat', ['ONELINE', 'JSON'])

    class Logger:
        WARNING, ERROR = 1, 2

        def __init__(self, level: int) -> None:
            self.level = level

    def Builder(self, logger: Any) -> Any:
        return _Builder(self)

    def Runtime(self, logger: Any) -> Any:
        return _Runtime(self)

    def OnnxParser(self, network: Any, logger: Any) -> Any:
        return _Parser(network)


@dataclass
class _Tensor:
    name: str
    shape: tuple[int, ...]


class _Network:
    def __init__(self, flags: int) -> None:
        self.flags, self.path, self.inputs = flags, '', []

    @property
    def num_inputs(self) -> int:
        return len(self.inputs)

    def get_input(self, index: int) -> _Tensor:
        return self.inputs[index]


class _Parser:
    num_errors = 1

    def __init__(self, network: _Network) -> None:
        self._network = network

    def parse_from_file(self, path: str) -> bool:
        try:
            session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
        except Exception:
            return False
        self._network.path = path
        self._network.inputs = [
            _Tensor(end.name, tuple(n if isinstance(n, int) else -1 for n in end.shape))
            for end in session.get_inputs()
        ]
        return True

    def get_error(self, index: int) -> Any:
        class Error:
            def desc(self) -> str:
                return 'Failed to parse ONNX model'

        return Error()


class _Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, list[tuple[int, ...]]] = {}

    def set_shape(self, name: str, least: Any, best: Any, most: Any) -> None:
        assert all(a <= b <= c for a, b, c in zip(least, best, most))
        self.shapes[name] = [tuple(least), tuple(best), tuple(most)]


class _Timings:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def serialize(self) -> memoryview:
        return memoryview(self.content)


@dataclass
class _Config:
    profiles: list[_Profile] = field(default_factory=list)
    flags: list[Any] = field(default_factory=list)
    timings: _Timings | None = None
    DLA_core: int | None = None
    default_device_type: Any = None
    builder_optimization_level: int = 3

    def set_memory_pool_limit(self, pool: Any, size: int) -> None:
        assert size > 0

    def add_optimization_profile(self, profile: _Profile) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1

    def set_flag(self, flag: Any) -> None:
        self.flags.append(flag)

    def create_timing_cache(self, content: bytes) -> _Timings | None:
        return None if content.startswith(b'bad') else _Timings(content)

    def set_timing_cache(self, timings: _Timings, ignore_mismatch: bool) -> bool:
        self.timings = timings
        return True

    def get_timing_cache(self) -> _Timings | None:
        return self.timings


class _Builder:
    def __init__(self, trt: FakeTensorRt) -> None:
        self._trt = trt

    def create_network(self, flags: int = 0) -> _Network:
        if self._trt.__version__.startswith('10.'):
            assert flags & 2, 'without STRONGLY_TYPED, 10.x builds float32 whatever the file says'
        return _Network(flags)

    def create_builder_config(self) -> _Config:
        return _Config()

    def create_optimization_profile(self) -> _Profile:
        return _Profile()

    def build_serialized_network(self, network: _Network, config: _Config) -> Any:
        self._trt.builds.append(config)
        if config.timings is not None:
            config.timings.content += b'+1'
        plan = {
            'magic': MAGIC,
            'version': self._trt.__version__,
            'onnx': network.path,
            'profiles': [profile.shapes for profile in config.profiles],
        }
        return memoryview(json.dumps(plan).encode())


class _Runtime:
    def __init__(self, trt: FakeTensorRt) -> None:
        self._trt = trt

    def deserialize_cuda_engine(self, plan: bytes) -> Any:
        try:
            content = json.loads(plan)
        except ValueError:
            return None
        if content.get('magic') != MAGIC or content['version'] != self._trt.__version__:
            return None
        return _Engine(self._trt, content)


class _Engine:
    def __init__(self, trt: FakeTensorRt, plan: dict[str, Any]) -> None:
        self.trt, self.plan = trt, plan
        self.session = onnxruntime.InferenceSession(
            str(Path(plan['onnx'])), providers=['CPUExecutionProvider']
        )
        self.inputs = {end.name: end for end in self.session.get_inputs()}
        self.outputs = {end.name: end for end in self.session.get_outputs()}

    @property
    def num_io_tensors(self) -> int:
        return len(self.inputs) + len(self.outputs)

    def get_tensor_name(self, index: int) -> str:
        return [*self.inputs, *self.outputs][index]

    def get_tensor_mode(self, name: str) -> Any:
        modes = self.trt.TensorIOMode
        return modes.INPUT if name in self.inputs else modes.OUTPUT

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        end = {**self.inputs, **self.outputs}[name]
        return tuple(n if isinstance(n, int) else -1 for n in end.shape)

    def create_execution_context(self) -> Any:
        return _Context(self)

    def create_engine_inspector(self) -> Any:
        return self

    def get_engine_information(self, form: Any) -> str:
        return self.trt.report


class _Context:
    def __init__(self, engine: _Engine) -> None:
        self._engine = engine
        self._profile: dict[str, Any] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._places: dict[str, int] = {}

    def set_optimization_profile_async(self, index: int, stream: int) -> bool:
        self._profile = self._engine.plan['profiles'][index]
        return True

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        least, _, most = self._profile[name]
        if not all(a <= n <= b for a, n, b in zip(least, shape, most)):
            return False
        self._shapes[name] = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        count = next(iter(self._shapes.values()))[0]
        return self._shapes.get(name) or (count, *self._engine.get_tensor_shape(name)[1:])

    def set_tensor_address(self, name: str, address: int) -> bool:
        self._places[name] = address
        return True

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == 77
        cuda = self._engine.trt.cuda
        if cuda.lost:
            return False
        feeds = {
            name: np.frombuffer(
                cuda.memory[self._places[name]], np.float32, count=int(np.prod(shape))
            ).reshape(shape)
            for name, shape in self._shapes.items()
        }
        names = list(self._engine.outputs)
        for name, rows in zip(names, self._engine.session.run(names, feeds)):
            cuda.memory[self._places[name]][: rows.nbytes] = rows.tobytes()
        return True
