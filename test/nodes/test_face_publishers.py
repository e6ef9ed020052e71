"""The topics of a face, seen from a node that only notes what is asked of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import made_faces
from std_msgs.msg import Header

from fer_ros.nodes.face_publishers import RESULT_QOS, TOPICS, FacePublishers


class Notes:
    """A node that opens and closes nothing."""

    def __init__(self) -> None:
        self.open: dict[str, SimpleNamespace] = {}

    def create_publisher(self, kind: type, topic: str, qos: Any) -> Any:
        sent: list[Any] = []
        made = SimpleNamespace(
            topic=topic, kind=kind, qos=qos, sent=sent, publish=sent.append,
            get_subscription_count=lambda: 0,
        )  # fmt: skip
        self.open[topic] = made
        return made

    def destroy_publisher(self, publisher: Any) -> None:
        del self.open[publisher.topic]


def publish(faces: FacePublishers, face_id: str) -> None:
    state = made_faces.state(face=made_faces.face(face_id=face_id))
    faces.publish(state, made_faces.frame(), Header(), alias='skeptical', aligned_size_px=64)


def test_topics_live_as_long_as_their_face() -> None:
    node = Notes()
    faces = FacePublishers(node)
    publish(faces, 'a')
    publish(faces, 'b')
    publish(faces, 'b')
    assert set(node.open) == {f'/humans/faces/{face}/{name}' for face in 'ab' for name in TOPICS}
    assert all(publisher.qos is RESULT_QOS for publisher in node.open.values())
    assert len(node.open['/humans/faces/b/roi'].sent) == 2
    assert not node.open['/humans/faces/b/cropped'].sent  # nobody looks
    faces.keep(('a',))
    assert set(node.open) == {f'/humans/faces/a/{name}' for name in TOPICS}
    faces.keep(())
    assert not node.open
