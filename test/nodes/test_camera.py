"""What is said of a camera that is not heard."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rclpy.qos import QoSProfile, ReliabilityPolicy

from fer_ros.nodes.camera import CameraInput

RAW, COMPRESSED = 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage'


class Graph:
    """A node that sees the publishers of the test, and keeps what it warns of."""

    def __init__(self, **types: str) -> None:
        self.types = {f'/{name.replace("_", "/")}': kind for name, kind in types.items()}
        self.offered = [ReliabilityPolicy.BEST_EFFORT]
        self.asked: list[ReliabilityPolicy] = []
        self.warnings: list[str] = []

    def resolve_topic_name(self, name: str) -> str:
        return '/image/compressed' if self.types.pop('/wrong/name', '') else f'/{name}'

    def create_subscription(
        self, kind: type, topic: str, callback: Any, qos: QoSProfile, **_: Any
    ) -> str:
        if topic != 'camera_info':
            self.asked.append(qos.reliability)
        return topic

    def destroy_subscription(self, topic: str) -> None:
        assert topic == '/image'

    def get_publishers_info_by_topic(self, topic: str) -> list[Any]:
        kind = self.types.get(topic)
        if kind is None:
            return []
        return [
            SimpleNamespace(
                node_name='cam', topic_type=kind, qos_profile=QoSProfile(depth=1, reliability=one)
            )
            for one in self.offered
        ]

    def get_logger(self) -> Graph:
        return self

    def info(self, text: str) -> None:
        pass

    def warning(self, text: str) -> None:
        self.warnings.append(text)


def camera(graph: Graph, transport: str = 'raw', reliability: str = 'best_effort') -> CameraInput:
    values = {'image_transport': transport, 'image_reliability': reliability, 'image_depth': 1}
    return CameraInput(graph, values, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ('transport', 'types', 'hint'),
    [
        ('raw', {}, 'does the camera run, and is image remapped to it?'),
        (
            'raw',
            {'image_compressed': COMPRESSED},
            '/image/compressed is published: set image to /image, image_transport to compressed',
        ),
        (
            'compressed',
            {'image': RAW},
            '/image is published: set image to /image, image_transport to raw',
        ),
        # The compressed topic's own name was given, and its ending twice.
        (
            'compressed',
            {'wrong_name': 'yes', 'image_compressed': COMPRESSED},
            '/image/compressed is published: set image to /image, image_transport to compressed',
        ),
    ],
)
def test_the_other_form_of_the_image_is_found(
    transport: str, types: dict[str, str], hint: str
) -> None:
    assert camera(Graph(**types), transport).hint == hint


@pytest.mark.parametrize(
    ('kind', 'reliability', 'words'),
    [
        (RAW, 'best_effort', []),
        (RAW, 'auto', []),
        (RAW, 'reliable', ['found a best-effort one in cam', 'set image_reliability']),
        (COMPRESSED, 'best_effort', [f'expected {RAW}, found {COMPRESSED} of cam']),
    ],
)
def test_what_can_not_be_heard_is_told_once(kind: str, reliability: str, words: list[str]) -> None:
    graph = Graph(image=kind)
    made = camera(graph, reliability=reliability)
    made.compare(silent=False)
    assert not graph.warnings
    made.compare(silent=True)
    made.compare(silent=True)
    assert len(graph.warnings) == bool(words)
    assert all(word in graph.warnings[0] for word in words)


def test_auto_asks_for_what_the_publishers_offer() -> None:
    graph = Graph(image=RAW)
    made = camera(graph, reliability='auto')
    best_effort, reliable = ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.RELIABLE
    for offered, asked in (
        ([], [best_effort]),
        ([best_effort], [best_effort]),
        ([reliable], [best_effort, reliable]),
        ([], [best_effort, reliable]),  # a camera that starts again is most likely the same
        ([reliable, best_effort], [best_effort, reliable, best_effort]),
        ([reliable, reliable], [best_effort, reliable, best_effort, reliable]),
    ):
        graph.offered = offered
        made.compare(silent=False)
        made.compare(silent=True)
        assert graph.asked == asked


def test_publishers_of_another_type_are_not_suited() -> None:
    graph = Graph(image=COMPRESSED)
    graph.offered = [ReliabilityPolicy.RELIABLE]
    camera(graph, reliability='auto').compare(silent=True)
    assert graph.asked == [ReliabilityPolicy.BEST_EFFORT]
    assert len(graph.warnings) == 1


@pytest.mark.parametrize('reliability', ['best_effort', 'reliable'])
def test_what_was_asked_for_by_name_stays(reliability: str) -> None:
    graph = Graph(image=RAW)
    graph.offered = [ReliabilityPolicy.RELIABLE]
    made = camera(graph, reliability=reliability)
    made.compare(silent=True)
    assert graph.asked == [getattr(ReliabilityPolicy, reliability.upper())]
