"""The topics of a face, seen from a node that only notes what is asked of it."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import made_faces
import pytest
from std_msgs.msg import Header

from fer_ros.nodes import conversions
from fer_ros.nodes.face_publishers import RESULT_QOS, TOPICS, FacePublishers


class Notes:
    """A node that opens and closes nothing; somebody listens to some of each face's topics."""

    def __init__(self, heard: Collection[str]) -> None:
        self.open: dict[str, SimpleNamespace] = {}
        self._heard = heard

    def create_publisher(self, kind: type, topic: str, qos: Any) -> Any:
        sent: list[Any] = []
        made = SimpleNamespace(
            topic=topic, kind=kind, qos=qos, sent=sent, publish=sent.append,
            get_subscription_count=lambda: int(topic.rpartition('/')[2] in self._heard),
        )  # fmt: skip
        self.open[topic] = made
        return made

    def destroy_publisher(self, publisher: Any) -> None:
        del self.open[publisher.topic]


def publish(faces: FacePublishers, face_id: str) -> None:
    state = made_faces.state(face=made_faces.face(face_id=face_id))
    faces.publish(state, made_faces.frame(), Header(), alias='skeptical', aligned_size_px=64)


def test_what_nobody_hears_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for name in ('roi_from', 'image_from', 'landmarks_from', 'facs_from', 'expression_from'):
        monkeypatch.setattr(conversions, name, lambda *_, name=name: made.append(name))
    node = Notes(heard=['roi', 'facs'])
    publish(FacePublishers(node), 'a')
    assert made == ['roi_from', 'facs_from']
    sent = {name: len(node.open[f'/humans/faces/a/{name}'].sent) for name in TOPICS}
    assert sent == {name: int(name in ('roi', 'facs')) for name in TOPICS}


def test_topics_live_as_long_as_their_face() -> None:
    node = Notes(heard=['roi'])
    faces = FacePublishers(node)
    publish(faces, 'a')
    publish(faces, 'b')
    publish(faces, 'b')
    assert set(node.open) == {f'/humans/faces/{face}/{name}' for face in 'ab' for name in TOPICS}
    assert all(publisher.qos is RESULT_QOS for publisher in node.open.values())
    assert len(node.open['/humans/faces/b/roi'].sent) == 2
    faces.keep(('a',))
    assert set(node.open) == {f'/humans/faces/a/{name}' for name in TOPICS}
    faces.keep(())
    assert not node.open
