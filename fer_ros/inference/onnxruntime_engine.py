"""ONNX Runtime: on the CPU the backend that is always there, on CUDA one that needs no torch."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
import onnxruntime

from fer_ros.errors import DeviceError, ModelError
from fer_ros.inference.engine import LoadedNet
from fer_ros.inference.manifest import Manifest
from fer_ros.types import Float32


class Provider(Enum):
    """Where ONNX Runtime runs, by the name of its execution provider."""

    CPU = 'CPUExecutionProvider'
    CUDA = 'CUDAExecutionProvider'


class OnnxRuntimeEngine(LoadedNet):
    """Runs one model with ONNX Runtime.

    One thread with spinning off is faster than two for nets of this size, and leaves the other
    cores to the robot.
    """

    def __init__(
        self,
        manifest: Manifest,
        threads: int = 1,
        *,
        provider: Provider = Provider.CPU,
        reason: str = 'chosen',
    ) -> None:
        """Load the model; raises ModelError where the runtime refuses it."""
        self._provider = provider
        self._session = _session(manifest, threads, provider)
        self._outputs = list(manifest.outputs)
        _require(manifest, 'input', [manifest.input.name], self._session.get_inputs())
        _require(manifest, 'outputs', self._outputs, self._session.get_outputs())
        _require_size(manifest, self._session.get_inputs())
        _require_labels(manifest, self._session.get_outputs())
        precision = manifest.options.get('precision', 'fp32')
        super().__init__(manifest, f'onnxruntime-{provider.name.lower()} {precision}', reason)

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        """Run (N, C, H, W) float32 and return the manifest's outputs, in its order."""
        feeds: dict[str, Any] = {self._manifest.input.name: np.ascontiguousarray(batch), **others}
        if self._provider is Provider.CPU:
            return tuple(self._session.run(self._outputs, feeds))
        try:
            return tuple(self._session.run(self._outputs, feeds))
        except Exception as error:  # the runtime's own exceptions share no base class
            raise DeviceError(f"model '{self._manifest.id}': {_first_line(error)}") from None


def cuda_is_built_in() -> bool:
    """Tell whether this ONNX Runtime can use CUDA at all (the wheel ``onnxruntime-gpu``)."""
    return Provider.CUDA.value in onnxruntime.get_available_providers()


def _session(manifest: Manifest, threads: int, provider: Provider) -> Any:
    """Open the file; a provider that ONNX Runtime quietly leaves out is an error here."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    providers: list[Any] = [Provider.CPU.value]
    if provider is Provider.CUDA:
        if hasattr(onnxruntime, 'preload_dlls'):
            onnxruntime.preload_dlls()  # CUDA and cuDNN from wheels, where they come from those
        # The exhaustive search of the default takes seconds for every batch size anew.
        providers.insert(0, (Provider.CUDA.value, {'cudnn_conv_algo_search': 'HEURISTIC'}))
    try:
        session = onnxruntime.InferenceSession(str(manifest.file), options, providers=providers)
    except Exception as error:  # the runtime's own exceptions share no base class
        raise ModelError(
            f"model '{manifest.id}': ONNX Runtime can not load it: {_first_line(error)}"
        ) from None
    if session.get_providers()[0] != provider.value:
        raise ModelError(
            f"model '{manifest.id}': expected {provider.value}, found {session.get_providers()}: "
            'ONNX Runtime could not start CUDA; install the CUDA and cuDNN that it was built for'
        )
    return session


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _require(manifest: Manifest, what: str, wanted: list[str], ends: list[Any]) -> None:
    """Refuse a net without the inputs or outputs that its manifest names."""
    found = [end.name for end in ends]
    if not set(wanted) <= set(found):
        raise ModelError(
            f"model '{manifest.id}': expected the {what} {wanted}, found {found}; "
            'correct the manifest'
        )


def _require_size(manifest: Manifest, ends: list[Any]) -> None:
    """Refuse a net that reads images (N, C, H, W) of another size than its manifest says."""
    spec = manifest.input
    wanted = (spec.colour.channels, spec.height, spec.width)
    shape = next(end.shape for end in ends if end.name == spec.name)
    # What a net leaves open has a name, not a number; clips and features are no images.
    if len(shape) == 4 and any(isinstance(n, int) and n != w for n, w in zip(shape[1:], wanted)):
        raise ModelError(
            f"model '{manifest.id}': expected images of {wanted} (channels, height, width), found "
            f'{tuple(shape[1:])} in the net; correct the input in the manifest'
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
