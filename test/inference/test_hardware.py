from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import pytest

from fer_ros.inference.hardware import Gpu, ask_driver, multiplies_bytes


class FakeCuda:
    """The part of the CUDA driver API that is asked, as its manual describes it."""

    def __init__(self, status: int = 0, count: int = 1) -> None:
        self._status, self._count = status, count

    def cuInit(self, flags: int) -> int:
        assert flags == 0
        return self._status

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = self._count
        return 0

    def cuDeviceGet(self, device: Any, ordinal: int) -> int:
        device._obj.value = ordinal
        return 0

    def cuDeviceGetName(self, name: Any, length: int, device: ctypes.c_int) -> int:
        name.value = b'Orin'
        return 0

    def cuDeviceGetAttribute(self, value: Any, attribute: int, device: ctypes.c_int) -> int:
        value._obj.value = {75: 8, 76: 7}[attribute]
        return 0

    def cuDeviceTotalMem_v2(self, total: Any, device: ctypes.c_int) -> int:
        total._obj.value = 8 * 2**30
        return 0

    def cuDriverGetVersion(self, version: Any) -> int:
        version._obj.value = 12060
        return 0


def test_describes_the_first_gpu(tmp_path: Path) -> None:
    (tmp_path / 'version').write_text('580.65.06\n', encoding='ascii')
    probe = ask_driver(lambda _: FakeCuda(), tmp_path / 'version')
    assert probe.gpu == Gpu('Orin', '8.7', '580.65.06', 8192)
    assert probe.reason == 'Orin, compute capability 8.7, driver 580.65.06'


def test_a_driver_without_a_module_tells_its_cuda(tmp_path: Path) -> None:
    probe = ask_driver(lambda _: FakeCuda(), tmp_path / 'absent')
    assert probe.gpu is not None
    assert probe.gpu.driver == 'CUDA 12.6'


def test_no_driver_at_all() -> None:
    def load(name: str) -> Any:
        raise OSError(f'{name}: cannot open shared object file')

    probe = ask_driver(load)
    assert probe.gpu is None
    assert probe.reason == 'no GPU: libcuda.so.1 is not there; install the NVIDIA driver'


@pytest.mark.parametrize(
    ('status', 'text'),
    [(100, 'CUDA_VISIBLE_DEVICES'), (803, 'reboot'), (35, 'update'), (4711, 'CUresult')],
)
def test_a_driver_that_does_not_start_says_why(status: int, text: str) -> None:
    probe = ask_driver(lambda _: FakeCuda(status))
    assert probe.gpu is None
    assert probe.reason.startswith(f'no GPU: cuInit answered {status}: ')
    assert text in probe.reason


def test_a_driver_without_a_gpu() -> None:
    assert 'no CUDA GPU is visible' in ask_driver(lambda _: FakeCuda(count=0)).reason


@pytest.mark.parametrize(
    ('text', 'fast'),
    [
        ('flags : fpu sse2 avx2 avx512f avx512_vnni', True),
        ('flags : fpu sse2 avx2 avx_vnni', True),
        ('Features : fp asimd asimddp', True),
        ('flags : fpu sse2 avx2 avx512f', False),
    ],
)
def test_cpus_that_multiply_bytes(text: str, fast: bool, tmp_path: Path) -> None:
    path = tmp_path / 'cpuinfo'
    path.write_text(f'processor : 0\n{text}\n', encoding='utf-8')
    assert multiplies_bytes(path) is fast
