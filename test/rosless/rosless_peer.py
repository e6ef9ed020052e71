"""Another process in the graph: ``python rosless_peer.py MODE …``; it prints JSON lines."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any

from fer_ros import rosless

rosless.install()

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String, UInt32


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


def profile(words: str) -> QoSProfile:
    """Return 'reliable,transient_local,3' as a profile."""
    reliability, durability, depth = words.split(',')
    return QoSProfile(
        depth=int(depth),
        reliability=ReliabilityPolicy[reliability.upper()],
        durability=DurabilityPolicy[durability.upper()],
    )


def kind_of(typename: str) -> type:
    package, _, name = typename.split('/')
    return getattr(import_module(f'{package}.msg'), name)


def echo(node: Node, *typenames: str) -> None:
    """Send back what comes, read and written anew."""
    missing = []
    for index, typename in enumerate(typenames):
        try:
            kind = kind_of(typename)
        except (ImportError, AttributeError):  # a real ROS 2 without all packages
            missing.append(index)
            continue
        back = node.create_publisher(kind, f'back_{index}', 10)
        node.create_subscription(kind, f'to_{index}', back.publish, 10)
    say(missing=missing)
    rclpy.spin(node)


def count(node: Node, topic: str, qos: str, number: str) -> None:
    """Publish 0 … number-1 at once when somebody listens, then stay."""
    publisher = node.create_publisher(UInt32, topic, profile(qos))
    while not publisher.get_subscription_count():
        time.sleep(0.02)
    for value in range(int(number)):
        publisher.publish(UInt32(data=value))
    say(published=int(number))
    rclpy.spin(node)


def latch(node: Node, topic: str, qos: str, *texts: str) -> None:
    """Publish at once, before anybody listens, then stay."""
    publisher = node.create_publisher(String, topic, profile(qos))
    for text in texts:
        publisher.publish(String(data=text))
    say(published=len(texts))
    rclpy.spin(node)


def repeat(node: Node, topic: str, qos: str) -> None:
    """Publish again and again."""
    publisher = node.create_publisher(UInt32, topic, profile(qos))
    node.create_timer(0.05, lambda: publisher.publish(UInt32(data=7)))
    rclpy.spin(node)


def listen(node: Node, topic: str, qos: str) -> None:
    """Print what comes."""
    node.create_subscription(String, topic, lambda message: say(heard=message.data), profile(qos))
    say(ready=True)
    rclpy.spin(node)


def parameters(node: Node, *_: str) -> None:
    """Print the values that the command line gives."""
    for name, default in (('threshold', 0.5), ('count', 3), ('label', 'a'), ('flag', False)):
        node.declare_parameter(name, default)
    node.declare_parameters('group', [('inner', 1), ('words', ['a', 'b'])])
    names = ('threshold', 'count', 'label', 'flag', 'group.inner', 'group.words')
    say(
        name=node.get_fully_qualified_name(),
        topic=node.resolve_topic_name('image'),
        private=node.resolve_topic_name('~/out'),
        **{name: node.get_parameter(name).value for name in names},
    )


MODES = {mode.__name__: mode for mode in (echo, count, latch, repeat, listen, parameters)}


def main() -> None:
    mode, words = sys.argv[1], sys.argv[2:]
    ours = words[: words.index('--ros-args')] if '--ros-args' in words else words
    rclpy.init(args=words)
    node = Node('peer')
    try:
        MODES[mode](node, *ours)
    except (KeyboardInterrupt, ExternalShutdownException) as end:
        say(end=type(end).__name__)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == '__main__':
    main()
