"""All that perception publishes of a frame."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fer_msgs.msg import ExpressionEvent, FaceExpression, FaceExpressionArray
from hri_msgs.msg import IdsList
from std_msgs.msg import Header, String
from tf2_msgs.msg import TFMessage

from fer_ros.nodes import conversions, running
from fer_ros.nodes.face_publishers import RESULT_QOS, TRACKED, FacePublishers
from fer_ros.pipeline import FrameResult
from fer_ros.types import ExpressionEvent as Event
from fer_ros.types import Frame

LAST_S = 0.1  # the longest wait for those who have not received the last list yet


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a frame took, and how many there were since the node became active."""

    latency_ms: float
    inference_ms: float
    processed: int
    dropped: int


def _is_heard(publisher: Any) -> bool:
    """Tell whether anybody listens: to make a message costs more than to ask."""
    return bool(publisher.get_subscription_count())


class Outputs:
    """The topics of all faces together, and those of each face."""

    def __init__(self, node: Any, *, publish_json: bool) -> None:
        """Open the topics that do not depend on a face."""
        self._node = node
        self._alone = True
        self._tracked = node.create_publisher(IdsList, TRACKED, RESULT_QOS)
        self._expressions = node.create_publisher(FaceExpressionArray, '~/expressions', RESULT_QOS)
        self._events = node.create_publisher(ExpressionEvent, '~/events', RESULT_QOS)
        self._json = (
            node.create_publisher(String, '~/expressions_json', RESULT_QOS)
            if publish_json
            else None
        )
        # Plain tf2_msgs: the transforms are few, and no buffer nor listener is needed.
        self._tf = node.create_publisher(TFMessage, '/tf', 100)
        self._faces = FacePublishers(node)

    def publish(
        self,
        result: FrameResult,
        frame: Frame,
        header: Any,
        timing: Timing,
        values: Mapping[str, Any],
        *,
        metric: bool,
        model_ids: tuple[str, ...],
    ) -> None:
        """Publish a frame's result under the image's own header.

        :param metric: the camera is calibrated, so that transforms are in metres.
        """
        self._tracked.publish(IdsList(header=header, ids=list(result.tracked)))
        for state in result.states:
            self._faces.publish(
                state,
                frame,
                header,
                alias=str(values['contempt_alias']),
                aligned_size_px=int(values['aligned_size_px']),
            )
        self._faces.keep(result.tracked)
        if metric and values['publish_tf'] and result.states and _is_heard(self._tf):
            transforms = [
                transform
                for state in result.states
                for transform in conversions.transforms_from(state, header)
            ]
            self._tf.publish(TFMessage(transforms=transforms))
        if self._json is not None or _is_heard(self._expressions):
            faces = [
                conversions.face_expression_from(state, frame, model_ids)
                for state in result.states
            ]
            self._tell_faces(faces, header, timing)
        self.tell(result.events, header)

    def _tell_faces(self, faces: list[FaceExpression], header: Any, timing: Timing) -> None:
        message = FaceExpressionArray(
            header=header,
            faces=faces,
            latency_ms=timing.latency_ms,
            inference_ms=timing.inference_ms,
            frames_processed=timing.processed,
            frames_dropped=timing.dropped,
        )
        self._expressions.publish(message)
        if self._json is not None:
            text = json.dumps(conversions.as_json(message), separators=(',', ':'))
            self._json.publish(String(data=text))

    def tell(self, events: Iterable[Event], header: Any) -> None:
        """Publish what has become of expressions."""
        for event in events:
            self._events.publish(conversions.event_from(event, header))

    def warn_of_another_owner(self) -> None:
        """Say once where another node publishes the list of faces too: REP-155 knows one owner."""
        if self._alone and self._node.count_publishers(TRACKED) > 1:
            self._alone = False
            self._node.get_logger().warning(
                f'{TRACKED}: expected one publisher, found another one beside this node; set '
                "mode to add_on to take that node's faces, or stop one of the two"
            )

    def clear(self, stamp: Any) -> None:
        """Say that nobody is tracked any more, and close the faces' topics."""
        # In a program that leaves the graph on its own terms, nothing can be said any more.
        if running.ok():
            self._tracked.publish(IdsList(header=Header(stamp=stamp), ids=[]))
        self._faces.keep(())

    def close(self, stamp: Any) -> None:
        """Say that nobody is tracked any more and close every topic."""
        self.clear(stamp)
        running.let_arrive([self._tracked], LAST_S)
        for publisher in (self._tracked, self._expressions, self._events, self._json, self._tf):
            if publisher is not None:
                self._node.destroy_publisher(publisher)
