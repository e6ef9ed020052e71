"""The topics of each face: they open with the face and close with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
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

TRACKED = '/humans/faces/tracked'
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

    def __init__(self, node: Any, topics: Collection[str] = tuple(TOPICS)) -> None:
        """Publish through a node; no topic is open yet.

        :param topics: those of TOPICS that are ours.
        """
        self._node = node
        self._topics = topics
        self._open: dict[str, _Open] = {}

    def publish(
        self, state: FaceState, frame: Frame, header: Any, *, alias: str, aligned_size_px: int
    ) -> None:
        """Publish what is known of one face to those who listen."""
        entry = self._entry(state.face.face_id)
        if not state.abstained:
            entry.last_certain = state.label
        face = state.face
        makers: dict[str, Callable[[], Any]] = {
            'roi': lambda: conversions.roi_from(face.roi, face.score, frame, header),
            'cropped': lambda: conversions.image_from(crop(frame, face.roi), header),
            'aligned': lambda: conversions.image_from(
                align(frame, face, aligned_size_px).pixels, header
            ),
            'landmarks': lambda: conversions.landmarks_from(state, frame, header),
            'facs': lambda: conversions.facs_from(state, header),
            'expression': lambda: conversions.expression_from(
                state, entry.last_certain, alias, header
            ),
        }
        for name, publisher in entry.publishers.items():
            if publisher.get_subscription_count():  # to make what nobody hears costs the most
                publisher.publish(makers[name]())

    def keep(self, face_ids: tuple[str, ...]) -> None:
        """Close the topics of every face but these."""
        self.close(set(self._open) - set(face_ids))

    def close(self, face_ids: Iterable[str]) -> None:
        """Close the topics of some faces, where they are open."""
        for face_id in face_ids:
            entry = self._open.pop(face_id, None)
            for publisher in entry.publishers.values() if entry is not None else ():
                self._node.destroy_publisher(publisher)

    def _entry(self, face_id: str) -> _Open:
        """Return the topics of a face, opened at its first frame."""
        if face_id not in self._open:
            self._open[face_id] = _Open(
                {
                    name: self._node.create_publisher(
                        TOPICS[name], f'/humans/faces/{face_id}/{name}', RESULT_QOS
                    )
                    for name in self._topics
                }
            )
        return self._open[face_id]
