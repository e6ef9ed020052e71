"""Nodes as processes: what ends them, how they end, and what must not end them."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hri_msgs.msg import Expression
from listener import Listener, start
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.publisher import Publisher
from said import of_ours
from sensor_msgs.msg import JointState

from fer_ros.nodes import perception_node
from fer_ros.nodes.perception_node import PerceptionNode

ROOT = Path(__file__).resolve().parents[2]
SIGNALS = pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
pytestmark = pytest.mark.xdist_group('dds')


def python(code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a program that may send signals to itself."""
    lines = ('import os, sys', 'from fer_ros import rosless', 'rosless.install()', code)
    return subprocess.run(
        [sys.executable, '-c', '\n'.join(lines), *words],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_every_executable_can_be_imported() -> None:
    scripts = re.findall(r"'[\w-]+ = ([\w.]+):(\w+)'", (ROOT / 'setup.py').read_text('utf-8'))
    assert len(scripts) == 3
    for module, name in scripts:
        assert callable(getattr(import_module(module), name))


@SIGNALS
@pytest.mark.parametrize('node', ['perception', 'generation'])
def test_told_to_end_in_its_imports_it_ends_in_order(node: str, number: int) -> None:
    done = python(
        'def hook(event, details):\n'
        f'    if event == "import" and details[0] == "fer_ros.nodes.{node}_node":\n'
        f'        os.kill(os.getpid(), {number})\n'
        'sys.addaudithook(hook)\n'
        'from fer_ros.nodes import executables\n'
        f'executables.{node}()'
    )
    assert (done.returncode, of_ours(done.stderr)) == (0, '')


@SIGNALS
def test_told_to_end_in_configure_it_is_not_activated(number: int) -> None:
    done = python(
        'import rclpy\n'
        'from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn\n'
        'from fer_ros.nodes import running\n'
        'class Node(LifecycleNode):\n'
        '    def on_configure(self, state):\n'
        f'        os.kill(os.getpid(), {number})\n'
        '        print("configured")\n'
        '        return TransitionCallbackReturn.SUCCESS\n'
        '    def on_activate(self, state):\n'
        '        print("activated")\n'
        '        return TransitionCallbackReturn.SUCCESS\n'
        '    def destroy_node(self):\n'
        f'        os.kill(os.getpid(), {number})\n'
        '        print("in the graph:", rclpy.ok())\n'
        '        super().destroy_node()\n'
        'sys.exit(running.run(lambda: Node("n"), "n", [], autostart=True))'
    )
    assert (done.returncode, of_ours(done.stderr)) == (0, '')
    assert done.stdout == 'configured\nin the graph: True\n'


@SIGNALS
def test_who_waits_without_end_is_woken(number: int) -> None:
    done = python(
        'import threading\n'
        'from fer_ros.nodes import signals\n'
        'signals.listen()\n'
        'woken = threading.Event()\n'
        'with signals.waking(woken.set):\n'
        f'    os.kill(os.getpid(), {number})\n'
        '    print(woken.wait(30), signals.told_to_end())\n'
        'print(threading.active_count())'
    )
    assert (done.returncode, done.stdout, of_ours(done.stderr)) == (0, 'True True\n1\n', '')


@SIGNALS
def test_told_to_end_it_says_that_nobody_is_tracked(listener: Listener, number: int) -> None:
    process = start('up')
    # Heard, not found: each side finds the other in its own time.
    listener.spin_until(lambda: bool(listener.heard['diagnostics']), 'the node')
    process.send_signal(number)
    listener.spin_until(lambda: bool(listener.heard['tracked']), 'the empty list')
    out, err = process.communicate(timeout=20)
    assert list(listener.heard['tracked'][-1].ids) == []
    assert process.returncode == 0, out + err
    assert 'Traceback' not in err


def test_the_last_list_is_given_time_to_arrive(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = []

    def wait(publisher: Publisher, timeout: Duration) -> bool:
        waited.append((publisher.topic_name, timeout.nanoseconds))
        return True

    monkeypatch.setattr(Publisher, 'wait_for_all_acked', wait)
    node = PerceptionNode()
    assert node.trigger_configure() == TransitionCallbackReturn.SUCCESS
    assert node.trigger_activate() == TransitionCallbackReturn.SUCCESS
    assert not waited
    node.destroy_node()
    assert waited == [('/humans/faces/tracked', 100_000_000)]


@SIGNALS
def test_told_to_end_the_face_comes_to_rest(listener: Listener, number: int) -> None:
    listener.hear(JointState, '/robot_face/joint_states', 'joints')
    requests = listener.create_publisher(Expression, '/robot_face/expression', 10)
    process = start('up', '--face-only', '-p', 'rig:=animatronic12')

    def steps() -> np.ndarray:
        places = np.array([message.position for message in listener.heard['joints']])
        return np.abs(np.diff(places, axis=0)).max(1) if len(places) > 1 else np.zeros(1)

    listener.spin_until(lambda: requests.get_subscription_count() > 0, 'the face')
    requests.publish(Expression(expression='surprised'))
    listener.spin_until(lambda: steps()[-1] > 0.01, 'motion')
    process.send_signal(number)
    listener.spin_until(lambda: process.poll() is not None, 'the end')
    listener.spin_for(0.3)
    assert steps()[-1] < 0.1 * steps().max()
    assert process.returncode == 0, process.communicate()


def test_a_transition_that_can_not_be_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    def change_state(request: object, response: object) -> object:
        raise RuntimeError('Transition is not registered.')

    node = PerceptionNode()
    response = node._refusing(change_state)(None, SimpleNamespace(success=True))
    node.destroy_node()
    assert response.success is False
    assert 'not registered' in capfd.readouterr().err


def test_what_a_transition_raises_is_told(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(perception_node, 'Pipeline', lambda _: 1 / 0)
    node = PerceptionNode()
    assert node.on_configure(None) == TransitionCallbackReturn.ERROR  # type: ignore[arg-type]
    node.destroy_node()
    assert 'ZeroDivisionError' in capfd.readouterr().err


def test_no_topic_has_events_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, object]] = []

    def note(name: str) -> None:
        create = getattr(LifecycleNode, name)

        def noted(self: object, *args: object, **kwargs: object) -> object:
            asked.append((name, kwargs['event_callbacks']))
            return create(self, *args, **kwargs)

        monkeypatch.setattr(LifecycleNode, name, noted)

    note('create_publisher')
    note('create_subscription')
    node = PerceptionNode()
    node.trigger_configure()
    node.trigger_activate()
    node.destroy_node()
    assert {name for name, _ in asked} == {'create_publisher', 'create_subscription'}
    assert not any(events.use_default_callbacks for _, events in asked)  # type: ignore[attr-defined]
