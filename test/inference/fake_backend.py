"""An engine that does what a test tells it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from fer_ros.errors import DeviceError
from fer_ros.inference.manifest import Manifest
from fer_ros.types import Float32


@dataclass
class FakeEngine:
    """Adds a number to what it is given; fails from one call on.

    :param fails_from: number of the first call that fails, or None.
    """

    manifest: Manifest
    backend: str = 'fake-cuda fp16'
    reason: str = 'chosen by a test'
    adds: float = 0.0
    fails_from: int | None = None
    other: Callable[[Float32], tuple[Float32, ...]] | None = None
    batches: list[int] = field(default_factory=list)

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        self.batches.append(len(batch))
        if self.fails_from is not None and len(self.batches) > self.fails_from:
            raise DeviceError('CUDA error: an illegal memory access was encountered')
        if self.other is not None:
            return self.other(batch)
        return (np.asarray(batch + np.float32(self.adds), np.float32),)
