"""Hears everything that perception publishes, and the images that it sees."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from fer_msgs.msg import ExpressionEvent, FaceExpressionArray
from hri_msgs.msg import (
    Expression,
    FacialActionUnits,
    FacialLandmarks,
    IdsList,
    NormalizedRegionOfInterest2D,
)
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage

from fer_ros.nodes import conversions
from fer_ros.types import Float32, Frame

# Deep and reliable: a recorder may fall behind for a moment, but misses nothing.
QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=200, reliability=ReliabilityPolicy.RELIABLE
)
FACE_TOPICS = {
    'roi': NormalizedRegionOfInterest2D,
    'landmarks': FacialLandmarks,
    'facs': FacialActionUnits,
    'expression': Expression,
}


class Sink(Protocol):
    """What a recorder does with what it hears."""

    def message(self, topic: str, typename: str, data: bytes, stamp_ns: int) -> None:
        """Take a message as CDR and when it came."""

    def frame(self, frame: Frame) -> None:
        """Take an image."""

    def expressions(self, message: Any) -> None:
        """Take a FaceExpressionArray."""

    def event(self, message: Any) -> None:
        """Take an ExpressionEvent."""

    def landmarks(self, face_id: str, stamp_ns: int, shares: Float32) -> None:
        """Take (70, 2) landmarks in shares of the image of that stamp."""

    def diagnostics(self, message: Any) -> None:
        """Take a DiagnosticArray."""


class RecordNode(Node):
    """Hands images and results of one perception node to a sink."""

    def __init__(self, sink: Sink, *, perception: str = '/fer', **kwargs: Any) -> None:
        """Open the topics that are there from the start; faces bring their own."""
        super().__init__('fer_record', **kwargs)
        self._sink = sink
        self._expressions = f'{perception}/expressions'
        self._faces: dict[str, list[Any]] = {}
        self._sequence = 0
        self.create_subscription(Image, 'image', self._on_image, QOS)
        self._record('camera_info', CameraInfo)
        self._record('/humans/faces/tracked', IdsList, self._on_tracked)
        self._record(self._expressions, FaceExpressionArray, sink.expressions)
        self._record(f'{perception}/events', ExpressionEvent, sink.event)
        self._record('/diagnostics', DiagnosticArray, sink.diagnostics)
        self._record('/tf', TFMessage)

    def perception_is_active(self) -> bool:
        """Tell whether perception has opened its topics."""
        return self.count_publishers(self._expressions) > 0

    def _record(self, topic: str, kind: type, then: Any = None) -> Any:
        """Subscribe to the bytes of a topic, and to its messages where somebody wants them."""
        name = self.resolve_topic_name(topic)
        typename = conversions.type_name(kind)

        def on_message(data: bytes) -> None:
            now_ns = self.get_clock().now().nanoseconds
            self._sink.message(name, typename, data, now_ns)
            if then is not None:
                then(deserialize_message(data, kind))

        return self.create_subscription(kind, topic, on_message, QOS, raw=True)

    def _on_image(self, message: Any) -> None:
        size = message.width * message.height
        self._sink.frame(conversions.frame_from(message, self._sequence, max(size, 1)))
        self._sequence += 1

    def _on_tracked(self, message: Any) -> None:
        """Follow faces as they come and go."""
        for face_id in set(message.ids) - set(self._faces):
            self._faces[face_id] = [
                self._record(
                    f'/humans/faces/{face_id}/{name}',
                    kind,
                    self._landmarks_of(face_id) if name == 'landmarks' else None,
                )
                for name, kind in FACE_TOPICS.items()
            ]
        for face_id in set(self._faces) - set(message.ids):
            for subscription in self._faces.pop(face_id):
                self.destroy_subscription(subscription)

    def _landmarks_of(self, face_id: str) -> Any:
        """Return what takes the landmarks of one face."""

        def on_landmarks(message: Any) -> None:
            shares = np.array([(point.x, point.y) for point in message.landmarks], np.float32)
            stamp_ns = conversions.stamp_to_ns(message.header.stamp)
            self._sink.landmarks(face_id, stamp_ns, shares)

        return on_landmarks
