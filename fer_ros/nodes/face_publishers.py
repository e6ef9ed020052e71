"""The topics of each face: they open with the face and close with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hri_msgs.msg import (
    Expression,
    FacialActionUnits,
    FacialLandmarks,
    NormalizedRegionOfInterest2D,
)
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from fer_ros.alignment import align, crop
from fer_ros.nodes import conversions
from fer_ros.types import FaceState, Frame

# libhri subscribes reliable and volatile; a publisher that offers less is never matched.
RESULT_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)

TOPICS: dict[str, type] = {
    'roi': NormalizedRegionOfInterest2D,
    'cropped': Image,
    'aligned': Image,
    'landmarks': FacialLandmarks,
    'facs': FacialActionUnits,
    'expression': Expression,
}


@dataclass(slots=True)
class _Open:
    """The publishers of one face, and the last label that was vouched for."""

    publishers: dict[str, Any]
    last_certain: str = 'neutral'


class FacePublishers:
    """Publishes faces on ``/humans/faces/<id>/…``."""

    def __init__(self, node: Any) -> None:
        """Publish through a node; no topic is open yet."""
        self._node = node
        self._open: dict[str, _Open] = {}

    def publish(
        self, state: FaceState, frame: Frame, header: Any, *, alias: str, aligned_size_px: int
    ) -> None:
        """Publish all that is known of one face."""
        entry = self._entry(state.face.face_id)
        if not state.abstained:
            entry.last_certain = state.label
        send = entry.publishers
        send['roi'].publish(conversions.roi_from(state.face.roi, state.face.score, frame, header))
        send['landmarks'].publish(conversions.landmarks_from(state, frame, header))
        send['facs'].publish(conversions.facs_from(state, header))
        send['expression'].publish(
            conversions.expression_from(state, entry.last_certain, alias, header)
        )
        # Images cost bandwidth: only while someone looks.
        if send['cropped'].get_subscription_count():
            pixels = crop(frame, state.face.roi)
            send['cropped'].publish(conversions.image_from(pixels, header))
        if send['aligned'].get_subscription_count():
            pixels = align(frame, state.face, aligned_size_px).pixels
            send['aligned'].publish(conversions.image_from(pixels, header))

    def keep(self, face_ids: tuple[str, ...]) -> None:
        """Close the topics of every face but these."""
        for face_id in set(self._open) - set(face_ids):
            for publisher in self._open.pop(face_id).publishers.values():
                self._node.destroy_publisher(publisher)

    def _entry(self, face_id: str) -> _Open:
        """Return the topics of a face, opened at its first frame."""
        if face_id not in self._open:
            self._open[face_id] = _Open(
                {
                    name: self._node.create_publisher(
                        kind, f'/humans/faces/{face_id}/{name}', RESULT_QOS
                    )
                    for name, kind in TOPICS.items()
                }
            )
        return self._open[face_id]
