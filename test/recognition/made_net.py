"""A net that is one line of arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_ros.inference.manifest import Colour, InputSpec, Manifest, Task
from fer_ros.types import Float32

LABELS = ('neutral', 'happiness')


class FakeEngine:
    """Its logits are the first and the last column of the first channel's first row."""

    backend = 'fake'

    def __init__(self, temperature: float = 1.0) -> None:
        self.batches: list[Float32] = []
        self.manifest = Manifest(
            id='fake',
            task=Task.STATIC_EXPRESSION,
            file=Path('fake.onnx'),
            sha256='0' * 64,
            licence='Apache-2.0',
            source='made',
            input=InputSpec('image', 4, 4, Colour.RGB, (0.0,) * 3, (1.0,) * 3),
            outputs=('logits', 'embedding'),
            labels=LABELS,
            temperature=temperature,
            options={},
        )

    def run(self, batch: Float32) -> tuple[Float32, ...]:
        self.batches.append(batch)
        logits = np.stack([batch[:, 0, 0, 0], batch[:, 0, 0, -1]], axis=1)
        return logits, batch[:, 0, 1, :3]
