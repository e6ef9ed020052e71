"""The camera's topics: images to the worker, intrinsics beside them, QoS compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from fer_ros.nodes.newest import Newest
from fer_ros.nodes.worker import Worker


class CameraInput:
    """Subscribes to ``image`` (or ``image/compressed``) and ``camera_info``."""

    hint = 'does the camera run, and is image remapped to it?'

    def __init__(self, node: Any, values: Mapping[str, Any], worker: Worker) -> None:
        """Open both topics for a node."""
        self._node = node
        compressed = values['image_transport'] == 'compressed'
        # image_transport hangs its suffix on the remapped name, which a remap rule would miss.
        self.topic = node.resolve_topic_name('image') + ('/compressed' if compressed else '')
        self._reliable = values['image_reliability'] == 'reliable'
        qos = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=int(values['image_depth']),
            reliability=(
                ReliabilityPolicy.RELIABLE if self._reliable else ReliabilityPolicy.BEST_EFFORT
            ),
        )
        kind = CompressedImage if compressed else Image
        self._worker = worker
        self._info = Newest(node, CameraInfo, 'camera_info', qos)
        self._images = node.create_subscription(kind, self.topic, self._on_image, qos)
        self._compared = False
        node.get_logger().info(f'listening to {self.topic}')

    def close(self) -> None:
        """Close both topics."""
        self._node.destroy_subscription(self._images)
        self._info.close()

    def _on_image(self, message: Any) -> None:
        """Hand an image on, and before it what has come of the camera's calibration."""
        if (info := self._info.take()) is not None:
            self._worker.calibrate(info)
        self._worker.offer(message)

    def compare_qos(self) -> None:
        """Say once how to hear a camera that offers less than is asked of it."""
        if self._compared or not self._reliable:
            return
        for publisher in self._node.get_publishers_info_by_topic(self.topic):
            if publisher.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT:
                self._compared = True
                self._node.get_logger().warning(
                    f'{self.topic}: expected a reliable publisher, found a best-effort one in '
                    f'{publisher.node_name}, so nothing arrives; set image_reliability to '
                    'best_effort'
                )
                return
