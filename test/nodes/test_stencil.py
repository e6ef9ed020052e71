"""A message from a stencil is the message that is serialised anew.

Read back, and not byte by byte: what stands between two fields is as it comes on Fast DDS.
"""

from __future__ import annotations

from array import array

import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, Header
from trajectory_msgs.msg import JointTrajectory

from fer_ros.nodes.generation_conversions import trajectory
from fer_ros.nodes.stencil import Stencil

JOINTS = ['brow', 'corner_left', 'jaw']
NUMBERS = array('d', [-0.5, 0.1, 3e300])


def test_of_an_array() -> None:
    stencil = Stencil(lambda numbers: Float64MultiArray(data=numbers), 3)
    message = deserialize_message(stencil.filled(NUMBERS.tobytes()), Float64MultiArray)
    assert message == Float64MultiArray(data=NUMBERS)


def test_of_a_trajectory() -> None:
    stencil = Stencil(lambda numbers: trajectory(JOINTS, 10**7, numbers), 3)
    message = deserialize_message(stencil.filled(NUMBERS.tobytes()), JointTrajectory)
    assert message == trajectory(JOINTS, 10**7, NUMBERS)


@pytest.mark.parametrize('stamp_ns', [0, 1_700_000_000_123_456_789])
def test_of_joints_with_a_stamp(stamp_ns: int) -> None:
    stencil = Stencil(lambda numbers: JointState(name=JOINTS, position=numbers), 3)
    sec, nanosec = divmod(stamp_ns, 10**9)
    header = Header(stamp=Time(sec=sec, nanosec=nanosec))
    wanted = JointState(header=header, name=JOINTS, position=NUMBERS)
    message = deserialize_message(stencil.filled(NUMBERS.tobytes(), stamp_ns), JointState)
    assert message == wanted
