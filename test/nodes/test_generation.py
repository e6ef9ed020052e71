"""The robot's face over real DDS: in this process where states are tested, else in its own."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from fer_msgs.msg import (
    ExpressionEvent,
    ExpressionRequest,
    FaceExpression,
    FaceExpressionArray,
    RequestStatus,
    RigState,
)
from geometry_msgs.msg import Point, PointStamped
from hri_msgs.msg import Expression, FacialActionUnits
from listener import Listener, finish, stamp_ns, start
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float32, Float64MultiArray, String
from trajectory_msgs.msg import JointTrajectory

from fer_ros.generation import load_rig
from fer_ros.generation.units import SINGLE
from fer_ros.nodes import face_runner
from fer_ros.nodes.generation_node import GenerationNode

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
pytestmark = pytest.mark.xdist_group('dds')
QUIET = {'blink_period_s': 0.0, 'saccade_period_s': 0.0, 'breath_period_s': 0.0}
HEARD = {
    '/fer/robot_face/state': (RigState, 'state'),
    '/fer/robot_face/request_status': (RequestStatus, 'status'),
    '/face_controller/joint_trajectory': (JointTrajectory, 'trajectory'),
    '/face_forward_controller/commands': (Float64MultiArray, 'array'),
    '/robot_face/joint_states': (JointState, 'joints'),
    '/robot_face/facs': (FacialActionUnits, 'facs'),
}


def make(**values: object) -> GenerationNode:
    chosen = {'rig': 'animatronic12', **QUIET, **values}
    return GenerationNode(
        parameter_overrides=[Parameter(name, value=value) for name, value in chosen.items()]
    )


class Face:
    """A node of this process and what it says; it ticks while the listener spins."""

    def __init__(self, node: GenerationNode, listener: Listener) -> None:
        self.node, self.listener = node, listener
        self.heard = listener.heard
        listener.executor_.add_node(node)
        for topic, (kind, key) in HEARD.items():
            listener.hear(kind, topic, key)
        self._publishers: dict[str, Any] = {}

    def activate(self) -> None:
        assert self.node.trigger_configure() == SUCCESS
        assert self.node.trigger_activate() == SUCCESS
        if not self.node._runner.waiting:  # type: ignore[union-attr]
            self.listener.spin_until(lambda: bool(self.heard['state']), 'the state')

    def send(self, kind: type, topic: str, /, **fields: Any) -> None:
        """Publish once the node listens."""
        if topic not in self._publishers:
            self._publishers[topic] = self.listener.create_publisher(kind, topic, 10)
        publisher = self._publishers[topic]
        self.listener.spin_until(lambda: publisher.get_subscription_count() > 0, topic)
        publisher.publish(kind(**fields))

    def see(self, expression: str, intensity: float, **fields: Any) -> None:
        """Let the node see one person."""
        values = {
            'face_id': 'f1', 'roi_xmin': 0.4, 'roi_xmax': 0.6, 'roi_ymin': 0.3, 'roi_ymax': 0.6,
            'confidence': 0.9, 'head_yaw_rad': 0.0, 'head_pitch_rad': 0.0, **fields,
        }  # fmt: skip
        face = FaceExpression(expression=expression, intensity=intensity, **values)
        self.send(FaceExpressionArray, '/fer/expressions', faces=[face])

    def shows(self, expression: str) -> bool:
        return bool(self.heard['state']) and self.heard['state'][-1].expression == expression

    def unit(self, code: int) -> float:
        units = self.heard['state'][-1].action_units
        return max((unit.intensity for unit in units if unit.code == code), default=0.0)

    def until(self, done: Any, what: str) -> None:
        self.listener.spin_until(done, what)


@pytest.fixture
def face(listener: Listener) -> Iterator[Face]:
    node = make()
    yield Face(node, listener)
    node.destroy_node()


def test_it_walks_through_its_states(face: Face) -> None:
    face.activate()
    threads = {'fer-ticks', 'fer-plans'}
    assert threads <= {thread.name for thread in threading.enumerate()}
    assert face.node.trigger_deactivate() == SUCCESS
    assert not threads & {thread.name for thread in threading.enumerate()}
    face.until(lambda: not face.listener.count_publishers('/fer/robot_face/state'), 'closed')
    assert face.node.trigger_activate() == SUCCESS
    assert face.node.trigger_deactivate() == SUCCESS
    assert face.node.trigger_cleanup() == SUCCESS
    assert face.node.trigger_configure() == SUCCESS


def test_a_smile_is_answered_on_every_output_within_its_limits(face: Face) -> None:
    face.activate()
    face.see('happiness', 0.9)
    face.until(lambda: face.shows('happy'), 'an answer')
    for _ in range(5):
        face.see('happiness', 0.9)
        face.listener.spin_for(0.2)
    face.until(lambda: face.unit(12) > 0.5, 'a smile')
    state = face.heard['state'][-1]
    assert state.source == 'policy'
    sides = {unit.code: (unit.left, unit.right) for unit in state.action_units}
    assert min(sides[12]) > 0.3
    assert all(np.isnan(sides[code]).all() for code in SINGLE if code in sides)
    rig = load_rig('animatronic12')
    corner = rig.names.index('corner_left')
    trajectory = face.heard['trajectory'][-1]
    assert list(trajectory.joint_names) == list(rig.joints)
    assert trajectory.points[0].time_from_start.nanosec == 10_000_000
    assert stamp_ns(trajectory) == 0
    assert list(face.heard['joints'][-1].name) == list(rig.joints)
    facs = face.heard['facs'][-1]
    assert facs.intensity[12] > 0.3
    assert facs.confidence[12] == 1.0
    assert facs.confidence[3] == 0.0
    told = {stamp_ns(message): message for message in face.heard['facs']}
    alike = [(one, told[stamp_ns(one)]) for one in face.heard['state'] if stamp_ns(one) in told]
    assert alike
    for one, shown in alike:  # of the same tick
        units = {unit.code: unit.intensity for unit in one.action_units}
        assert units.get(12, 0.0) == pytest.approx(shown.intensity[12], abs=1e-6)
    commands = np.array([list(m.data) for m in face.heard['array']])
    assert commands[-1, corner] > 0.2
    assert (commands >= rig.low - 1e-9).all()
    assert (commands <= rig.high + 1e-9).all()
    assert (np.abs(np.diff(commands, axis=0)) <= rig.velocity * 0.01 * 1.0001).all()


def test_it_ticks_whatever_keeps_the_executor(face: Face) -> None:
    face.activate()
    face.listener.executor_.remove_node(face.node)  # nobody calls the node's callbacks back
    heard = len(face.heard['array'])
    face.until(lambda: len(face.heard['array']) > heard + 20, 'commands')
    face.listener.executor_.add_node(face.node)


def test_a_tick_that_fails_is_told_and_followed_by_others(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    face.activate()
    runner = face.node._runner
    assert runner is not None
    send, failures = runner._ahead.send, [OSError('no route')]

    def fail_once() -> None:
        if failures:
            raise failures.pop()
        send()

    monkeypatch.setattr(runner._ahead, 'send', fail_once)
    face.until(lambda: runner.last_error == 'OSError: no route', 'the failure')
    heard = len(face.heard['array'])
    face.until(lambda: len(face.heard['array']) > heard + 20, 'commands')


def test_a_simulation_has_the_beat(listener: Listener) -> None:
    face = Face(make(use_sim_time=True), listener)
    assert face.node.trigger_configure() == SUCCESS
    assert face.node.trigger_activate() == SUCCESS
    clock = listener.create_publisher(Clock, '/clock', 10)
    listener.spin_until(lambda: clock.get_subscription_count() > 0, 'who follows the clock')
    listener.spin_for(0.3)
    assert not face.heard['array']  # time has not begun
    now_ms = 1000

    def pass_time() -> bool:
        nonlocal now_ms
        now_ms += 10
        clock.publish(Clock(clock=Time(sec=now_ms // 1000, nanosec=now_ms % 1000 * 1_000_000)))
        listener.spin_for(0.02)
        return len(face.heard['joints']) > 10

    face.until(pass_time, 'commands')
    assert stamp_ns(face.heard['joints'][-1]) <= (now_ms + 60) * 1_000_000
    heard = len(face.heard['array'])
    listener.spin_for(0.3)  # it stands still
    assert len(face.heard['array']) <= heard + 1
    face.node.destroy_node()


def test_silence_brings_the_face_to_neutral(face: Face) -> None:
    face.activate()
    face.see('happiness', 0.9)
    face.until(lambda: face.shows('happy'), 'an answer')
    face.until(lambda: face.shows('neutral') and face.unit(12) < 0.02, 'neutral after silence')
    names = list(face.heard['state'][-1].interventions)
    assert 'watchdog' in names
    assert face.heard['state'][-1].intervention_counts[names.index('watchdog')] == 1


def test_who_begins_an_expression_is_looked_at_at_once(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face_runner, 'WATCH_S', 60.0)
    face.activate()
    runner, asked = face.node._runner, []
    assert runner is not None
    monkeypatch.setattr(runner._plans, 'ask', lambda: asked.append(threading.current_thread()))

    def tell(kind: int) -> None:
        asked.clear()
        face.send(ExpressionEvent, '/fer/events', face_id='f1', expression='anger', kind=kind)
        face.until(lambda: threading.main_thread() in asked, 'a look')  # not a tick's

    tell(ExpressionEvent.APEX)
    assert runner._plan() == face_runner.LOOK_PERIOD_S
    tell(ExpressionEvent.ONSET)
    assert runner._plan() == face_runner.WATCH_PERIOD_S


def states(face: Face) -> list[tuple[str, int]]:
    return [(message.request_id, message.state) for message in face.heard['status']]


def test_a_request_interrupts_and_gives_back(face: Face) -> None:
    face.activate()
    face.see('happiness', 0.9)
    face.until(lambda: face.shows('happy'), 'an answer')
    face.send(
        ExpressionRequest, '/fer/robot_face/request',
        request_id='r1', expression='surprised', intensity=0.5, duration_s=0.4,
    )  # fmt: skip
    face.until(lambda: face.shows('surprised'), 'the request')
    assert face.heard['state'][-1].source == 'request'
    face.see('happiness', 0.9)
    face.until(lambda: ('r1', RequestStatus.DONE) in states(face), 'its end')
    face.see('happiness', 0.9)
    face.until(lambda: face.shows('happy'), 'the answer again')
    assert states(face) == [('r1', RequestStatus.ACTIVE), ('r1', RequestStatus.DONE)]


def test_the_two_topics_of_ros4hri_are_heard(face: Face) -> None:
    face.activate()
    face.send(Expression, '/robot_face/expression', expression='sad')
    face.until(lambda: face.shows('sad'), 'the first topic')
    face.send(Expression, '/fer/robot_face/set_expression', valence=0.76, arousal=0.48)
    face.until(lambda: face.unit(12) > 0.4, 'a smile from the circumplex')
    face.send(ExpressionRequest, '/fer/robot_face/request', cancel=True)
    face.until(lambda: face.shows('neutral'), 'neutral after cancel')


@pytest.mark.parametrize(
    ('fields', 'words'),
    [
        ({'expression': 'joyous'}, "expression 'joyous': expected one of"),
        ({'expression': 'happy', 'duration_s': 1e9}, 'duration_s: expected a number in [0, 3600]'),
        ({'expression': 'happy', 'intensity': float('nan')}, 'intensity: expected a number'),
        ({'valence': float('nan')}, 'valence: expected a number'),
    ],
)
def test_a_bad_request_is_refused_with_its_reason(
    face: Face, fields: dict[str, Any], words: str
) -> None:
    face.activate()
    face.send(ExpressionRequest, '/fer/robot_face/request', request_id='bad', **fields)
    face.until(lambda: ('bad', RequestStatus.REFUSED) in states(face), 'a refusal')
    assert words in face.heard['status'][-1].reason
    face.listener.spin_for(0.2)
    assert face.shows('neutral')


@pytest.mark.parametrize('bad', [math.nan, math.inf, -1e30])
def test_no_number_whatever_ends_it(face: Face, bad: float) -> None:
    face.activate()
    face.see('happiness', 0.9, roi_ymin=bad)
    face.see('happiness', bad, head_yaw_rad=bad)
    face.send(Float32, '/fer/robot_face/mouth', data=bad)
    face.send(String, '/fer/robot_face/visemes', data=f'aa:{bad}')
    face.send(PointStamped, '/fer/robot_face/gaze_target', point=Point(x=bad, y=1.0, z=bad))
    face.send(Expression, '/robot_face/expression', valence=bad)
    face.send(
        ExpressionRequest, '/fer/robot_face/request', expression='happy', duration_s=0.5,
        request_id='good',
    )  # fmt: skip
    done = face.listener.spin_until
    done(lambda: any(s.request_id == 'good' and s.state == 3 for s in face.heard['status']), 'it')
    rig, commands = (
        load_rig('animatronic12'),
        np.array([list(m.data) for m in face.heard['array']]),
    )
    assert ((commands >= rig.low) & (commands <= rig.high)).all()
    assert not face.node._runner.face.interventions.counts['not_finite']  # type: ignore[union-attr]


def test_estop_freezes_and_lets_go(face: Face, capfd: pytest.CaptureFixture[str]) -> None:
    face.activate()
    face.send(Expression, '/robot_face/expression', expression='angry')
    face.until(lambda: face.unit(4) > 0.2, 'a frown')
    face.send(Bool, '/fer/robot_face/estop', data=True)
    face.until(lambda: face.heard['state'][-1].estopped, 'the stop')

    def stands() -> bool:
        places = [list(message.data) for message in face.heard['array'][-20:]]
        return bool(np.ptp(places, axis=0).max() == 0.0)

    face.until(stands, 'a standstill')
    face.listener.spin_for(0.3)
    assert stands()
    face.send(Bool, '/fer/robot_face/estop', data=False)
    face.until(lambda: not face.heard['state'][-1].estopped, 'the release')
    # Said again and again, as by a watchdog, it is told once.
    capfd.readouterr()
    for _ in range(5):
        face.send(Bool, '/fer/robot_face/estop', data=False)
        face.listener.spin_for(0.05)
    assert 'estop' not in capfd.readouterr().err


def test_speech_and_gaze_move_the_face(face: Face) -> None:
    face.activate()
    jaw = load_rig('animatronic12').names.index('jaw')
    for _ in range(10):
        face.send(Float32, '/fer/robot_face/mouth', data=1.0)
        face.listener.spin_for(0.05)
    assert face.heard['array'][-1].data[jaw] > 0.05
    face.send(String, '/fer/robot_face/visemes', data='nonsense')
    face.send(PointStamped, '/fer/robot_face/gaze_target', point=Point(x=1.0, y=0.5, z=0.0))
    face.until(lambda: face.unit(61) > 0.5, 'a look to the left')
    assert "viseme 'nonsense'" in face.node._runner.last_error  # type: ignore[union-attr]


def test_a_gaze_target_goes_before_the_person(face: Face) -> None:
    face.activate()
    face.send(PointStamped, '/fer/robot_face/gaze_target', point=Point(x=1.0, y=0.5, z=0.0))
    face.until(lambda: face.unit(61) > 0.5, 'a look to the left')
    for _ in range(10):
        face.see('neutral', 0.0)  # straight ahead
        face.listener.spin_for(0.05)
    assert face.unit(61) > 0.5
    face.node.set_parameters([Parameter('gaze_timeout_s', value=0.0)])
    face.send(PointStamped, '/fer/robot_face/gaze_target', point=Point(x=1.0, y=0.5, z=0.0))

    def looks_ahead() -> bool:
        face.see('neutral', 0.0)
        return face.unit(61) < 0.1

    face.until(looks_ahead, 'a look at the person')


def test_nothing_moves_before_every_joint_is_known(listener: Listener) -> None:
    face = Face(make(start_from='joint_states'), listener)
    face.activate()
    rig = load_rig('animatronic12')
    face.send(JointState, '/fer/joint_states', name=['jaw_joint'], position=[0.2])
    face.until(lambda: 'lid_left' in face.node._runner.waiting, 'the joints that miss')  # type: ignore[union-attr]
    assert not face.heard['array']
    start = [0.5 * float(high) for high in rig.high]
    face.send(JointState, '/fer/joint_states', name=list(rig.joints), position=start)
    face.until(lambda: bool(face.heard['array']), 'motion')
    assert list(face.heard['array'][0].data) == pytest.approx(start, abs=0.02)
    face.until(
        lambda: np.abs(np.subtract(face.heard['array'][-1].data, rig.neutral)).max() < 0.01,
        'neutral',
    )
    face.node.destroy_node()


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'rig': 'nobody'}, "rig 'nobody'"),
        ({'rig': 'animatronic12,animatronic12'}, 'expected an output of its own'),
        ({'policy': 'manic'}, 'policy: expected one of'),
        ({'display_rules': 'none at all'}, 'display_rules: expected one of'),
        ({'idle_expression': 'joyous'}, "expression 'joyous'"),
        ({'answer_offset': 0.9}, 'answer_offset: expected at most answer_onset'),
        ({'profiles_file': '/nowhere.yaml'}, '/nowhere.yaml'),
    ],
)
def test_a_bad_configuration_is_refused(
    values: dict[str, object], words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    node = make(**values)
    assert node.trigger_configure() == FAILURE
    assert words in capfd.readouterr().err
    node.destroy_node()


def test_parameters_change_while_it_moves(face: Face) -> None:
    face.activate()

    def change(name: str, value: object) -> tuple[bool, str]:
        result = face.node.set_parameters([Parameter(name, value=value)])[0]
        return result.successful, result.reason

    assert change('policy', 'mirror') == (True, '')
    face.see('anger', 0.9)
    face.until(lambda: face.shows('angry'), 'a mirror')
    assert 'policy: expected one of' in change('policy', 'manic')[1]
    assert 'cleanup' in change('rig', 'led_eyes')[1]
    assert change('policy', 'off') == (True, '')


def test_as_a_process_it_draws_the_avatar_and_ends_in_order(listener: Listener) -> None:
    listener.hear(RigState, '/fer/robot_face/state', 'state')
    listener.hear(String, '/fer/robot_face/arkit', 'arkit')
    process = start('up', '--face-only', '-p', 'rig:=arkit52')
    try:
        listener.spin_until(
            lambda: (
                bool(listener.heard['arkit'] and listener.heard['state'])
                or process.poll() is not None
            ),
            'blendshapes',
        )
        told = json.loads(listener.heard['arkit'][-1].data)
        assert len(told['values']) == 55
        assert listener.heard['state'][-1].rig == 'arkit52'
    finally:
        status, text = finish(process)
    assert status == 0, text
    assert 'Traceback' not in text


def test_a_host_beyond_this_machine_needs_to_be_allowed(tmp_path: Path) -> None:
    rig = tmp_path / 'far.yaml'
    rig.write_text(
        'name: far\ndefaults: {velocity: 4, acceleration: 40, jerk: 800}\n'
        'actuators: {jaw: {min: 0, max: 1, units: {26: 1.0}}}\n'
        'outputs: [{kind: osc, host: 192.0.2.1, port: 9000}]\n',
        encoding='utf-8',
    )
    node = make(rig=str(rig))
    assert node.trigger_configure() == SUCCESS
    assert node.trigger_activate() == FAILURE
    node.destroy_node()
