"""Beside a node that finds faces: its cut-out faces in, expressions and action units out.

Of what others publish nothing is published again: REP-155 knows one owner of the list of faces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

from fer_msgs.msg import ExpressionEvent
from hri_msgs.msg import IdsList
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.nodes import conversions, parameters
from fer_ros.nodes.face_publishers import RESULT_QOS, TRACKED, FacePublishers
from fer_ros.nodes.outputs import Timing
from fer_ros.nodes.recognition import went_back_s
from fer_ros.pipeline import CropPipeline, FrameResult
from fer_ros.types import CameraIntrinsics, Frame
from fer_ros.types import ExpressionEvent as Event

OURS = ('facs', 'expression')
# Best effort hears any publisher.
_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.BEST_EFFORT
)
_ID = re.compile(r'[A-Za-z_]\w*', re.ASCII)


class CropRecognition:
    """Pictures of single faces through the pipeline to the topics that are ours."""

    def __init__(self, node: Any, pipeline: CropPipeline, values: Mapping[str, Any]) -> None:
        """Open the topic that does not depend on a face.

        :param values: the parameters that the pipeline was made of.
        """
        self._node, self._pipeline, self._values = node, pipeline, values
        self._events = node.create_publisher(ExpressionEvent, '~/events', RESULT_QOS)
        self._faces = FacePublishers(node, OURS)
        self._last_ns: dict[str, int] = {}

    def leave(self, face_id: str, stamp: Any) -> None:
        """End what a face was expressing that is tracked no more, and close its topics."""
        self._last_ns.pop(face_id, None)
        self._tell(self._pipeline.forget([face_id]), Header(stamp=stamp))
        self._faces.close([face_id])

    def apply(self, values: Mapping[str, Any]) -> None:
        """Take parameters, handed to the pipeline where they are others than before."""
        if values is not self._values:
            self._pipeline.configure(parameters.pipeline_config(values))
            self._values = values

    def recognise(
        self, frame: Frame, intrinsics: CameraIntrinsics | None, face_id: str = ''
    ) -> FrameResult:
        """Take a face's next picture; raises FrameError where it is not after its last one."""
        last_ns = self._last_ns.get(face_id, frame.stamp_ns)
        if back_s := went_back_s(last_ns, frame.stamp_ns):
            self._node.get_logger().warning(
                f'face {face_id}: time went back by {back_s:.2f} s: its past is forgotten'
            )
            self.leave(face_id, conversions.ns_to_stamp(last_ns))
        self._last_ns[face_id] = frame.stamp_ns
        return self._pipeline.process_crop(face_id, frame)

    def publish(self, result: FrameResult, frame: Frame, header: Any, timing: Timing) -> None:
        """Publish what was found under the header of the picture."""
        for state in result.states:
            self._faces.publish(
                state, frame, header, alias=str(self._values['contempt_alias']), aligned_size_px=1
            )
        self._tell(result.events, header)

    def end(self, stamp: Any) -> None:
        """End what every face was expressing: no more pictures come."""
        self._tell(self._pipeline.end(), Header(stamp=stamp))

    def close(self, stamp: Any) -> None:
        """Close every topic."""
        self._faces.keep(())
        self._node.destroy_publisher(self._events)

    def _tell(self, events: tuple[Event, ...], header: Any) -> None:
        for event in events:
            self._events.publish(conversions.event_from(event, header))


class Taker(Protocol):
    """Takes pictures of faces, as the worker does."""

    def offer(self, message: Any, face_id: str = '') -> None:
        """Take a picture."""

    def heard(self) -> None:
        """Take note that somebody publishes, with or without faces."""

    def leave(self, face_id: str) -> None:
        """Forget a face that is tracked no more."""


class FaceTopics:
    """Hears who is tracked, and each one's aligned picture."""

    hint = 'does a node that finds faces publish it?'
    topic = TRACKED

    def __init__(self, node: Any, values: Mapping[str, Any], worker: Taker) -> None:
        """Open the list of faces."""
        self._node, self._worker = node, worker
        self._most = int(values['max_faces'])
        self._faces: dict[str, Any] = {}
        self._list = node.create_subscription(IdsList, TRACKED, self._on_tracked, _QOS)
        node.get_logger().info(f'listening to {TRACKED}')

    def close(self) -> None:
        """Close all topics."""
        for subscription in (self._list, *self._faces.values()):
            self._node.destroy_subscription(subscription)
        self._faces.clear()

    def compare(self, *, silent: bool) -> None:
        """Have nothing to say: best effort hears all."""

    def fall_silent(self) -> None:
        """Have forgotten whom pictures showed; who is in the list may be shown again."""
        for face_id in self._faces:
            self._worker.leave(face_id)

    def _on_tracked(self, message: Any) -> None:
        """Open the topics of who has come, close those of who has gone."""
        self._worker.heard()
        ids = [face_id for face_id in message.ids if self._is_usable(face_id)][: self._most]
        for face_id in set(self._faces) - set(ids):
            self._node.destroy_subscription(self._faces.pop(face_id))
            self._worker.leave(face_id)
        for face_id in ids:
            if face_id not in self._faces:
                self._faces[face_id] = self._node.create_subscription(
                    Image,
                    f'/humans/faces/{face_id}/aligned',
                    partial(self._worker.offer, face_id=face_id),
                    _QOS,
                )

    def _is_usable(self, face_id: str) -> bool:
        """Tell whether an id can be part of a topic's name."""
        if _ID.fullmatch(face_id):
            return True
        self._node.get_logger().warning(
            f'{TRACKED}: expected ids of letters, digits and _, found {face_id!r}; it is left out',
            throttle_duration_sec=5.0,
        )
        return False
