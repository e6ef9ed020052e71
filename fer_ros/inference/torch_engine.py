"""Torch on CUDA: the shipped ONNX graphs with static shapes, recorded once as CUDA graphs.

A net of these has some hundred small kernels; launched one by one from Python they would take
longer to start than to run. A CUDA graph starts them all at once. It wants the same shapes and
addresses every time, so batches are filled up to the next of a few sizes.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from fer_ros.errors import DeviceError, ModelError
from fer_ros.inference.engine import LoadedNet
from fer_ros.inference.manifest import Manifest
from fer_ros.inference.torch_graph import TorchGraph
from fer_ros.types import Float32

BATCHES = (1, 4, 16, 64)
_WARM_UP = 3  # runs before a recording: cuDNN chooses its kernels in the first


@dataclass(frozen=True, slots=True)
class _Recording:
    """One batch size: where its input goes, what to replay, where its output comes."""

    graph: Any
    inputs: Mapping[str, Tensor]
    outputs: tuple[Tensor, ...]


class TorchEngine(LoadedNet):
    """Runs one model with torch; on the CPU too, for tests and parity."""

    def __init__(
        self,
        manifest: Manifest,
        device: str = 'cuda',
        *,
        reason: str = 'chosen',
    ) -> None:
        """Load the model onto the device; raises ModelError where that fails."""
        try:
            self._graph = TorchGraph(manifest.file, device)
        except RuntimeError as error:
            if isinstance(error, ModelError):
                raise
            raise ModelError(f"model '{manifest.id}': torch can not load it: {error}") from None
        missing = {manifest.input.name} - set(self._graph.inputs)
        missing |= set(manifest.outputs) - set(self._graph.outputs)
        if missing:
            raise ModelError(
                f"model '{manifest.id}': expected {sorted(missing)}, found the inputs "
                f'{list(self._graph.inputs)} and outputs {list(self._graph.outputs)}; correct the '
                'manifest'
            )
        self._places = [self._graph.outputs.index(name) for name in manifest.outputs]
        precision = manifest.options.get('precision', 'fp32')
        super().__init__(manifest, f'torch-{self._graph.device.type} {precision}', reason)
        self._recordings: dict[tuple[Any, ...], _Recording] = {}
        self._lock = threading.Lock()

    @property
    def graph(self) -> TorchGraph:
        """The net itself, for what runs it among other torch calls."""
        return self._graph

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        """Run (N, C, H, W) float32 and return the manifest's outputs, in its order."""
        feeds = {self._manifest.input.name: batch, **others}
        parts = []
        try:
            with self._lock, torch.inference_mode():
                for start in range(0, len(batch), BATCHES[-1]):
                    rows = {k: v[start : start + BATCHES[-1]] for k, v in feeds.items()}
                    parts.append(self._run(rows))
        except RuntimeError as error:  # torch's CUDA errors, out of memory among them
            text = str(error).splitlines()[0]
            raise DeviceError(f"model '{self._manifest.id}': {text}") from None
        return tuple(np.concatenate(columns) for columns in zip(*parts))

    def _run(self, feeds: Mapping[str, Float32]) -> tuple[Float32, ...]:
        """Run at most the largest batch."""
        count = len(next(iter(feeds.values())))
        tensors = {name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in feeds.items()}
        if self._graph.device.type == 'cpu':
            outputs = self._graph(tensors)
            return tuple(outputs[place].numpy() for place in self._places)
        recording = self._recording(tensors, next(size for size in BATCHES if size >= count))
        for name, tensor in tensors.items():
            recording.inputs[name][:count].copy_(tensor, non_blocking=True)
        recording.graph.replay()
        return tuple(recording.outputs[place][:count].cpu().numpy() for place in self._places)

    def _recording(self, tensors: Mapping[str, Tensor], size: int) -> _Recording:
        """Return the recording for a batch size, made when it is first needed."""
        key = (size, *((name, tensor.shape[1:]) for name, tensor in sorted(tensors.items())))
        if key not in self._recordings:
            device = self._graph.device
            inputs = {
                name: torch.zeros((size, *tensor.shape[1:]), device=device)
                for name, tensor in tensors.items()
            }
            graph, outputs = record(lambda: self._graph(inputs))
            self._recordings[key] = _Recording(graph, inputs, outputs)
        return self._recordings[key]


def use_one_thread() -> None:
    """Keep torch from taking every core, where its threads wait for each other."""
    torch.set_num_threads(1)


def cuda_refusal() -> str:
    """Return why torch can not use CUDA, or '' where it can."""
    if torch.version.cuda is None:
        return 'this torch is built for the CPU: install a build with CUDA'
    if not torch.cuda.is_available():
        return f'torch {torch.__version__} can not start CUDA {torch.version.cuda} on this driver'
    return ''


def record(call: Any) -> tuple[Any, Any]:
    """Record what a function does on the GPU; return the CUDA graph and the function's result.

    float32 stays float32: TF32, torch's default in convolutions, costs the meshes 0.1 px.
    """
    with torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=False):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UP):
                call()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = call()
    return graph, result
