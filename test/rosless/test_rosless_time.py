from __future__ import annotations

import time

import pytest
import rclpy
from builtin_interfaces.msg import Time as TimeMessage
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.time import Time
from rosgraph_msgs.msg import Clock


def test_time_and_duration():
    moment = Time(seconds=1, nanoseconds=5)
    assert moment.nanoseconds == 1_000_000_005
    assert moment.to_msg() == TimeMessage(sec=1, nanosec=5)
    assert Time.from_msg(TimeMessage(sec=1, nanosec=5)) == moment
    assert (moment + Duration(seconds=0.5)).nanoseconds == 1_500_000_005
    assert (moment - Duration(nanoseconds=5)).nanoseconds == 1_000_000_000
    assert moment - Time(seconds=1) == Duration(nanoseconds=5)
    assert Time(seconds=2) > moment


def test_a_stamp_of_today_keeps_its_nanoseconds():
    stamp_ns = 1_795_528_494_123_456_789
    assert Time.from_msg(Time(nanoseconds=stamp_ns).to_msg()).nanoseconds == stamp_ns


def test_the_clock_is_the_systems(node):
    before_ns = time.time_ns()
    assert before_ns <= node.get_clock().now().nanoseconds <= time.time_ns()


def test_a_timer_repeats_until_it_is_cancelled(node, spin_until):
    calls = []
    timer = node.create_timer(0.01, lambda: calls.append(1))
    spin_until(node, lambda: len(calls) >= 3, 'three calls')
    timer.cancel()
    assert timer.is_canceled()
    count = len(calls)
    rclpy.spin_once(node, timeout_sec=0.1)
    assert len(calls) == count
    timer.reset()
    spin_until(node, lambda: len(calls) > count, 'a call after reset')
    node.destroy_timer(timer)
    assert node.timers == []


def test_spin_once_waits_no_longer_than_told(node):
    began_s = time.monotonic()
    rclpy.spin_once(node, timeout_sec=0.05)
    assert time.monotonic() - began_s >= 0.04


@pytest.fixture
def simulated(context):
    """A node on simulated time, what moves it on, and what spins it."""
    node = Node('simulated', parameter_overrides=[Parameter('use_sim_time', value=True)])
    source = Node('source')
    clock = source.create_publisher(Clock, '/clock', 10)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    deadline_s = time.monotonic() + 30
    while not clock.get_subscription_count():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)

    def go_to(seconds: float) -> None:
        wanted = Time(seconds=seconds)
        clock.publish(Clock(clock=wanted.to_msg()))
        while node.get_clock().now() != wanted:
            assert time.monotonic() < deadline_s
            executor.spin_once(timeout_sec=0.1)
        executor.spin_once(timeout_sec=0.1)

    yield node, go_to
    source.destroy_node()
    node.destroy_node()


def test_simulated_time_begins_at_zero_and_follows(simulated):
    node, go_to = simulated
    assert node.get_clock().now().nanoseconds == 0
    go_to(12.5)
    assert node.get_clock().now().nanoseconds == 12_500_000_000


def test_timers_follow_simulated_time(simulated):
    node, go_to = simulated
    go_to(100.0)
    calls = []
    node.create_timer(1.0, lambda: calls.append(node.get_clock().now().nanoseconds / 1e9))
    go_to(100.9)
    assert calls == []
    go_to(101.0)
    go_to(105.5)  # four periods at once are one call
    assert calls == [101.0, 105.5]


def test_timers_go_on_after_time_was_set_back(simulated):
    node, go_to = simulated
    go_to(100.0)
    calls = []
    node.create_timer(1.0, lambda: calls.append(node.get_clock().now().nanoseconds / 1e9))
    go_to(10.0)
    go_to(10.5)
    assert calls == []
    go_to(11.0)
    assert calls == [11.0]
