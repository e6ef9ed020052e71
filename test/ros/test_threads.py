"""Faces come and go in the worker's thread while the executor of a real rclpy waits."""

from __future__ import annotations

import sys
import threading
import time

import pytest

pytest.importorskip('launch_pytest', reason='needs a real ROS 2: launch_pytest')

import made_faces
from rclpy.executors import SingleThreadedExecutor
from robot import Robot
from std_msgs.msg import Header

from fer_ros.nodes.face_publishers import FacePublishers
from fer_ros.nodes.managed import ManagedNode

pytestmark = pytest.mark.ros
SECONDS = 3.0


def test_topics_that_close_do_not_end_the_node(robot: Robot) -> None:
    node = ManagedNode('node', context=robot.context)
    faces = FacePublishers(node)
    end_s = time.monotonic() + SECONDS

    def come_and_go() -> None:
        while time.monotonic() < end_s:
            for number in range(8):
                state = made_faces.state(face=made_faces.face(face_id=f'f{number}'))
                frame = made_faces.frame()
                faces.publish(state, frame, Header(), alias='skeptical', aligned_size_px=64)
            faces.keep(())

    executor = SingleThreadedExecutor(context=robot.context)
    executor.add_node(node)
    worker = threading.Thread(target=come_and_go)
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)  # so that threads meet in the middle of things
    worker.start()
    try:
        while worker.is_alive():
            executor.spin_once(timeout_sec=0.001)
    finally:
        sys.setswitchinterval(interval_s)
        worker.join()
        executor.shutdown()
        node.destroy_node()
