"""The node's states and parameters, in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fer_msgs.msg import ExpressionEvent
from hri_msgs.msg import IdsList
from listener import Listener
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from fer_ros.nodes import perception_node
from fer_ros.nodes.conversions import image_from
from fer_ros.nodes.face_publishers import TRACKED
from fer_ros.nodes.perception_node import PerceptionNode
from fer_ros.sources import open_source

SAMPLE = Path(__file__).resolve().parents[2] / 'samples' / 'astronaut.mcap'
SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
pytestmark = pytest.mark.xdist_group('dds')


@pytest.fixture
def node() -> Iterator[PerceptionNode]:
    made = PerceptionNode()
    yield made
    made.destroy_node()


def change(node: PerceptionNode, name: str, value: object) -> tuple[bool, str]:
    result = node.set_parameters([Parameter(name, value=value)])[0]
    return result.successful, result.reason


def test_walks_through_its_states(node: PerceptionNode, listener: Listener) -> None:
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    listener.spin_until(lambda: listener.count_publishers('/fer/expressions') == 1, 'topics')
    assert node.trigger_deactivate() == SUCCESS
    listener.spin_until(lambda: bool(listener.heard['tracked']), 'the empty list')
    assert list(listener.heard['tracked'][-1].ids) == []
    listener.spin_until(lambda: listener.count_publishers('/fer/expressions') == 0, 'no topics')
    assert node.trigger_activate() == SUCCESS
    assert node.trigger_deactivate() == SUCCESS
    assert node.trigger_cleanup() == SUCCESS
    assert node.trigger_configure() == SUCCESS


def test_a_missing_model_leaves_it_unconfigured(node: PerceptionNode) -> None:
    assert change(node, 'expression_model', 'nobody') == (True, '')
    assert node.trigger_configure() == FAILURE
    assert change(node, 'expression_model', 'fer-static-r4') == (True, '')
    assert node.trigger_configure() == SUCCESS


@pytest.mark.parametrize(
    ('name', 'value', 'words'),
    [
        ('smoothing_s', 99.0, 'out of range'),
        ('smoothing_s', 'slow', 'type'),
        ('far_faces', 'sometimes', 'expected one of off, rotate, all'),
        ('offset_intensity', 0.99, 'expected at most onset_intensity'),
    ],
)
def test_refuses_a_bad_value_and_keeps_the_old(
    node: PerceptionNode, name: str, value: object, words: str
) -> None:
    before = node.get_parameter(name).value
    taken, reason = change(node, name, value)
    assert not taken
    assert words in reason
    assert node.get_parameter(name).value == before


def test_a_parameter_that_no_node_has_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    """rclpy passes over it without a word; those of the other node are no slip."""
    given = {'max_face': 3, 'rig': 'arkit52', 'max_faces': 2}
    made = PerceptionNode(
        parameter_overrides=[Parameter(name, value=value) for name, value in given.items()]
    )
    assert made.get_parameter('max_faces').value == 2
    made.destroy_node()
    err = capfd.readouterr().err
    assert 'parameter max_face: expected one of config/fer.yaml' in err
    assert err.count('is max_faces meant?') == 1
    assert 'rig' not in err.replace('config/', '')


def test_fixed_parameters_need_cleanup(node: PerceptionNode) -> None:
    assert node.trigger_configure() == SUCCESS
    taken, reason = change(node, 'device', 'cpu')
    assert not taken
    assert 'cleanup' in reason
    assert node.trigger_cleanup() == SUCCESS
    assert change(node, 'device', 'cpu') == (True, '')


def test_takes_a_good_value_while_active(node: PerceptionNode) -> None:
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    assert change(node, 'smoothing_s', 0.5) == (True, '')
    assert node.get_parameter('smoothing_s').value == 0.5


def test_asks_the_camera_for_what_it_offers(node: PerceptionNode, listener: Listener) -> None:
    node.trigger_configure()
    node.trigger_activate()
    listener.executor_.add_node(node)

    def asked() -> list[ReliabilityPolicy]:
        known = listener.get_subscriptions_info_by_topic('/image')
        return [one.qos_profile.reliability for one in known]

    listener.spin_until(lambda: asked() == [ReliabilityPolicy.BEST_EFFORT], 'best effort')
    listener.create_publisher(Image, 'image', 1)
    listener.spin_until(lambda: asked() == [ReliabilityPolicy.RELIABLE], 'reliable')
    other = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    listener.create_publisher(Image, 'image', other)
    listener.spin_until(lambda: asked() == [ReliabilityPolicy.BEST_EFFORT], 'best effort again')


def test_a_camera_that_falls_silent_shows_nobody(
    node: PerceptionNode, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perception_node, 'SILENT_NS', 1_500_000_000)
    change(node, 'image_reliability', 'reliable')  # or a lost image is silence
    node.trigger_configure()
    node.trigger_activate()
    listener.executor_.add_node(node)
    images = listener.create_publisher(Image, 'image', 10)
    with open_source(SAMPLE) as bag:
        pixels = next(iter(bag)).pixels
    tracked, events = listener.heard['tracked'], listener.heard['events']

    def show_until(done: Callable[[], bool], what: str) -> None:
        def seen() -> bool:
            stamp = listener.get_clock().now().to_msg()
            images.publish(image_from(pixels, Header(stamp=stamp, frame_id='camera')))
            return done()

        listener.spin_until(seen, what)

    show_until(lambda: bool(events), 'a smile')
    first = list(tracked[-1].ids)
    assert len(first) == 1
    listener.spin_until(lambda: not tracked[-1].ids, 'nobody')
    listener.spin_until(lambda: events[-1].kind == ExpressionEvent.END, 'its end')
    kinds = [event.kind for event in events]
    assert kinds.count(ExpressionEvent.END) == kinds.count(ExpressionEvent.ONSET)
    gone = f'/humans/faces/{first[0]}/expression'
    listener.spin_until(lambda: not listener.count_publishers(gone), 'no topics of its')
    show_until(lambda: bool(tracked[-1].ids), 'somebody again')
    assert list(tracked[-1].ids) != first
    listener.executor_.remove_node(node)


def test_another_owner_of_the_faces_is_told_once(
    node: PerceptionNode, listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    listener.spin_until(lambda: listener.count_publishers(TRACKED) == 1, 'the node')
    listener.executor_.add_node(node)
    heard = listener.heard['diagnostics']
    listener.spin_until(lambda: bool(heard), 'a look around')
    assert 'expected one publisher' not in capfd.readouterr().err
    other = listener.create_publisher(IdsList, TRACKED, 10)
    count = len(heard)
    listener.spin_until(lambda: len(heard) > count + 2, 'more of them')
    listener.executor_.remove_node(node)
    listener.destroy_publisher(other)
    err = capfd.readouterr().err
    assert err.count('expected one publisher, found another one') == 1
    assert 'set mode to add_on' in err


def test_diagnostics_bear_the_namespace(listener: Listener) -> None:
    node = PerceptionNode(namespace='left')
    listener.executor_.add_node(node)
    heard = listener.heard['diagnostics']
    listener.spin_until(lambda: bool(heard), 'its health')
    listener.executor_.remove_node(node)
    node.destroy_node()
    assert [status.name for status in heard[0].status] == ['left/fer: perception']


def test_a_silent_camera_is_told_in_the_log_once(
    listener: Listener, capfd: pytest.CaptureFixture[str]
) -> None:
    node = PerceptionNode(parameter_overrides=[Parameter('camera_timeout_s', value=0.1)])
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == SUCCESS
    listener.executor_.add_node(node)
    heard = listener.heard['diagnostics']
    listener.spin_until(lambda: len(heard) > 2, 'its health')
    listener.executor_.remove_node(node)
    node.destroy_node()
    assert capfd.readouterr().err.count('does the camera run, and is image remapped to it?') == 1
