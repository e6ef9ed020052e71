"""ONNX Runtime on the CPU: the backend that is always there."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime

from fer_ros.errors import ModelError
from fer_ros.inference.manifest import Manifest
from fer_ros.types import Float32


class OnnxRuntimeEngine:
    """Runs one model with ONNX Runtime.

    One thread with spinning off is faster than two for nets of this size, and leaves the other
    cores to the robot.
    """

    def __init__(self, manifest: Manifest, threads: int = 1) -> None:
        """Load the model; raises ModelError where the runtime refuses it."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        try:
            self._session = onnxruntime.InferenceSession(
                str(manifest.file), options, providers=['CPUExecutionProvider']
            )
        except Exception as error:  # the runtime's own exceptions share no base class
            text = (str(error) or type(error).__name__).splitlines()[0]
            raise ModelError(
                f"model '{manifest.id}': ONNX Runtime can not load it: {text}"
            ) from None
        self._outputs = list(manifest.outputs)
        _require(manifest, 'input', [manifest.input.name], self._session.get_inputs())
        _require(manifest, 'outputs', self._outputs, self._session.get_outputs())
        _require_labels(manifest, self._session.get_outputs())
        self._manifest = manifest

    @property
    def manifest(self) -> Manifest:
        """The model that it runs."""
        return self._manifest

    @property
    def backend(self) -> str:
        """Backend and precision in use."""
        return 'onnxruntime-cpu fp32'

    def run(self, batch: Float32) -> tuple[Float32, ...]:
        """Run (N, C, H, W) float32 and return the manifest's outputs, in its order."""
        feeds: dict[str, Any] = {self._manifest.input.name: np.ascontiguousarray(batch)}
        return tuple(self._session.run(self._outputs, feeds))


def _require(manifest: Manifest, what: str, wanted: list[str], ends: list[Any]) -> None:
    """Refuse a net without the inputs or outputs that its manifest names."""
    found = [end.name for end in ends]
    if not set(wanted) <= set(found):
        raise ModelError(
            f"model '{manifest.id}': expected the {what} {wanted}, found {found}; "
            'correct the manifest'
        )


def _require_labels(manifest: Manifest, ends: list[Any]) -> None:
    """Refuse a net whose classes are not as many as its manifest's labels."""
    if not manifest.labels:
        return
    classes = next((end.shape[-1] for end in ends if end.name == 'logits'), None)
    # A net may leave its width open: then the first faces tell.
    if isinstance(classes, int) and classes != len(manifest.labels):
        raise ModelError(
            f"model '{manifest.id}': expected {len(manifest.labels)} classes, one a label, found "
            f'{classes} in its logits; correct the labels in the manifest'
        )
