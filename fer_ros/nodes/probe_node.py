"""What the middleware costs: images out at a steady rate, results back, and when each came."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import rclpy
from fer_msgs.msg import FaceExpressionArray
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.nodes import conversions
from fer_ros.types import Frame

NS_PER_S = 1_000_000_000
CAMERA_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=5, reliability=ReliabilityPolicy.RELIABLE
)


@dataclass(slots=True)
class Probe:
    """When results came.

    :param total_ms: image stamp to message, of each result.
    :param inference_ms: the part of it that decoding and inference took.
    :param faces: in the last one.
    """

    sent: int = 0
    total_ms: list[float] = field(default_factory=list)
    inference_ms: list[float] = field(default_factory=list)
    faces: int = 0

    @property
    def transport_ms(self) -> list[float]:
        """What is left: both ways through the middleware, waiting and conversion."""
        return [total - own for total, own in zip(self.total_ms, self.inference_ms)]


class ProbeNode(Node):
    """A camera that also hears what is said of its images."""

    def __init__(self) -> None:
        """Open both topics."""
        super().__init__('fer_probe')
        self.probe = Probe()
        self._images = self.create_publisher(Image, 'image', CAMERA_QOS)
        self.create_subscription(FaceExpressionArray, '/fer/expressions', self._on_result, 10)

    def wait_for_perception(self, limit_s: float) -> bool:
        """Wait until somebody takes the images; return whether somebody does."""
        deadline_s = time.monotonic() + limit_s
        while not self._images.get_subscription_count():
            if time.monotonic() > deadline_s:
                return False
            rclpy.spin_once(self, timeout_sec=0.01)
        return True

    def send(self, frames: Sequence[Frame], rate_hz: float, seconds: float) -> Probe:
        """Send frames in turn at a rate, and return what came back."""
        self.probe = Probe()
        messages = [conversions.image_from(frame.pixels, Header()) for frame in frames]
        began_s = time.monotonic()
        for index in range(round(seconds * rate_hz)):
            self._spin_until(began_s + index / rate_hz)
            message = messages[index % len(messages)]
            stamp = conversions.ns_to_stamp(time.time_ns())
            message.header = Header(stamp=stamp, frame_id='probe')
            self._images.publish(message)
            self.probe.sent += 1
        self._spin_until(time.monotonic() + 0.5)
        return self.probe

    def _spin_until(self, due_s: float) -> None:
        while (left_s := due_s - time.monotonic()) > 0:
            rclpy.spin_once(self, timeout_sec=left_s)

    def _on_result(self, message: FaceExpressionArray) -> None:
        total_ns = time.time_ns() - conversions.stamp_to_ns(message.header.stamp)
        self.probe.total_ms.append(total_ns / 1e6)
        self.probe.inference_ms.append(float(message.inference_ms))
        self.probe.faces = len(message.faces)
