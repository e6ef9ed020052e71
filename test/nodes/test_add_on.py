"""Beside a node that finds faces: only what is ours is published."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fer_msgs.msg import ExpressionEvent
from hri_msgs.msg import IdsList
from listener import Listener
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.alignment import align
from fer_ros.nodes import conversions
from fer_ros.nodes.add_on import CropRecognition, FaceTopics
from fer_ros.nodes.face_publishers import TRACKED
from fer_ros.nodes.perception_node import PerceptionNode
from fer_ros.pipeline import Pipeline
from fer_ros.sources import open_source
from fer_ros.types import Frame, UInt8

pytestmark = pytest.mark.xdist_group('dds')


@pytest.fixture
def node(listener: Listener) -> Iterator[PerceptionNode]:
    given = {'mode': 'add_on', 'max_age_s': 0.0}
    made = PerceptionNode(
        parameter_overrides=[Parameter(name, value=value) for name, value in given.items()]
    )
    made.trigger_configure()
    made.trigger_activate()
    listener.executor_.add_node(made)
    yield made
    listener.executor_.remove_node(made)
    made.destroy_node()


@pytest.fixture(scope='module')
def aligned() -> UInt8:
    with open_source(Path(__file__).resolve().parents[2] / 'samples' / 'astronaut.mcap') as bag:
        frame = next(iter(bag))
    return align(frame, Pipeline().process(frame).states[0].face, 128).pixels


def test_an_aligned_face_is_answered_on_its_own_topics(
    node: PerceptionNode, listener: Listener, aligned: UInt8
) -> None:
    tracked, pictures = publishers(listener)
    show(listener, pictures, aligned, ('expression', 'facs'))
    answer = listener.heard['expression'][-1]
    assert answer.expression == 'happy'
    assert answer.header.frame_id == 'camera'
    assert listener.heard['facs'][-1].intensity[12] > 0.3
    # Nothing that has an owner already.
    assert listener.count_publishers(TRACKED) == 1
    assert listener.count_publishers('/fer/expressions') == 0
    for name in ('roi', 'landmarks', 'cropped'):
        assert listener.count_publishers(f'/humans/faces/ab1/{name}') == 0
    tracked.publish(IdsList(ids=[]))
    listener.spin_until(
        lambda: listener.count_publishers('/humans/faces/ab1/expression') == 0, 'its end'
    )
    assert pictures.get_subscription_count() == 1


def test_deactivation_ends_what_is_expressed(
    node: PerceptionNode, listener: Listener, aligned: UInt8
) -> None:
    _, pictures = publishers(listener)
    show(listener, pictures, aligned, ('events',))
    node.trigger_deactivate()
    listener.spin_until(
        lambda: listener.heard['events'][-1].kind == ExpressionEvent.END, 'the end of the smile'
    )
    assert listener.heard['events'][-1].expression == 'happiness'


def publishers(listener: Listener) -> tuple[Any, Any]:
    """Tell the node of a face; return what publishes the list of faces, and its picture."""
    tracked = listener.create_publisher(IdsList, TRACKED, 10)
    pictures = listener.create_publisher(Image, '/humans/faces/ab1/aligned', 10)
    listener.spin_until(lambda: tracked.get_subscription_count() == 2, 'the node')
    tracked.publish(IdsList(ids=['ab1']))
    # The listener's and the node's.
    listener.spin_until(lambda: pictures.get_subscription_count() == 2, 'its subscription')
    return tracked, pictures


def show(listener: Listener, pictures: Any, aligned: UInt8, until: tuple[str, ...]) -> None:
    """Publish a picture again and again until something is heard on each of these topics."""
    while not all(listener.heard[name] for name in until):
        header = Header(stamp=listener.get_clock().now().to_msg(), frame_id='camera')
        pictures.publish(conversions.image_from(aligned, header))
        listener.executor_.spin_once(timeout_sec=0.05)


class Records:
    """A node that notes the topics it is asked for, and a worker that notes who has left."""

    def __init__(self) -> None:
        self.topics: list[str] = []
        self.warnings: list[str] = []
        self.left: list[str] = []
        self.taken: list[int] = []

    def create_subscription(self, kind: type, topic: str, *_: Any) -> str:
        self.topics.append(topic)
        return topic

    def destroy_subscription(self, topic: str) -> None:
        self.topics.remove(topic)

    def get_logger(self) -> Records:
        return self

    def info(self, text: str) -> None:
        pass

    def warning(self, text: str, **_: Any) -> None:
        self.warnings.append(text)

    def heard(self) -> None:
        pass

    def offer(self, message: Any, face_id: str = '') -> None:
        pass

    def leave(self, face_id: str) -> None:
        self.left.append(face_id)

    def create_publisher(self, *_: Any) -> None:
        pass

    def process_crop(self, face_id: str, frame: Frame) -> None:
        self.taken.append(frame.stamp_ns)

    def forget(self, face_ids: list[str]) -> tuple[()]:
        self.left += face_ids
        return ()


def test_who_comes_goes_or_has_no_name() -> None:
    records = Records()
    topics = FaceTopics(records, {'max_faces': 2}, records)
    topics._on_tracked(IdsList(ids=['a', 'no topic', '9', 'ä', '', 'b', 'c']))
    assert records.topics == [TRACKED, '/humans/faces/a/aligned', '/humans/faces/b/aligned']
    assert len(records.warnings) == 4
    assert "found 'no topic'" in records.warnings[0]
    topics._on_tracked(IdsList(ids=['b', 'c']))
    assert records.topics == [TRACKED, '/humans/faces/b/aligned', '/humans/faces/c/aligned']
    assert records.left == ['a']
    topics.fall_silent()
    assert sorted(records.left) == ['a', 'b', 'c']
    assert len(records.topics) == 3  # they may be shown again
    topics.close()
    assert records.topics == []


def test_a_face_whose_time_jumps_back_begins_anew() -> None:
    records = Records()
    recognition = CropRecognition(records, records, {})  # type: ignore[arg-type]
    for stamp_ms, face_id in ((9000, 'a'), (8500, 'a'), (7000, 'b'), (7999, 'a')):
        frame = Frame(stamp_ms * 1_000_000, 'camera', 0, np.zeros((2, 2, 3), np.uint8))
        recognition.recognise(frame, None, face_id)
    # Half a second is a late picture, which the pipeline refuses.
    assert records.left == ['a']
    assert len(records.taken) == 4
    assert 'face a: time went back by 0.50 s' in records.warnings[0]
