"""The launch file on a real ROS 2: it configures and activates the node by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

launch_pytest = pytest.importorskip('launch_pytest', reason='needs a real ROS 2: launch_pytest')

import rclpy
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node

pytestmark = pytest.mark.ros
LAUNCH = Path(__file__).resolve().parents[2] / 'launch' / 'fer.launch.py'
PATIENCE_S = 60.0


@launch_pytest.fixture
def perception() -> LaunchDescription:
    return LaunchDescription(
        [
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(str(LAUNCH)),
                launch_arguments={'image': '/camera/image_raw'}.items(),
            ),
            launch_pytest.actions.ReadyToTest(),
        ]
    )


@pytest.fixture
def node() -> Any:
    rclpy.init()
    made = Node('launch_test')
    yield made
    made.destroy_node()
    rclpy.try_shutdown()


def call(node: Node, kind: Any, name: str, request: Any) -> Any:
    """Call a service and return its answer."""
    client = node.create_client(kind, name)
    assert client.wait_for_service(timeout_sec=PATIENCE_S), f'no service {name}'
    future = client.call_async(request)
    rclpy.spin_until_future_complete(node, future, timeout_sec=PATIENCE_S)
    return future.result()


@pytest.mark.launch(fixture=perception)
def test_the_node_becomes_active(node: Node) -> None:
    for _ in range(int(PATIENCE_S)):
        state = call(node, GetState, '/fer/get_state', GetState.Request()).current_state.id
        if state == State.PRIMARY_STATE_ACTIVE:
            break
        rclpy.spin_once(node, timeout_sec=1.0)
    assert state == State.PRIMARY_STATE_ACTIVE
    assert node.count_publishers('/fer/expressions') == 1
    assert node.count_subscribers('/camera/image_raw') == 1
    refused = set_parameter(node, 'smoothing_s', 99.0)
    assert not refused.successful
    assert 'range' in refused.reason
    assert set_parameter(node, 'smoothing_s', 0.5).successful


def set_parameter(node: Node, name: str, value: float) -> Any:
    """Set a double on the node and return the result."""
    wanted = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
    request = SetParameters.Request(parameters=[Parameter(name=name, value=wanted)])
    return call(node, SetParameters, '/fer/set_parameters', request).results[0]
