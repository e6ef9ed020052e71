"""A message from a stencil is the message that is serialised anew."""

from __future__ import annotations

from array import array

import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, Header

from fer_ros.nodes.generation_conversions import trajectory
from fer_ros.nodes.stencil import Stencil

JOINTS = ['brow', 'corner_left', 'jaw']
NUMBERS = array('d', [-0.5, 0.1, 3e300])


def test_of_an_array() -> None:
    stencil = Stencil(lambda numbers: Float64MultiArray(data=numbers), 3)
    assert stencil.filled(NUMBERS.tobytes()) == serialize_message(Float64MultiArray(data=NUMBERS))


def test_of_a_trajectory() -> None:
    stencil = Stencil(lambda numbers: trajectory(JOINTS, 10**7, numbers), 3)
    wanted = serialize_message(trajectory(JOINTS, 10**7, NUMBERS))
    assert stencil.filled(NUMBERS.tobytes()) == wanted


@pytest.mark.parametrize('stamp_ns', [0, 1_700_000_000_123_456_789])
def test_of_joints_with_a_stamp(stamp_ns: int) -> None:
    stencil = Stencil(lambda numbers: JointState(name=JOINTS, position=numbers), 3)
    sec, nanosec = divmod(stamp_ns, 10**9)
    header = Header(stamp=Time(sec=sec, nanosec=nanosec))
    wanted = JointState(header=header, name=JOINTS, position=NUMBERS)
    assert stencil.filled(NUMBERS.tobytes(), stamp_ns) == serialize_message(wanted)
