"""Time and CPU that 720p images take from one process to another over rosless.

``python benchmarks/rosless_transport.py [--frames 300] [--rate 30] [--reliable] [--json]``

The receiver is a process of its own; both keep to loopback in a domain of their own. One way is
publish() to callback with the deserialised message, on the machine's one clock. The receiver's CPU
is that of its whole process, DDS's threads included, from the first to the last frame.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

from fer_ros import rosless

WIDTH, HEIGHT = 1280, 720
NS_PER_MS = 1_000_000
PATIENCE_S = 20.0


def profile(*, reliable: bool) -> Any:
    """Return the QoS of both sides."""
    from rclpy.qos import QoSProfile, ReliabilityPolicy

    return QoSProfile(
        depth=10 if reliable else 5,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
    )


def receive(*, reliable: bool) -> None:
    """Print latencies and CPU time when the frame that says 'end' has come."""
    import rclpy
    from rclpy.node import Node
    from sensor_msgs.msg import Image

    rclpy.init(args=[])
    node = Node('receiver')
    latencies_ms: list[float] = []
    cpu_s: list[float] = []
    ended = []

    def on_image(message: Any) -> None:
        now_ns = time.time_ns()
        if message.header.frame_id == 'end':
            ended.append(True)
            return
        cpu_s.append(time.process_time())
        stamp = message.header.stamp
        latencies_ms.append((now_ns - stamp.sec * 10**9 - stamp.nanosec) / NS_PER_MS)

    node.create_subscription(Image, 'image', on_image, profile(reliable=reliable))
    deadline_s = time.monotonic() + 600
    while not ended and time.monotonic() < deadline_s:
        rclpy.spin_once(node, timeout_sec=0.5)
    cpu_ms = (cpu_s[-1] - cpu_s[0]) / max(len(cpu_s) - 1, 1) * 1e3 if cpu_s else 0.0
    print(json.dumps({'latencies_ms': latencies_ms, 'cpu_ms': cpu_ms}))
    node.destroy_node()
    rclpy.shutdown()


def send(frames: int, rate: float, *, reliable: bool) -> float:
    """Publish frames at a rate, then the end; return CPU milliseconds a frame."""
    import rclpy
    from rclpy.node import Node
    from sensor_msgs.msg import Image

    rclpy.init(args=[])
    node = Node('sender')
    publisher = node.create_publisher(Image, 'image', profile(reliable=reliable))
    deadline_s = time.monotonic() + PATIENCE_S
    while not publisher.get_subscription_count():
        if time.monotonic() > deadline_s:
            raise SystemExit('expected the receiver to subscribe, found none')
        time.sleep(0.02)
    time.sleep(0.5)
    message = Image(
        height=HEIGHT, width=WIDTH, step=WIDTH * 3, encoding='bgr8', data=bytes(WIDTH * HEIGHT * 3)
    )
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    for index in range(frames):
        time.sleep(max(began_s + index / rate - time.monotonic(), 0.0))
        sec, nanosec = divmod(time.time_ns(), 10**9)
        message.header.stamp.sec, message.header.stamp.nanosec = sec, nanosec
        publisher.publish(message)
    cpu_ms = (time.process_time() - began_cpu_s) / frames * 1e3
    for _ in range(10):
        time.sleep(0.1)
        publisher.publish(Image(header=type(message.header)(frame_id='end')))
    node.destroy_node()
    rclpy.shutdown()
    return cpu_ms


def measure(frames: int, rate: float, *, reliable: bool) -> dict[str, Any]:
    """Run both processes and return the figures."""
    words = [sys.executable, __file__, '--receive', *(['--reliable'] if reliable else [])]
    receiver = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        sender_cpu_ms = send(frames, rate, reliable=reliable)
        text, _ = receiver.communicate(timeout=PATIENCE_S)
    finally:
        receiver.kill()
    found = json.loads(text)
    latencies = sorted(found['latencies_ms']) or [float('nan')]
    last = len(latencies) - 1
    return {
        'frames': frames,
        'rate_hz': rate,
        'reliable': reliable,
        'received': len(found['latencies_ms']),
        'one_way_ms': {
            f'p{share}': round(latencies[last * share // 100], 2) for share in (50, 90, 99)
        },
        'receiver_cpu_ms_per_frame': round(found['cpu_ms'], 2),
        'sender_cpu_ms_per_frame': round(sender_cpu_ms, 2),
    }


def main() -> None:
    """Measure, or be the receiver."""
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('--frames', type=int, default=300)
    parser.add_argument('--rate', type=float, default=30.0)
    parser.add_argument('--reliable', action='store_true')
    parser.add_argument('--json', action='store_true')
    parser.add_argument('--receive', action='store_true', help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ['ROS_LOCALHOST_ONLY'] = '1'
    os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
    rosless.install()
    if options.receive:
        receive(reliable=options.reliable)
        return
    found = measure(options.frames, options.rate, reliable=options.reliable)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, value in found.items():
        print(f'{name}: {value}')


if __name__ == '__main__':
    main()
