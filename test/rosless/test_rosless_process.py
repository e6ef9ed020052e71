"""What concerns a process: signals, the import hook, the environment, its log."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import rclpy
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node

from fer_ros.errors import MiddlewareError
from fer_ros.rosless import network
from fer_ros.rosless.logging import LoggingSeverity, settings

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, *, path: str = '', **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own."""
    environment = {**os.environ, 'PYTHONPATH': f'{ROOT}{os.pathsep}{path}', **variables}
    return subprocess.run(
        [sys.executable, '-c', code],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ('number', 'end'),
    [(signal.SIGINT, 'KeyboardInterrupt'), (signal.SIGTERM, 'ExternalShutdownException')],
)
def test_a_signal_ends_spin(peer, number, end):
    other = peer('listen', '/x', 'reliable,volatile,1')
    assert other.read() == {'ready': True}
    status, out, err = other.end(number)
    assert status == 0, err
    assert 'Traceback' not in err
    assert end in out


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_whose_exception_is_lost_ends_spin_all_the_same(number):
    code = (
        'from fer_ros import rosless; rosless.install()\n'
        'import os, rclpy\n'
        'from rclpy.node import Node\n'
        'from rclpy.executors import ExternalShutdownException\n'
        'class Careless:\n'
        '    def __del__(self):\n'
        f'        os.kill(os.getpid(), {int(number)})\n'
        'rclpy.init(args=[])\n'
        'node = Node("n")\n'
        'node.create_timer(0.01, Careless)\n'
        'try:\n'
        '    rclpy.spin(node)\n'
        'except ExternalShutdownException:\n'
        '    print("ended")\n'
        'node.destroy_node()\n'
        'rclpy.try_shutdown()\n'
    )
    done = python(code)
    assert (done.returncode, done.stdout) == (0, 'ended\n')


def test_signals_can_be_left_to_the_program():
    code = (
        'from fer_ros import rosless; rosless.install()\n'
        'import os, rclpy, signal\n'
        'from rclpy.signals import SignalHandlerOptions\n'
        'heard = []\n'
        'for number in (signal.SIGINT, signal.SIGTERM):\n'
        '    signal.signal(number, lambda number, _: heard.append(number))\n'
        'rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)\n'
        'os.kill(os.getpid(), signal.SIGINT)\n'
        'os.kill(os.getpid(), signal.SIGTERM)\n'
        'print(heard == [signal.SIGINT, signal.SIGTERM], rclpy.ok())\n'
        'rclpy.shutdown()\n'
    )
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, 'True True\n', '')


def test_an_executor_ends_after_shutdown():
    code = (
        'from fer_ros import rosless; rosless.install()\n'
        'import rclpy, threading\n'
        'from rclpy.node import Node\n'
        'from rclpy.executors import ExternalShutdownException\n'
        'rclpy.init(args=[])\n'
        'node = Node("n")\n'
        'threading.Timer(0.3, rclpy.shutdown).start()\n'
        'try:\n'
        '    rclpy.spin(node)\n'
        'except ExternalShutdownException:\n'
        '    print("ended")\n'
        'node.destroy_node()\n'
        'rclpy.try_shutdown()\n'
    )
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, 'ended\n', '')


def test_init_and_shutdown_again():
    code = (
        'from fer_ros import rosless; rosless.install()\n'
        'import rclpy\n'
        'from rclpy.node import Node\n'
        'from std_msgs.msg import String\n'
        'kept = []\n'
        'for turn in range(3):\n'
        '    rclpy.init(args=[])\n'
        '    node = Node("n")\n'
        '    kept.append(node.create_publisher(String, "x", 1))\n'
        '    node.create_subscription(String, "x", print, 1)\n'
        '    rclpy.shutdown()\n'
        '    node.destroy_node()\n'
        'try:\n'
        '    kept[0].publish(String())\n'
        '    rclpy.shutdown()\n'
        'except RuntimeError as error:\n'
        '    print("refused")\n'
    )
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, 'refused\n', '')


def test_a_node_needs_init():
    code = (
        'from fer_ros import rosless; rosless.install()\nfrom rclpy.node import Node\nNode("n")\n'
    )
    assert 'expected rclpy.init() before a node is made' in python(code).stderr


def fake_ros(folder: Path) -> str:
    (folder / 'rclpy').mkdir()
    (folder / 'rclpy' / '__init__.py').write_text('REAL = True\n')
    return str(folder)


def test_the_real_rclpy_goes_first(tmp_path):
    code = 'from fer_ros import rosless; print(rosless.install()); import rclpy; print(rclpy.REAL)'
    assert python(code, path=fake_ros(tmp_path)).stdout.split() == ['False', 'True']


@pytest.mark.parametrize(('force', 'variable'), [('force=True', ''), ('', '1')])
def test_unless_it_is_told_otherwise(tmp_path, force, variable):
    code = (
        f'from fer_ros import rosless; print(rosless.install({force})); import rclpy; '
        'print(hasattr(rclpy, "REAL"))'
    )
    done = python(code, path=fake_ros(tmp_path), FER_ROS_ROSLESS=variable)
    assert done.stdout.split() == ['True', 'False']


def test_not_after_the_real_one_was_imported(tmp_path):
    code = 'import rclpy; from fer_ros import rosless; rosless.install(force=True)'
    assert 'before rclpy is imported' in python(code, path=fake_ros(tmp_path)).stderr


def test_without_the_wheel_the_error_says_what_to_install(tmp_path):
    code = (
        'import sys; sys.modules["cyclonedds"] = None\n'
        'from fer_ros import rosless; rosless.install()\n'
        'import rclpy; rclpy.init(args=[])\n'
    )
    done = python(code)
    assert 'pip install cyclonedds==' in done.stderr.splitlines()[-1]


def test_the_version_in_that_text_is_the_one_that_is_pinned():
    pinned = re.search(r"'(cyclonedds==[\d.]+);", (ROOT / 'setup.py').read_text())
    assert pinned
    assert pinned[1] in (ROOT / 'fer_ros' / 'rosless' / 'context.py').read_text()


@pytest.mark.parametrize('uri', ['<CycloneDDS><Domain><General><Foo>', 'file:///nowhere.xml'])
def test_a_bad_configuration_is_named(uri):
    code = 'from fer_ros import rosless; rosless.install(); import rclpy; rclpy.init(args=[])'
    done = python(code, CYCLONEDDS_URI=uri)
    assert done.returncode
    assert 'CYCLONEDDS_URI' in done.stderr.splitlines()[-1]


@pytest.mark.parametrize('text', ['x', '-1', '233', '1.5', '\u0663'])
def test_a_bad_domain_is_named(monkeypatch, text):
    monkeypatch.setenv('ROS_DOMAIN_ID', text)
    with pytest.raises(MiddlewareError, match=r'ROS_DOMAIN_ID: expected a number in \[0, 232\]'):
        network.domain_id()


@pytest.mark.parametrize(('text', 'number'), [('', 0), ('0', 0), (' 7 ', 7), ('232', 232)])
def test_a_good_domain(monkeypatch, text, number):
    monkeypatch.setenv('ROS_DOMAIN_ID', text)
    assert network.domain_id() == number


def test_the_highest_domain_can_be_joined():
    code = (
        'from fer_ros import rosless; rosless.install()\n'
        'import rclpy; rclpy.init(args=[]); rclpy.shutdown()\n'
    )
    assert python(code, ROS_DOMAIN_ID='232').returncode == 0
    # Ports: 7400 + 250 d + 11 + 2 i for the i-th participant, of which 65535 is the last.
    assert (network.participants(0), network.participants(232)) == (120, 63)


@pytest.mark.parametrize(
    ('variables', 'loopback'),
    [
        ({}, False),
        ({'ROS_LOCALHOST_ONLY': '1'}, True),
        ({'ROS_LOCALHOST_ONLY': '0'}, False),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST'}, True),
        ({'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}, False),
    ],
)
def test_loopback_only(monkeypatch, variables, loopback):
    for name in ('ROS_LOCALHOST_ONLY', 'ROS_AUTOMATIC_DISCOVERY_RANGE'):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert network.loopback_only() is loopback
    assert ('127.0.0.1' in network.configuration(1)) is loopback


def test_static_peers(monkeypatch):
    monkeypatch.delenv('ROS_LOCALHOST_ONLY', raising=False)
    monkeypatch.delenv('ROS_AUTOMATIC_DISCOVERY_RANGE', raising=False)
    monkeypatch.setenv('ROS_STATIC_PEERS', '10.0.0.1;robot.local')
    text = network.configuration(1)
    assert '<Peer address="10.0.0.1"/><Peer address="robot.local"/>' in text


def test_a_line_of_the_log(capfd):
    assert get_logger('a.b').warning('text')
    line = capfd.readouterr().err
    assert re.fullmatch(r'\[WARN\] \[\d+\.\d{9}\] \[a\.b\]: text\n', line)


def test_levels(capfd, monkeypatch):
    monkeypatch.setattr(settings, 'level', LoggingSeverity.WARN)
    logger = get_logger('a')
    assert not logger.info('one')
    assert logger.error('two')
    assert 'one' not in capfd.readouterr().err


def test_once_throttle_and_skip_first():
    logger = get_logger('a')
    assert [logger.info('x', once=True) for _ in range(3)] == [True, False, False]
    assert [logger.info('x', throttle_duration_sec=60.0) for _ in range(2)] == [True, False]
    assert [logger.info('x', skip_first=True) for _ in range(3)] == [False, True, True]


def test_both_executors_serve(node):
    executor = MultiThreadedExecutor(num_threads=2)
    calls = []
    node.create_timer(0.01, lambda: calls.append(1))
    assert executor.add_node(node)
    assert not executor.add_node(node)
    executor.spin_once(timeout_sec=5.0)
    assert calls
    assert executor.shutdown()


def test_what_stands_in_is_what_nodes_import():
    assert importlib.util.find_spec('rclpy').loader.__class__.__module__.startswith('fer_ros')
    assert issubclass(ExternalShutdownException, Exception)
    assert Node is rclpy.node.Node
