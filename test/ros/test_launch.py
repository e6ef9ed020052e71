"""The launch file on a real ROS 2: it configures and activates the node by itself."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

launch_pytest = pytest.importorskip('launch_pytest', reason='needs a real ROS 2: launch_pytest')

from fer_msgs.msg import FaceExpressionArray
from hri_msgs.msg import Expression, IdsList
from launch import LaunchContext, LaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from lifecycle_msgs.msg import State, Transition
from robot import LAUNCH, Robot, launched
from tf2_msgs.msg import TFMessage

from fer_ros.sources import open_source

pytestmark = pytest.mark.ros
SAMPLE = Path(__file__).resolve().parents[2] / 'samples' / 'astronaut.mcap'
ends: dict[str, int] = {}


@launch_pytest.fixture
def perception() -> LaunchDescription:
    return launched(ends, image='/camera/image_raw')


@pytest.mark.launch(fixture=perception)
def test_the_node_becomes_active(robot: Robot) -> Iterator[None]:
    robot.wait_until_active('/fer')
    # Topics are discovered in their own time, also after services answer.
    robot.spin_until(lambda: robot.count_publishers('/fer/expressions') == 1, 'its results')
    robot.spin_until(lambda: robot.count_subscribers('/camera/image_raw') == 1, 'its camera')
    done, reason = robot.set('/fer', 'smoothing_s', 99.0)
    assert not done
    assert 'range' in reason
    assert robot.set('/fer', 'smoothing_s', 0.5) == (True, '')
    [limits] = robot.describe('/fer', 'smoothing_s').floating_point_range
    assert (limits.from_value, limits.to_value) == (0.0, 10.0)
    yield  # launch interrupts it
    assert ends == {'perception_node': 0}


@pytest.mark.launch(fixture=perception)
def test_it_walks_through_its_states_and_refuses_others(robot: Robot) -> None:
    robot.wait_until_active('/fer')
    robot.hear(IdsList, '/humans/faces/tracked')
    robot.spin_until(lambda: robot.count_publishers('/humans/faces/tracked'), 'topics')
    assert not robot.change('/fer', Transition.TRANSITION_CONFIGURE)
    assert robot.state('/fer') == State.PRIMARY_STATE_ACTIVE
    assert robot.change('/fer', Transition.TRANSITION_DEACTIVATE)
    robot.spin_until(lambda: robot.heard['/humans/faces/tracked'], 'the empty list')
    robot.spin_until(lambda: not robot.count_publishers('/fer/expressions'), 'no topics')
    assert 'cleanup' in robot.set('/fer', 'precision', 'fp32')[1]
    assert robot.change('/fer', Transition.TRANSITION_CLEANUP)
    assert robot.set('/fer', 'expression_model', 'nobody') == (True, '')
    assert not robot.change('/fer', Transition.TRANSITION_CONFIGURE)
    assert robot.state('/fer') == State.PRIMARY_STATE_UNCONFIGURED
    assert robot.set('/fer', 'expression_model', 'fer-static-r4') == (True, '')
    assert robot.change('/fer', Transition.TRANSITION_CONFIGURE)
    assert robot.change('/fer', Transition.TRANSITION_ACTIVATE)
    assert robot.change('/fer', Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert robot.state('/fer') == State.PRIMARY_STATE_FINALIZED


@pytest.mark.launch(fixture=perception)
def test_a_face_is_seen(robot: Robot) -> None:
    robot.wait_until_active('/fer')
    robot.hear(FaceExpressionArray, '/fer/expressions')
    robot.hear(IdsList, '/humans/faces/tracked')
    robot.hear(TFMessage, '/tf')
    words = ('-r', 'image:=/camera/image_raw', '-r', 'camera_info:=/camera/camera_info')
    command = [sys.executable, '-m', 'fer_ros.cli.main', 'play', str(SAMPLE), '--fov', '60']
    player = subprocess.Popen([*command, '--quiet', *words])
    try:
        robot.spin_until(lambda: _ids(robot), 'a face')
        topic = f'/humans/faces/{_ids(robot)[-1]}/expression'
        robot.hear(Expression, topic)
        robot.spin_until(lambda: _answers(robot, topic), 'its expression, and all of the image')
        robot.spin_until(lambda: robot.heard['/tf'], 'its frames')
    finally:
        player.terminate()
        assert player.wait() == 0
    [face] = _answers(robot, topic)[-1].faces
    assert f'face_{face.face_id}' in _frames(robot)
    assert f'gaze_{face.face_id}' in _frames(robot)
    assert abs(sum(face.probabilities) - 1.0) < 1e-3


@launch_pytest.fixture
def replay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LaunchDescription:
    """Launch with a bag; our player stands for rosbag2's, which not every ROS 2 brings."""
    command = tmp_path / 'ros2'
    command.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/words\nexec {sys.executable} -m fer_ros.cli.main play '
        '"$3" --source-stamps --compressed --quiet -r image:=/camera/image\n',
        encoding='utf-8',
    )
    command.chmod(0o755)
    ends.clear()
    monkeypatch.setenv('PATH', f'{tmp_path}:{os.environ["PATH"]}')
    return launched(ends, image='/camera/image', image_transport='compressed', bag=str(SAMPLE))


@pytest.mark.launch(fixture=replay)
def test_a_bag_waits_for_the_node_and_ends_the_launch(
    robot: Robot, tmp_path: Path
) -> Iterator[None]:
    robot.hear(FaceExpressionArray, '/fer/expressions')
    robot.spin_until((tmp_path / 'words').exists, 'the player')
    assert robot.state('/fer') == State.PRIMARY_STATE_ACTIVE
    robot.spin_until(lambda: robot.heard['/fer/expressions'], 'a result')
    first = robot.heard['/fer/expressions'][0]
    with open_source(SAMPLE) as bag:
        start_ns = next(iter(bag)).stamp_ns
    assert first.header.stamp.sec * 10**9 + first.header.stamp.nanosec < start_ns + 10**9
    assert (tmp_path / 'words').read_text(encoding='utf-8').split() == [
        'bag', 'play', str(SAMPLE), '--clock',
    ]  # fmt: skip
    robot.spin_until(lambda: 'perception_node' in ends, 'the end of the launch')
    yield
    assert ends == {'ros2': 0, 'perception_node': 0}


def _ids(robot: Robot) -> list[str]:
    return [face_id for message in robot.heard['/humans/faces/tracked'] for face_id in message.ids]


def _frames(robot: Robot) -> set[Any]:
    return {item.child_frame_id for message in robot.heard['/tf'] for item in message.transforms}


def _answers(robot: Robot, topic: str) -> list[Any]:
    """Return what was said of those images whose face was heard on its own topic too."""
    stamps = [message.header.stamp for message in robot.heard[topic]]
    arrays = robot.heard['/fer/expressions']
    return [message for message in arrays if message.header.stamp in stamps]


@pytest.mark.parametrize(
    ('name', 'value', 'said'),
    [
        ('generation', 'maybe', "expected true or false, found 'maybe'"),
        ('params_file', '/nowhere/fer.yaml', 'expected a YAML file, found none at /nowhere/'),
    ],
)
def test_a_bad_argument_ends_the_launch(name: str, value: str, said: str) -> None:
    context = LaunchContext()
    context.launch_configurations[name] = value
    source = PythonLaunchDescriptionSource(str(LAUNCH))
    *arguments, made = source.get_launch_description(context).entities
    for argument in arguments:
        argument.visit(context)
    with pytest.raises(ValueError, match=f'{name}: {said}'):
        made.visit(context)


@launch_pytest.fixture
def relative() -> LaunchDescription:
    return launched(ends, image='image_raw', namespace='left')


@pytest.mark.launch(fixture=relative)
def test_the_calibration_is_beside_the_image(robot: Robot) -> None:
    robot.wait_until_active('/left/fer')
    robot.spin_until(lambda: robot.count_subscribers('/left/image_raw'), 'the image')
    robot.spin_until(lambda: robot.count_subscribers('/left/camera_info'), 'the calibration')
