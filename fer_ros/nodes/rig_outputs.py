"""Sends what a rig's actuators shall do to where its file says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hri_msgs.msg import FacialActionUnits
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, Header, String
from trajectory_msgs.msg import JointTrajectory

from fer_ros.generation import Aim, Face, Output, OutputKind
from fer_ros.generation.outputs import Datagrams, livelink_packet, osc_bundle, osc_messages
from fer_ros.generation.outputs.page import PageServer
from fer_ros.generation.pictures import shown_units
from fer_ros.generation.safety import Guard
from fer_ros.generation.units import CHANNELS
from fer_ros.nodes import generation_conversions as conversions

COMMAND_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE
)
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Tick:
    """What an output may tell of a tick."""

    aim: Aim
    header: Header
    stamp_ns: int


Send = Callable[[Tick], None]


class RigOutputs:
    """Every output of one rig, each at its own rate."""

    def __init__(self, node: Any, face: Face, guard: Guard, *, allow_network: bool) -> None:
        """Open them.

        :raises FerError: a host may not be used, a port is taken, or a package is missing.
        """
        self._node, self._face, self._guard = node, face, guard
        self._allow_network = allow_network
        self._publishers: list[Any] = []
        self._closers: list[Callable[[], None]] = []
        self._ticks = 0
        self._every: list[tuple[int, Send]] = []
        try:
            for output in guard.rig.outputs:
                rate_hz = output.rate_hz or face.rate_hz
                every = max(round(face.rate_hz / rate_hz), 1)
                self._every.append((every, self._open(output)))
        except Exception:
            self.close()
            raise

    def publish(self, tick: Tick) -> None:
        """Send the position of this tick to those whose turn it is."""
        for every, send in self._every:
            if self._ticks % every == 0:
                send(tick)
        self._ticks += 1

    def close(self) -> None:
        """Close topics, sockets and servers."""
        for close in self._closers:
            close()
        for publisher in self._publishers:
            self._node.destroy_publisher(publisher)
        self._closers, self._publishers, self._every = [], [], []

    def _open(self, output: Output) -> Send:
        """Return what sends to one output."""
        opened: dict[OutputKind, Callable[[Output], Send]] = {
            OutputKind.JOINT_TRAJECTORY: self._trajectory,
            OutputKind.FLOAT64_MULTI_ARRAY: self._array,
            OutputKind.JOINT_STATE: self._joint_state,
            OutputKind.FACS: self._facs,
            OutputKind.ARKIT_JSON: self._json,
            OutputKind.LIVELINK: self._livelink,
            OutputKind.OSC: self._osc,
            OutputKind.WEBSOCKET: self._websocket,
        }
        return opened[output.kind](output)

    def _topic(self, kind: type, output: Output) -> Any:
        publisher = self._node.create_publisher(kind, output.topic, COMMAND_QOS)
        self._publishers.append(publisher)
        return publisher

    def _joints(self, output: Output) -> tuple[list[str], Any]:
        """Return the joints of an output, and what takes their positions."""
        chosen = np.array(output.actuators)
        joints = [self._guard.rig.joints[index] for index in output.actuators]
        return joints, lambda: self._guard.position[chosen]

    def _trajectory(self, output: Output) -> Send:
        publisher = self._topic(JointTrajectory, output)
        joints, position = self._joints(output)
        rate_hz = output.rate_hz or self._face.rate_hz
        message = conversions.trajectory_of(joints, round(NS_PER_S / rate_hz))

        def send(_: Tick) -> None:
            message.points[0].positions = conversions.doubles(position())
            publisher.publish(message)

        return _while_heard(publisher, send)

    def _array(self, output: Output) -> Send:
        publisher = self._topic(Float64MultiArray, output)
        _, position = self._joints(output)

        def send(_: Tick) -> None:
            publisher.publish(conversions.array_from(position()))

        return _while_heard(publisher, send)

    def _joint_state(self, output: Output) -> Send:
        publisher = self._topic(JointState, output)
        joints, position = self._joints(output)

        def send(tick: Tick) -> None:
            publisher.publish(conversions.joint_state_from(joints, position(), tick.header))

        return _while_heard(publisher, send)

    def _facs(self, output: Output) -> Send:
        publisher = self._topic(FacialActionUnits, output)

        def send(tick: Tick) -> None:
            publisher.publish(conversions.facs_from(self._face.units, tick.header))

        return _while_heard(publisher, send)

    def _json(self, output: Output) -> Send:
        publisher = self._topic(String, output)

        def send(tick: Tick) -> None:
            publisher.publish(String(data=conversions.as_json(self._values(), tick.stamp_ns)))

        return _while_heard(publisher, send)

    def _livelink(self, output: Output) -> Send:
        socket = self._socket(output)
        rate_hz = round(output.rate_hz or self._face.rate_hz)

        def send(tick: Tick) -> None:
            socket.send(livelink_packet(self._values(), output.subject, tick.stamp_ns, rate_hz))

        return send

    def _osc(self, output: Output) -> Send:
        socket = self._socket(output)

        def send(_: Tick) -> None:
            socket.send(osc_bundle(osc_messages(self._values(), output.style)))

        return send

    def _websocket(self, output: Output) -> Send:
        page = PageServer(output.host, output.port, allow_network=self._allow_network)
        self._closers.append(page.close)
        self._node.get_logger().info(f'the avatar is drawn at {page.url}')

        def send(tick: Tick) -> None:
            if page.clients:
                values = np.round(shown_units(self._face), 3).tolist()
                units = {name: value for name, value in zip(CHANNELS, values) if value}
                page.send({'expression': tick.aim.expression, 'units': units})

        return send

    def _socket(self, output: Output) -> Datagrams:
        socket = Datagrams(output.host, output.port, allow_network=self._allow_network)
        self._closers.append(socket.close)
        return socket

    def _values(self) -> dict[str, float]:
        """Return positions by the joint's name."""
        return dict(zip(self._guard.rig.joints, self._guard.position.tolist()))


def _while_heard(publisher: Any, send: Send) -> Send:
    """Return what sends only while somebody listens: a message costs more than its motion."""

    def guarded(tick: Tick) -> None:
        if publisher.get_subscription_count():
            send(tick)

    return guarded
