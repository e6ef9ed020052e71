"""Device memory and a stream by the CUDA driver API, through ctypes: no package is needed.

TensorRT takes addresses and a stream; where torch is not installed, as on most Jetsons, these come
from here.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import DeviceError

_OUT_OF_MEMORY = 2  # CUDA_ERROR_OUT_OF_MEMORY


class CudaMemory:
    """The first GPU's primary context, one stream, and buffers that live as long as this."""

    def __init__(self, cuda: Any | None = None) -> None:
        """Start the driver.

        :param cuda: the driver's library; ``libcuda.so.1`` where none is given.
        """
        self._cuda = cuda if cuda is not None else ctypes.CDLL('libcuda.so.1')
        self._buffers: list[ctypes.c_void_p] = []
        device = ctypes.c_int()
        self._context, self._stream = ctypes.c_void_p(), ctypes.c_void_p()
        self._call('cuInit', 0)
        self._call('cuDeviceGet', ctypes.byref(device), 0)
        self._call('cuDevicePrimaryCtxRetain', ctypes.byref(self._context), device)
        self.enter()
        self._call('cuStreamCreate', ctypes.byref(self._stream), 1)  # CU_STREAM_NON_BLOCKING

    @property
    def stream(self) -> int:
        """Handle of the stream."""
        return int(self._stream.value or 0)

    def enter(self) -> None:
        """Make the context the calling thread's own."""
        self._call('cuCtxSetCurrent', self._context)

    def allocate(self, size: int) -> int:
        """Return the address of a new buffer of so many bytes."""
        address = ctypes.c_void_p()
        self._call('cuMemAlloc_v2', ctypes.byref(address), ctypes.c_size_t(max(size, 1)))
        self._buffers.append(address)
        return int(address.value or 0)

    def upload(self, address: int, array: NDArray[Any]) -> None:
        """Copy a contiguous array to the device."""
        source = array.ctypes.data_as(ctypes.c_void_p)
        size = ctypes.c_size_t(array.nbytes)
        self._call('cuMemcpyHtoDAsync_v2', ctypes.c_void_p(address), source, size, self._stream)

    def download(self, array: NDArray[Any], address: int) -> None:
        """Copy from the device into a contiguous array; it is there after :meth:`wait`."""
        target = array.ctypes.data_as(ctypes.c_void_p)
        size = ctypes.c_size_t(array.nbytes)
        self._call('cuMemcpyDtoHAsync_v2', target, ctypes.c_void_p(address), size, self._stream)

    def wait(self) -> None:
        """Wait until the stream has done all it was given."""
        self._call('cuStreamSynchronize', self._stream)

    def close(self) -> None:
        """Give everything back; a device that is lost has nothing to give."""
        for address in self._buffers:
            self._cuda.cuMemFree_v2(address)
        self._buffers.clear()
        if self._stream:
            self._cuda.cuStreamDestroy_v2(self._stream)
            self._stream = ctypes.c_void_p()
            self._cuda.cuDevicePrimaryCtxRelease_v2(ctypes.c_int(0))

    def _call(self, name: str, *words: Any) -> None:
        """Call the driver; anything but success is an error."""
        status = int(getattr(self._cuda, name)(*words))
        if status:
            text = 'out of memory' if status == _OUT_OF_MEMORY else self._text(status)
            raise DeviceError(f'CUDA: {name} answered {status} ({text})')

    def _text(self, status: int) -> str:
        """Return the driver's own words for a status."""
        text = ctypes.c_char_p()
        if self._cuda.cuGetErrorString(ctypes.c_int(status), ctypes.byref(text)) or not text.value:
            return 'unknown'
        return text.value.decode(errors='replace')


def contiguous(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array that can be copied byte by byte."""
    return np.ascontiguousarray(array, np.float32)
