"""The camera's topics: images to the worker, intrinsics beside them, QoS compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from fer_ros.nodes.conversions import type_name
from fer_ros.nodes.newest import Newest
from fer_ros.nodes.worker import Worker


class CameraInput:
    """Subscribes to ``image`` (or ``image/compressed``) and ``camera_info``.

    With ``image_reliability: auto`` the image is asked for as reliable while everybody who
    publishes it is: parts of large images get lost on the way, and are sent again only then.
    """

    def __init__(self, node: Any, values: Mapping[str, Any], worker: Worker) -> None:
        """Open both topics for a node."""
        self._node = node
        compressed = values['image_transport'] == 'compressed'
        # image_transport hangs its suffix on the remapped name, which a remap rule would miss.
        raw = node.resolve_topic_name('image')
        self.topic, self._other = raw, f'{raw}/compressed'
        if compressed:
            self.topic, self._other = self._other, self.topic
        self._kind = CompressedImage if compressed else Image
        self._type = type_name(self._kind)
        self._worker = worker
        self._depth = int(values['image_depth'])
        self._is_auto = values['image_reliability'] == 'auto'
        self._reliable = values['image_reliability'] == 'reliable'
        self._info = Newest(node, CameraInfo, 'camera_info', self._qos())
        self._images = self._open()
        self._compared = False
        node.get_logger().info(f'listening to {self.topic}')

    @property
    def hint(self) -> str:
        """What may be wrong where nobody publishes the image."""
        for publisher in self._node.get_publishers_info_by_topic(self._other):
            form = 'raw' if publisher.topic_type == type_name(Image) else 'compressed'
            name = self._other if form == 'raw' else self._other.removesuffix('/compressed')
            return f'{self._other} is published: set image to {name}, image_transport to {form}'
        return 'does the camera run, and is image remapped to it?'

    def close(self) -> None:
        """Close both topics."""
        self._node.destroy_subscription(self._images)
        self._info.close()

    def fall_silent(self) -> None:
        """Have everybody forgotten whom the images showed."""
        self._worker.leave('')

    def _on_image(self, message: Any) -> None:
        """Hand an image on, and before it what has come of the camera's calibration."""
        if (info := self._info.take()) is not None:
            self._worker.calibrate(info)
        self._worker.offer(message)

    def compare(self, *, silent: bool) -> None:
        """Ask for what the publishers offer, where that is to be; tell once why nothing comes.

        :param silent: whether no image has come yet.
        """
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        if self._is_auto:
            self._suit([one for one in publishers if one.topic_type == self._type])
        if not silent or self._compared:
            return
        for publisher in publishers:
            if reason := self._unheard(publisher):
                self._compared = True
                self._node.get_logger().warning(f'{self.topic}: {reason}')
                return

    def _suit(self, publishers: list[Any]) -> None:
        """Listen anew where all have become reliable, or one has come who is not."""
        offered = [one.qos_profile.reliability for one in publishers]
        reliable = all(one == ReliabilityPolicy.RELIABLE for one in offered)
        if not offered or reliable == self._reliable:
            return
        self._reliable = reliable
        self._node.destroy_subscription(self._images)
        self._images = self._open()
        kind = 'reliable' if reliable else 'best-effort'
        self._node.get_logger().info(f'listening to {self.topic} as {kind}, as its publishers are')

    def _open(self) -> Any:
        return self._node.create_subscription(self._kind, self.topic, self._on_image, self._qos())

    def _qos(self) -> QoSProfile:
        return QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=self._depth,
            reliability=(
                ReliabilityPolicy.RELIABLE if self._reliable else ReliabilityPolicy.BEST_EFFORT
            ),
        )

    def _unheard(self, publisher: Any) -> str:
        """Return why nothing of a publisher arrives, or ''."""
        if publisher.topic_type != self._type:
            return (
                f'expected {self._type}, found {publisher.topic_type} of {publisher.node_name}; '
                'set image to the name of the raw topic, and image_transport to raw or compressed'
            )
        if self._reliable and publisher.qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT:
            return (
                'expected a reliable publisher, found a best-effort one in '
                f'{publisher.node_name}, so nothing arrives; set image_reliability to auto'
            )
        return ''
