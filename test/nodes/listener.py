"""A node that hears all that perception publishes, for tests."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from fer_msgs.msg import ExpressionEvent, FaceExpressionArray
from hri_msgs.msg import (
    Expression,
    FacialActionUnits,
    FacialLandmarks,
    IdsList,
    NormalizedRegionOfInterest2D,
)
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from said import of_ours
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

FACE_TOPICS = {
    'roi': NormalizedRegionOfInterest2D,
    'landmarks': FacialLandmarks,
    'facs': FacialActionUnits,
    'expression': Expression,
    'cropped': Image,
    'aligned': Image,
}
DEADLINE_S = 60.0  # generous: it only ends a test that would wait for ever


def stamp_ns(message: Any) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


class Listener(Node):
    """Keeps every message by topic; those of faces by the last part of their topic."""

    def __init__(self) -> None:
        super().__init__('listener')
        self.heard: dict[str, list[Any]] = defaultdict(list)
        self.sent: list[tuple[int, str]] = []  # stamp and frame of every image
        self._faces: set[str] = set()
        self.hear(IdsList, '/humans/faces/tracked', 'tracked')
        self.hear(FaceExpressionArray, '/fer/expressions', 'expressions')
        self.hear(ExpressionEvent, '/fer/events', 'events')
        self.hear(DiagnosticArray, '/diagnostics', 'diagnostics')
        self.hear(String, '/fer/expressions_json', 'json')
        self.hear(TFMessage, '/tf', 'tf')
        self.create_subscription(CameraInfo, 'camera_info', self._on_info, 200)
        self.executor_ = SingleThreadedExecutor()
        self.executor_.add_node(self)

    def hear(self, kind: type, topic: str, key: str) -> None:
        self.create_subscription(kind, topic, lambda message: self._keep(key, message), 200)

    def _keep(self, key: str, message: Any) -> None:
        self.heard[key].append(message)
        if key == 'tracked':
            for face_id in set(message.ids) - self._faces:
                self._faces.add(face_id)
                for name, kind in FACE_TOPICS.items():
                    self.hear(kind, f'/humans/faces/{face_id}/{name}', name)

    def _on_info(self, message: Any) -> None:
        self.sent.append((stamp_ns(message), message.header.frame_id))

    def spin_until(self, done: Callable[[], bool], what: str) -> None:
        """Spin until something is so; fail when it never is."""
        deadline_s = time.monotonic() + DEADLINE_S
        while not done():
            assert time.monotonic() < deadline_s, f'waited {DEADLINE_S} s for {what}'
            self.executor_.spin_once(timeout_sec=0.05)

    def spin_for(self, seconds: float) -> None:
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.executor_.spin_once(timeout_sec=0.05)

    def drops(self) -> dict[str, int]:
        """Return the counts of the last diagnostics."""
        for message in reversed(self.heard['diagnostics']):
            for status in message.status:
                values = {item.key: item.value for item in status.values}
                return {
                    key.removeprefix('drops_'): int(value)
                    for key, value in values.items()
                    if key.startswith('drops_')
                }
        return {}


def start(*words: str) -> subprocess.Popen[str]:
    """Start a fer-ros command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, '-m', 'fer_ros.cli.main', *words],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """End a process; return its status and what it said."""
    if process.poll() is None:
        process.terminate()
    try:
        out, err = process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return process.returncode, out + of_ours(err)
