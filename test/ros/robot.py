"""A node that asks launched nodes for what ROS 2 users ask, for tests."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import launch_pytest
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription, RegisterEventHandler
from launch.event_handlers import OnProcessExit
from launch.launch_description_sources import PythonLaunchDescriptionSource
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

LAUNCH = Path(__file__).resolve().parents[2] / 'launch' / 'fer.launch.py'
PATIENCE_S = 60.0  # for a slow machine; nothing waits that long where all is well


def launched(ends: dict[str, int], **arguments: str) -> LaunchDescription:
    """Return our launch file with arguments; exit statuses go into ``ends`` by executable."""

    def on_exit(event: Any, _: Any) -> None:
        ends[event.process_name.rpartition('-')[0]] = event.returncode

    source = PythonLaunchDescriptionSource(str(LAUNCH))
    return LaunchDescription(
        [
            RegisterEventHandler(OnProcessExit(on_exit=on_exit)),
            IncludeLaunchDescription(source, launch_arguments=arguments.items()),
            launch_pytest.actions.ReadyToTest(),
        ]
    )


class Robot(Node):
    """Calls services, keeps messages."""

    def __init__(self, context: Context) -> None:
        super().__init__('robot', context=context)
        self.executor_ = SingleThreadedExecutor(context=context)
        self.executor_.add_node(self)
        self.heard: dict[str, list[Any]] = defaultdict(list)

    def hear(self, kind: type, topic: str) -> None:
        """Keep every message of a topic."""
        self.create_subscription(kind, topic, self.heard[topic].append, 100)

    def spin_until(self, done: Callable[[], Any], what: str) -> None:
        """Spin until something is so; fail when it never is."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < deadline_s, f'waited {PATIENCE_S} s for {what}'
            self.executor_.spin_once(timeout_sec=0.05)

    def call(self, kind: Any, name: str, request: Any) -> Any:
        """Call a service and return its answer."""
        client = self.create_client(kind, name)
        assert client.wait_for_service(timeout_sec=PATIENCE_S), f'no service {name}'
        future = client.call_async(request)
        self.executor_.spin_until_future_complete(future, timeout_sec=PATIENCE_S)
        assert future.done(), f'no answer from {name}'
        return future.result()

    # Lifecycle

    def state(self, node: str) -> int:
        """Return a node's state."""
        answer = self.call(GetState, f'{node}/get_state', GetState.Request())
        return int(answer.current_state.id)

    def wait_until_active(self, node: str) -> None:
        """Wait for what the launch file starts by itself."""
        self.spin_until(
            lambda: self.state(node) == State.PRIMARY_STATE_ACTIVE, f'{node} to be active'
        )

    def change(self, node: str, transition: int) -> bool:
        """Ask for a transition; return whether it went well."""
        request = ChangeState.Request(transition=Transition(id=transition))
        return bool(self.call(ChangeState, f'{node}/change_state', request).success)

    # Parameters

    def set(self, node: str, name: str, value: float | str) -> tuple[bool, str]:
        """Set a parameter; return whether it was taken, and why not."""
        if isinstance(value, float):
            wanted = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=value)
        else:
            wanted = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=value)
        request = SetParameters.Request(parameters=[Parameter(name=name, value=wanted)])
        [result] = self.call(SetParameters, f'{node}/set_parameters', request).results
        return result.successful, result.reason

    def describe(self, node: str, name: str) -> Any:
        """Return a parameter's descriptor."""
        request = DescribeParameters.Request(names=[name])
        return self.call(DescribeParameters, f'{node}/describe_parameters', request).descriptors[0]
