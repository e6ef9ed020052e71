"""Topics between processes, over real DDS on loopback."""

from __future__ import annotations

import os
import signal
import threading
import time
from importlib import import_module

import numpy as np
import pytest
import rclpy
from rclpy.callback_groups import CallbackGroup
from rclpy.duration import Duration
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    InvalidQoSProfileException,
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_sensor_data,
)
from rosbags.interfaces import Nodetype
from sensor_msgs.msg import Image
from std_msgs.msg import String, UInt32

from fer_ros.errors import MiddlewareError
from fer_ros.rosless.definitions import message_names, typestore
from fer_ros.rosless.messages import message_class

PATIENCE_S = 30.0
TYPES = [
    *(f'fer_msgs/msg/{name}' for name in message_names('fer_msgs')),
    *(f'hri_msgs/msg/{name}' for name in message_names('hri_msgs')),
    'builtin_interfaces/msg/Time', 'diagnostic_msgs/msg/DiagnosticArray',
    'geometry_msgs/msg/PointStamped', 'geometry_msgs/msg/TransformStamped',
    'lifecycle_msgs/msg/TransitionEvent',
    'rosgraph_msgs/msg/Clock', 'sensor_msgs/msg/CameraInfo', 'sensor_msgs/msg/CompressedImage',
    'sensor_msgs/msg/Image', 'sensor_msgs/msg/JointState', 'std_msgs/msg/Float64MultiArray',
    'std_msgs/msg/Bool', 'std_msgs/msg/Float32', 'std_msgs/msg/Header', 'std_msgs/msg/String',
    'tf2_msgs/msg/TFMessage',
    'trajectory_msgs/msg/JointTrajectory',
]  # fmt: skip
LATCHED = QoSProfile(
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


def filled(typename):
    """Return a message with something other than the default in every field."""
    _, fields = typestore().fielddefs[typename]
    return message_class(typename)(
        **{name: _filled(field, index) for index, (name, field) in enumerate(fields, start=1)}
    )


def _filled(field, index):
    kind, detail = field
    if kind == Nodetype.NAME:
        return filled(detail)
    if kind == Nodetype.BASE:
        base = detail[0]
        values = {'string': f'text {index} \u00e9', 'bool': True, 'byte': bytes([index])}
        return values.get(base, index + 0.5 if base.startswith('float') else index)
    element, length = detail
    return [_filled(element, index + item) for item in range(length or 3)]


class Unserved(CallbackGroup):
    """What no executor serves."""

    def can_execute(self, entity):
        return False


def test_what_no_executor_serves_is_taken_by_hand(node, spin_until):
    served, unserved = [], []
    node.create_subscription(UInt32, 'number', served.append, 10)
    kept = node.create_subscription(
        UInt32, 'number', unserved.append, 10, callback_group=Unserved()
    )
    publisher = node.create_publisher(UInt32, 'number', 10)
    spin_until(node, lambda: publisher.get_subscription_count() == 2, 'both')
    with kept.handle:
        assert kept.handle.take_message(UInt32, False) is None
    publisher.publish(UInt32(data=7))
    spin_until(node, lambda: len(served) == 1, 'the number')
    taken = []
    spin_until(
        node,
        lambda: taken.append(kept.handle.take_message(UInt32, False)) or taken[-1] or unserved,
        'it',
    )
    assert taken[-1][0] == UInt32(data=7)
    assert unserved == []


def test_what_is_not_the_topic_s_message_is_reported_and_not_taken(node, capfd):
    kept = node.create_subscription(String, 'text', print, 10, callback_group=Unserved())
    kept._deliver(b'\0\1\0\0\xff\xff\xff\x7f')  # a text longer than what follows
    assert kept.handle.take_message(String, False) is None
    assert 'expected std_msgs/msg/String, found 8 bytes' in capfd.readouterr().err
    assert kept.handle.take_message(String, False) is None  # it is gone


def test_every_message_goes_to_another_process_and_back(node, peer, spin_until):
    other = peer('echo', *TYPES, '--ros-args', '-r', '__ns:=/rosless')
    missing = other.read()['missing']
    assert not missing or 'FER_ROS_PEER_PYTHON' in os.environ
    back, publishers = {}, {}
    for index, typename in enumerate(TYPES):
        if index in missing:
            continue
        kind = message_class(typename)
        publishers[index] = node.create_publisher(kind, f'to_{index}', 10)
        node.create_subscription(
            kind, f'back_{index}', lambda message, i=index: back.update({i: message}), 10
        )
    spin_until(
        node,
        lambda: all(
            publisher.get_subscription_count() and node.count_publishers(f'back_{index}')
            for index, publisher in publishers.items()
        ),
        'the echo',
    )
    deadline_s = time.monotonic() + PATIENCE_S
    while len(back) < len(publishers):
        # The way back may open a moment later than the graph tells.
        assert time.monotonic() < deadline_s, sorted(set(publishers) - set(back))
        for index, publisher in publishers.items():
            if index not in back:
                publisher.publish(filled(TYPES[index]))
        rclpy.spin_once(node, timeout_sec=0.2)
        while len(back) < len(publishers) and any(s.waiting() for s in node.subscriptions):
            rclpy.spin_once(node, timeout_sec=0.0)
    for index, message in back.items():
        assert message == filled(TYPES[index]), TYPES[index]
        assert type(message) is message_class(TYPES[index])


def test_an_image_of_720p(node, peer, spin_until):
    other = peer('echo', 'sensor_msgs/msg/Image', '--ros-args', '-r', '__ns:=/rosless')
    assert other.read() == {'missing': []}
    pixels = np.random.default_rng(1).integers(0, 256, 720 * 1280 * 3, np.uint8)
    got = []
    publisher = node.create_publisher(Image, 'to_0', 10)
    node.create_subscription(Image, 'back_0', got.append, 10)
    spin_until(
        node,
        lambda: publisher.get_subscription_count() and node.count_publishers('back_0'),
        'the echo',
    )
    message = Image(height=720, width=1280, step=3840, encoding='bgr8', data=pixels.tobytes())

    def came():
        if not got:
            publisher.publish(message)
            rclpy.spin_once(node, timeout_sec=0.5)
        return got

    spin_until(node, came, 'the image')
    assert np.array_equal(got[0].data, pixels)


def test_a_late_joiner_hears_the_last_ones(node, peer, spin_until):
    words = 'latch', '/rosless/latched', 'reliable,transient_local,2', 'one', 'two', 'three'
    assert peer(*words).read() == {'published': 3}
    heard = []
    node.create_subscription(String, 'latched', lambda m: heard.append(m.data), LATCHED)
    spin_until(node, lambda: len(heard) >= 2, 'latched messages')
    assert heard == ['two', 'three']


def test_a_volatile_subscription_hears_none_of_before(node, peer, spin_until):
    words = 'latch', '/rosless/before', 'reliable,transient_local,2', 'one'
    assert peer(*words).read() == {'published': 1}
    heard = []
    node.create_subscription(String, 'before', heard.append, 10)
    spin_until(node, lambda: node.count_publishers('before'), 'the publisher')
    rclpy.spin_once(node, timeout_sec=0.5)
    assert heard == []


def test_a_queue_of_one_keeps_the_newest(node, peer):
    heard = []
    node.create_subscription(UInt32, 'numbers', lambda message: heard.append(message.data), 1)
    assert peer('count', '/rosless/numbers', 'reliable,volatile,100', '50').read()
    deadline_s = time.monotonic() + PATIENCE_S
    while not heard or heard[-1] < 49:
        assert time.monotonic() < deadline_s
        time.sleep(0.5)
        rclpy.spin_once(node, timeout_sec=0.0)
    assert len(heard) < 50


def test_a_deep_queue_keeps_all_in_order(node, peer, spin_until):
    heard = []
    qos = QoSProfile(history=HistoryPolicy.KEEP_ALL)
    node.create_subscription(UInt32, 'numbers', lambda message: heard.append(message.data), qos)
    assert peer('count', '/rosless/numbers', 'reliable,volatile,100', '50').read()
    spin_until(node, lambda: len(heard) == 50, 'fifty numbers')
    assert heard == list(range(50))


@pytest.mark.parametrize(
    ('ours', 'theirs', 'policy'),
    [
        (QoSProfile(depth=5), 'best_effort,volatile,5', 'RELIABILITY'),
        (LATCHED, 'reliable,volatile,5', 'DURABILITY'),
    ],
)
def test_a_publisher_that_offers_too_little_is_reported(
    node, peer, spin_until, capfd, ours, theirs, policy
):
    node.create_subscription(String, 'chat', print, ours)
    peer('latch', '/rosless/chat', theirs, 'hello')
    text = []

    def warned():
        text.append(capfd.readouterr().err)
        return policy in ''.join(text)

    spin_until(node, warned, 'a warning')
    assert "New publisher discovered on topic '/rosless/chat'" in ''.join(text)


def test_a_subscription_that_asks_too_much_is_reported_there_and_here(
    node, peer, spin_until, capfd
):
    publisher = node.create_publisher(String, 'chat', qos_profile_sensor_data)
    other = peer('listen', '/rosless/chat', 'reliable,volatile,5')
    assert other.read() == {'ready': True}
    text = []

    def warned():
        text.append(capfd.readouterr().err)
        return 'RELIABILITY' in ''.join(text)

    spin_until(node, warned, 'a warning')
    assert "New subscription discovered on topic '/rosless/chat'" in ''.join(text)
    assert publisher.get_subscription_count() == 0


def test_a_best_effort_subscription_hears_a_reliable_publisher(node, peer, spin_until):
    heard = []
    node.create_subscription(
        UInt32, 'mixed', lambda m: heard.append(m.data), qos_profile_sensor_data
    )
    peer('repeat', '/rosless/mixed', 'reliable,volatile,10')
    spin_until(node, lambda: heard, 'a number')


def test_the_graph_names_the_publishers_of_others(node, peer, spin_until):
    words = '/rosless/told', 'best_effort,volatile,1', 'x', '--ros-args', '-r', '__ns:=/robot'
    peer('latch', *words)
    found = []

    def told():
        found[:] = node.get_publishers_info_by_topic('told')
        return found and found[0].node_name == 'peer'

    spin_until(node, told, 'the name')
    assert found[0].node_namespace == '/robot'
    assert found[0].topic_type == 'std_msgs/msg/String'
    assert found[0].qos_profile.reliability == ReliabilityPolicy.BEST_EFFORT
    assert found[0].qos_profile.durability == DurabilityPolicy.VOLATILE
    assert node.count_subscribers('told') == 0


def test_a_process_that_ends_leaves_the_graph(node, peer, spin_until):
    other = peer('latch', '/rosless/short', 'reliable,volatile,1', 'x')
    spin_until(node, lambda: node.count_publishers('short') == 1, 'the publisher')
    other.end(15)
    spin_until(node, lambda: node.count_publishers('short') == 0, 'its end')


def test_bytes_that_are_no_message_do_not_end_the_node(node, spin_until, capfd):
    heard = []
    subscription = node.create_subscription(String, 'noise', heard.append, 10)
    subscription._deliver(b'\0\1\0\0\xff\xff\xff\x7f')  # a text of two gigabytes
    subscription._deliver(b'\0\1\0\0\2\0\0\0a\0\0\0')
    spin_until(node, lambda: heard, 'the message after them')
    assert heard == [String(data='a')]
    assert 'expected std_msgs/msg/String, found 8 bytes' in capfd.readouterr().err


def test_a_topic_closes(node, spin_until):
    publisher = node.create_publisher(String, 'brief', 10)
    subscription = node.create_subscription(String, 'brief', print, 10)
    spin_until(node, lambda: publisher.get_subscription_count() == 1, 'the subscription')
    assert node.destroy_subscription(subscription)
    spin_until(node, lambda: publisher.get_subscription_count() == 0, 'its end')
    assert node.destroy_publisher(publisher)
    assert node.count_publishers('brief') == 0
    publisher.publish(String(data='x'))  # a thread that comes late hurts nobody


def test_what_is_acknowledged_has_come(node, spin_until):
    heard = []
    node.create_subscription(UInt32, 'acknowledged', heard.append, 100)
    publisher = node.create_publisher(UInt32, 'acknowledged', 100)
    assert publisher.wait_for_all_acked()  # nobody listens
    spin_until(node, lambda: publisher.get_subscription_count() == 1, 'the subscription')
    for number in range(50):
        publisher.publish(UInt32(data=number))
    assert publisher.wait_for_all_acked(Duration(seconds=PATIENCE_S))
    node.destroy_publisher(publisher)
    assert publisher.wait_for_all_acked()
    spin_until(node, lambda: len(heard) == 50, 'all')


def test_who_does_not_acknowledge_is_not_waited_for_without_end(node, peer, spin_until):
    other = peer('echo', 'std_msgs/msg/UInt32').process
    publisher = node.create_publisher(UInt32, '/to_0', 10)
    spin_until(node, lambda: publisher.get_subscription_count() == 1, 'the other')
    other.send_signal(signal.SIGSTOP)
    os.waitpid(other.pid, os.WUNTRACED)
    publisher.publish(UInt32(data=1))
    assert not publisher.wait_for_all_acked(Duration(seconds=0.2))
    other.send_signal(signal.SIGCONT)
    assert publisher.wait_for_all_acked(Duration(seconds=PATIENCE_S))


def test_topics_that_came_and_went_leave_nothing(node):
    participant = node._participant
    for index in range(20):
        publisher = node.create_publisher(String, f'face_{index}', 10)
        node.destroy_publisher(publisher)
    assert not [name for name in participant._topics if 'face_' in name]


def test_one_type_a_topic(node):
    node.create_publisher(String, 'typed', 10)
    with pytest.raises(MiddlewareError, match='typed'):
        node.create_subscription(UInt32, 'typed', print, 10)


def test_another_message_is_not_published(node):
    publisher = node.create_publisher(String, 'typed', 10)
    with pytest.raises(TypeError, match='String'):
        publisher.publish(UInt32(data=1))


def test_a_profile_needs_history_or_depth():
    with pytest.raises(InvalidQoSProfileException):
        QoSProfile()
    with pytest.raises(InvalidQoSProfileException):
        QoSProfile(history=HistoryPolicy.KEEP_LAST)
    assert QoSProfile(depth=3).history == HistoryPolicy.KEEP_LAST


def test_names(node):
    assert node.get_fully_qualified_name() == '/rosless/tester'
    assert node.resolve_topic_name('image') == '/rosless/image'
    assert node.resolve_topic_name('/image') == '/image'
    assert node.resolve_topic_name('~/image') == '/rosless/tester/image'


def test_what_is_missing_says_so(node):
    with pytest.raises(NotImplementedError, match=r'create_service.*install ROS 2'):
        node.create_service(String, 'x', print)
    assert not hasattr(node, 'create_client')
    with pytest.raises(ImportError, match=r'rclpy\.action'):
        import_module('rclpy.action')


def test_a_topic_that_goes_in_one_thread_is_not_found_by_another(node, monkeypatch):
    participant = node._participant
    name, kind = 'rt/fleeting', String.TYPENAME
    found = []
    other = threading.Thread(target=lambda: found.append(participant._topic(name, kind)))
    topic = participant._topic(name, kind)
    delete = type(topic)._delete

    def slowly(self, reference):
        if not other.ident:
            other.start()
            other.join(0.3)  # long enough to find what is not deleted yet
        delete(self, reference)

    monkeypatch.setattr(type(topic), '_delete', slowly)
    del topic
    other.join()
    monkeypatch.undo()
    assert len(found) == 1
    assert participant.writer(name, kind, QoSProfile(depth=1)).matched() == 0
