from __future__ import annotations

import pytest

from fer_ros.errors import ModelError
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task


@pytest.mark.parametrize('device', [Device.AUTO, Device.CPU])
def test_runs_on_the_cpu(device: Device) -> None:
    engine = load_engine('facemesh-468', Task.FACE_LANDMARKS, device)
    assert engine.manifest.id == 'facemesh-468'
    assert 'cpu' in engine.backend


@pytest.mark.parametrize('device', [Device.CUDA, Device.TENSORRT])
def test_a_device_that_can_not_be_had_is_refused(device: Device) -> None:
    with pytest.raises(ModelError) as caught:
        load_engine('facemesh-468', Task.FACE_LANDMARKS, device)
    assert str(caught.value) == (
        f'device: expected auto or cpu, found {device.value}, which this version can not run on; '
        'set device to auto'
    )


def test_a_wrong_model_is_told_before_the_device() -> None:
    with pytest.raises(ModelError, match="model 'nobody'"):
        load_engine('nobody', Task.FACE_LANDMARKS, Device.CUDA)
