"""What a room asks of an inference backend, and how pixels become a net's input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np

from fer_ros.inference.manifest import Colour, InputSpec, Manifest
from fer_ros.types import Float32, UInt8


class Engine(Protocol):
    """A net that is ready to run."""

    @property
    def manifest(self) -> Manifest:
        """The model that it runs."""

    @property
    def backend(self) -> str:
        """Backend and precision in use, as shown to the user: ``onnxruntime-cpu fp32``."""

    @property
    def reason(self) -> str:
        """Why it is this backend, in one line."""

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        """Run (N, C, H, W) float32 and return the manifest's outputs, in its order.

        :param others: further inputs by name, (N, ...) float32, of nets that have some.
        :raises DeviceError: the device failed; what it was given is not lost.
        """


class LoadedNet:
    """What an engine of one file on one backend says of itself from its loading on."""

    def __init__(self, manifest: Manifest, backend: str, reason: str) -> None:
        """Note the model, backend and precision, and why it is this backend."""
        self._manifest, self._backend, self._reason = manifest, backend, reason

    @property
    def manifest(self) -> Manifest:
        """The model that it runs."""
        return self._manifest

    @property
    def backend(self) -> str:
        """Backend and precision in use."""
        return self._backend

    @property
    def reason(self) -> str:
        """Why it is this backend."""
        return self._reason


def to_batch(crops: Sequence[UInt8], spec: InputSpec) -> Float32:
    """Turn N RGB crops (height, width, 3) of the net's size into its (N, C, H, W) input."""
    batch = np.empty((len(crops), spec.colour.channels, spec.height, spec.width), np.float32)
    scales = 1.0 / np.asarray(spec.std, np.float32)
    for row, crop in zip(batch, crops):
        planes = _planes(crop, spec.colour)
        # Passes over the pixels are what this costs: one for a mean of 0.
        for plane, out, mean, scale in zip(planes, row, spec.mean, scales):
            if mean:
                plane = np.subtract(plane, np.float32(mean), out=out, dtype=np.float32)
            np.multiply(plane, scale, out=out, dtype=np.float32)
    return batch


def _planes(crop: UInt8, colour: Colour) -> Sequence[UInt8]:
    """Return the channels of an RGB crop in a net's order."""
    if colour is Colour.GRAY:
        return [np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)]
    planes: Sequence[UInt8] = cv2.split(crop)
    return planes if colour is Colour.RGB else planes[::-1]
