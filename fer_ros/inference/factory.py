"""Which backend runs a model: the user's choice, or the best that is there."""

from __future__ import annotations

from enum import Enum

from fer_ros.errors import ModelError
from fer_ros.inference.engine import Engine
from fer_ros.inference.manifest import Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest


class Device(str, Enum):
    """Where nets run."""

    AUTO = 'auto'
    CPU = 'cpu'
    CUDA = 'cuda'
    TENSORRT = 'tensorrt'


def load_engine(name: str, task: Task, device: Device = Device.AUTO) -> Engine:
    """Load a model by id or manifest path.

    :raises ModelError: no such model, a corrupt file, or a device that can not be had.
    """
    manifest = find_manifest(name, task)
    if device in (Device.AUTO, Device.CPU):
        return OnnxRuntimeEngine(manifest)
    raise ModelError(
        f'device: expected auto or cpu, found {device.value}, which this version can not run on; '
        'set device to auto'
    )
