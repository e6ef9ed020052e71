"""Is there a CUDA GPU that works? Asked of the driver itself, before any library may crash on it.

TensorRT's builder and runtime end the whole process where the driver does not start, so nothing of
CUDA is imported before ``cuInit`` has said yes. Only ctypes is used: no package is needed.
"""

from __future__ import annotations

import ctypes
import functools
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Of these instructions a CPU has one that multiplies and adds bytes several at a time: AVX-512 or
# AVX VNNI, or the dot products of Arm v8.2.
_BYTE_PRODUCTS = {'avx512_vnni', 'avx_vnni', 'asimddp'}
_CPU_FILE = Path('/proc/cpuinfo')
_LIBRARY = 'libcuda.so.1'
_DRIVER_FILE = Path('/sys/module/nvidia/version')
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR

# What the driver answers, in words, with a remedy. CUresult of the CUDA driver API.
_ANSWERS = {
    34: 'libcuda.so.1 is the stub of the toolkit: install the NVIDIA driver',
    35: 'the driver is older than the CUDA libraries: update the NVIDIA driver',
    46: 'the GPU is busy or held by another process: free it',
    100: 'no CUDA GPU is visible: is CUDA_VISIBLE_DEVICES empty, or the container without --gpus?',
    101: 'the GPU number does not exist: correct CUDA_VISIBLE_DEVICES',
    803: "the driver's kernel module and libcuda do not match: reboot after the driver's update",
    804: 'this GPU can not run CUDA newer than its driver: update the driver or drop cuda-compat',
    999: 'the driver failed for an unknown reason: see dmesg, reload the nvidia module',
}


@dataclass(frozen=True, slots=True)
class Gpu:
    """The first GPU that CUDA shows.

    :param sm: compute capability, ``8.7``.
    :param driver: version of the driver, or of the CUDA that it serves where that is unsaid.
    """

    name: str
    sm: str
    driver: str
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found: a GPU, or the reason why there is none."""

    gpu: Gpu | None
    reason: str


@functools.cache
def probe_gpu() -> Probe:
    """Ask once a process."""
    return ask_driver(ctypes.CDLL)


def ask_driver(load: Callable[[str], Any], driver_file: Path = _DRIVER_FILE) -> Probe:
    """Start CUDA's driver and describe its first GPU.

    :param load: opens a shared library; raises OSError where there is none.
    """
    try:
        cuda = load(_LIBRARY)
    except OSError:
        return Probe(None, f'no GPU: {_LIBRARY} is not there; install the NVIDIA driver')
    status = int(cuda.cuInit(0))
    if status:
        text = _ANSWERS.get(status, 'look the number up as CUresult in the CUDA driver API')
        return Probe(None, f'no GPU: cuInit answered {status}: {text}')
    device, count = ctypes.c_int(), ctypes.c_int()
    if cuda.cuDeviceGetCount(ctypes.byref(count)) or count.value < 1:
        return Probe(None, f'no GPU: {_ANSWERS[100]}')
    status = int(cuda.cuDeviceGet(ctypes.byref(device), 0))
    if status:
        return Probe(None, f'no GPU: cuDeviceGet answered {status}')
    gpu = _describe(cuda, device, driver_file)
    return Probe(gpu, f'{gpu.name}, compute capability {gpu.sm}, driver {gpu.driver}')


def _describe(cuda: Any, device: ctypes.c_int, driver_file: Path) -> Gpu:
    """Read name, capability, memory and driver."""
    name = ctypes.create_string_buffer(128)
    cuda.cuDeviceGetName(name, len(name), device)
    capability = []
    for attribute in (_MAJOR, _MINOR):
        value = ctypes.c_int()
        cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, device)
        capability.append(value.value)
    total = ctypes.c_size_t()
    cuda.cuDeviceTotalMem_v2(ctypes.byref(total), device)
    return Gpu(
        name=name.value.decode(errors='replace'),
        sm='.'.join(map(str, capability)),
        driver=_driver_version(cuda, driver_file),
        memory_mb=total.value // 2**20,
    )


def _driver_version(cuda: Any, driver_file: Path) -> str:
    """Return the kernel module's version; on Jetson, which has none, the CUDA it serves."""
    try:
        return driver_file.read_text(encoding='ascii').strip()
    except (OSError, ValueError):
        version = ctypes.c_int()
        cuda.cuDriverGetVersion(ctypes.byref(version))
        return f'CUDA {version.value // 1000}.{version.value % 1000 // 10}'


@functools.cache
def multiplies_bytes(cpu_file: Path = _CPU_FILE) -> bool:
    """Tell whether int8 nets are faster than float32 ones on this CPU, and as exact as can be.

    Without such instructions ONNX Runtime adds products of bytes in 16 bits, where they overflow.
    """
    try:
        words = set(cpu_file.read_text(encoding='utf-8', errors='replace').split())
    except OSError:  # not Linux
        return (platform.system(), platform.machine()) == ('Darwin', 'arm64')
    return bool(words & _BYTE_PRODUCTS)
