"""A GPU that fails in mid-run: the node goes on and says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from listener import Listener
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image

from fer_ros.errors import DeviceError
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.serving import ServingEngine
from fer_ros.nodes.perception_node import PerceptionNode
from fer_ros.pipeline import loading
from fer_ros.sources import open_source
from fer_ros.types import Float32

pytestmark = pytest.mark.xdist_group('dds')
WORKS = 3


class LostGpu:
    """An engine like the CPU's that fails for ever after some calls."""

    backend, reason = 'fake-cuda fp16', 'a fake'

    def __init__(self, engine: Any) -> None:
        self._engine, self.manifest, self.calls = engine, engine.manifest, 0

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        self.calls += 1
        if self.calls > WORKS:
            raise DeviceError('CUDA error: unspecified launch failure')
        return self._engine.run(batch, **others)


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[PerceptionNode]:
    def load(name: str, task: Any, *_: Any) -> ServingEngine:
        spare = load_engine(name, task, Device.CPU)
        return ServingEngine(LostGpu(spare), spare)

    monkeypatch.setattr(loading, 'load_engine', load)
    # No image is too old, however slow the machine: it would never be answered.
    made = PerceptionNode(parameter_overrides=[Parameter('max_age_s', value=0.0)])
    yield made
    made.destroy_node()


def status_of(listener: Listener) -> tuple[Any, dict[str, str]]:
    """Return message and values of the last diagnostics."""
    status = listener.heard['diagnostics'][-1].status[0]
    return status.message, {item.key: item.value for item in status.values}


def answered(listener: Listener, count: int) -> None:
    listener.spin_until(lambda: len(listener.heard['expressions']) >= count, 'an answer')


def test_no_frame_is_lost_with_the_gpu(
    node: PerceptionNode, listener: Listener, sample: Path
) -> None:
    camera = listener.create_publisher(Image, 'image', 10)
    node.trigger_configure()
    node.trigger_activate()
    listener.executor_.add_node(node)
    listener.spin_until(lambda: camera.get_subscription_count() > 0, 'the node')
    with open_source(sample) as source:
        pixels = next(iter(source)).pixels
    sent = 0
    while len(listener.heard['expressions']) < 2 * WORKS + 2:
        sent += 1
        message = Image(
            height=pixels.shape[0], width=pixels.shape[1], encoding='rgb8',
            step=pixels.shape[1] * 3, data=pixels.tobytes(),
        )  # fmt: skip
        message.header.stamp = listener.get_clock().now().to_msg()
        camera.publish(message)
        answered(listener, sent)
    assert all(len(message.faces) == 1 for message in listener.heard['expressions'])
    listener.spin_until(
        lambda: bool(listener.heard['diagnostics']) and 'the GPU failed' in status_of(listener)[0],
        'a warning',
    )
    _, values = status_of(listener)
    assert 'onnxruntime-cpu fp32' in values['backend']
    assert 'fake-cuda fp16 failed in mid-run (CUDA error: unspecified' in values['backend_reason']
    assert values['drops_error'] == '0'
