"""The robot's face on a real ROS 2, beside perception: ``generation:=true``."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

launch_pytest = pytest.importorskip('launch_pytest', reason='needs a real ROS 2: launch_pytest')

from fer_msgs.msg import (
    ExpressionRequest,
    FaceExpression,
    FaceExpressionArray,
    RequestStatus,
    RigState,
)
from geometry_msgs.msg import Point, PointStamped
from hri_msgs.msg import Expression
from launch import LaunchDescription
from lifecycle_msgs.msg import Transition
from robot import Robot, launched
from std_msgs.msg import Bool, String
from trajectory_msgs.msg import JointTrajectory

from fer_ros.taxonomy import EMOTIONS

pytestmark = pytest.mark.ros
NODE = '/fer/robot_face'
STATE, STATUS = f'{NODE}/state', f'{NODE}/request_status'
TRAJECTORY = '/face_controller/joint_trajectory'
ends: dict[str, int] = {}


@launch_pytest.fixture
def both() -> LaunchDescription:
    return launched(ends, generation='true', rig='animatronic12')


def active(robot: Robot) -> None:
    """Wait for the face, and hear what it says."""
    robot.wait_until_active(NODE)
    for kind, topic in ((RigState, STATE), (RequestStatus, STATUS), (JointTrajectory, TRAJECTORY)):
        robot.hear(kind, topic)
    robot.spin_until(lambda: robot.heard[STATE] and robot.heard[TRAJECTORY], 'its state')


def send(robot: Robot, message: object, topic: str) -> None:
    publisher = robot.create_publisher(type(message), topic, 10)
    robot.spin_until(publisher.get_subscription_count, topic)
    publisher.publish(message)


def unit(robot: Robot, code: int) -> float:
    """Return how far a unit is commanded."""
    units = robot.heard[STATE][-1].action_units
    return max((unit.intensity for unit in units if unit.code == code), default=0.0)


@pytest.mark.launch(fixture=both)
def test_both_become_active_and_a_smile_is_answered(robot: Robot) -> Iterator[None]:
    active(robot)
    robot.wait_until_active('/fer')
    probabilities = [0.05, 0.95, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    labels = list(EMOTIONS)
    face = FaceExpression(
        face_id='somebody', expression='happiness', intensity=0.9, confidence=0.9, quality=0.9,
        labels=labels, probabilities=probabilities, valence=0.8, arousal=0.4,
        roi_xmin=0.4, roi_xmax=0.6, roi_ymin=0.3, roi_ymax=0.6,
    )  # fmt: skip
    people = robot.create_publisher(FaceExpressionArray, '/fer/expressions', 10)

    def smiles() -> bool:
        people.publish(FaceExpressionArray(faces=[face]))
        return robot.heard[STATE][-1].expression == 'happy' and unit(robot, 12) > 0.3

    robot.spin_until(smiles, 'a smile')
    assert robot.heard[STATE][-1].source == 'policy'
    [point] = robot.heard[TRAJECTORY][-1].points
    assert len(point.positions) == len(robot.heard[TRAJECTORY][-1].joint_names) == 12
    [paired] = [unit for unit in robot.heard[STATE][-1].action_units if unit.code == 12]
    assert min(paired.left, paired.right) > 0.3
    yield  # launch interrupts both
    assert ends == {'perception_node': 0, 'generation_node': 0}


@pytest.mark.launch(fixture=both)
def test_requests_speech_gaze_and_stop(robot: Robot) -> None:
    active(robot)
    send(robot, Expression(expression='surprised'), '/robot_face/expression')
    robot.spin_until(lambda: robot.heard[STATE][-1].source == 'request', 'the request')
    wish = ExpressionRequest(request_id='a', expression='sad', priority=250, duration_s=0.5)
    send(robot, wish, f'{NODE}/request')
    send(robot, ExpressionRequest(request_id='b', expression='nonsense'), f'{NODE}/request')
    states = robot.heard[STATUS]
    robot.spin_until(
        lambda: (
            {('a', RequestStatus.DONE), ('b', RequestStatus.REFUSED)}
            <= {(status.request_id, status.state) for status in states}
        ),
        'what became of them',
    )
    send(robot, String(data='aa:1.0'), f'{NODE}/visemes')
    robot.spin_until(lambda: unit(robot, 26) + unit(robot, 27) > 0.05, 'an open mouth')
    send(robot, PointStamped(point=Point(x=1.0, y=0.4)), f'{NODE}/gaze_target')
    robot.spin_until(lambda: unit(robot, 61) > 0.1, 'a look to the left')
    single = [item for item in robot.heard[STATE][-1].action_units if item.code == 61]
    assert all(math.isnan(item.left) for item in single)
    send(robot, Bool(data=True), f'{NODE}/estop')
    robot.spin_until(lambda: robot.heard[STATE][-1].estopped, 'the stop')
    assert robot.set(NODE, 'policy', 'mirror') == (True, '')
    assert 'expected one of' in robot.set(NODE, 'policy', 'manic')[1]
    assert not robot.change(NODE, Transition.TRANSITION_CONFIGURE)
    assert robot.change(NODE, Transition.TRANSITION_DEACTIVATE)
    robot.spin_until(lambda: not robot.count_publishers(STATE), 'no topics')
    assert robot.change(NODE, Transition.TRANSITION_ACTIVATE)
    robot.spin_until(lambda: not robot.heard[STATE][-1].estopped, 'a new beginning')
