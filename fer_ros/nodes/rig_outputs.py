"""Sends what a rig's actuators shall do to where its file says."""

from __future__ import annotations

from array import array
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
from fer_ros.generation.units import CHANNELS
from fer_ros.nodes import generation_conversions as conversions
from fer_ros.types import Float64

COMMAND_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE
)
NS_PER_S = 1_000_000_000


# Who listens is asked this often, in ticks.
LOOK_EVERY = 10


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """What a face does at a tick.

    :param units: (C,) by channel, before the limits of any rig.
    :param positions: (M,) of each rig's actuators.
    """

    aim: Aim
    units: Float64
    positions: tuple[Float64, ...]


Send = Callable[[Pose], None]
Publish = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class _Line:
    """What sends to one output.

    :param every: ticks from one message to the next.
    :param publisher: of an output that is a topic, which is silent while nobody listens: a
        message costs more than its motion.
    """

    send: Send
    every: int
    publisher: Any = None

    def is_heard(self) -> bool:
        """Tell whether to send; what is no topic looks for itself."""
        return self.publisher is None or self.publisher.get_subscription_count() > 0


class RigOutputs:
    """Every output of one rig, each at its own rate."""

    def __init__(self, node: Any, face: Face, rig: int, *, allow_network: bool) -> None:
        """Open those of one of the face's rigs, by its number.

        :raises FerError: a host may not be used, a port is taken, or a package is missing.
        """
        self._node, self._face, self._rig = node, face, rig
        self._guard = face.guards[rig]
        self._allow_network = allow_network
        self._closers: list[Callable[[], None]] = []
        self._ticks = 0
        self._lines: list[_Line] = []
        self._heard: list[_Line] = []
        try:
            for output in self._guard.rig.outputs:
                self._lines.append(self._open(output))
        except Exception:
            self.close()
            raise

    def publish(self, pose: Pose) -> None:
        """Send the pose of this tick to those whose turn it is and who listen."""
        if self._ticks % LOOK_EVERY == 0:
            self._heard = [line for line in self._lines if line.is_heard()]
        for line in self._heard:
            if self._ticks % line.every == 0:
                line.send(pose)
        self._ticks += 1

    def close(self) -> None:
        """Close topics, sockets and servers."""
        for close in self._closers:
            close()
        for line in self._lines:
            if line.publisher is not None:
                self._node.destroy_publisher(line.publisher)
        self._closers, self._lines, self._heard = [], [], []

    def _open(self, output: Output) -> _Line:
        """Return what sends to one output."""
        rate_hz = output.rate_hz or self._face.rate_hz
        every = max(round(self._face.rate_hz / rate_hz), 1)
        topics = {
            OutputKind.JOINT_TRAJECTORY: (JointTrajectory, self._trajectory),
            OutputKind.FLOAT64_MULTI_ARRAY: (Float64MultiArray, self._array),
            OutputKind.JOINT_STATE: (JointState, self._joint_state),
            OutputKind.FACS: (FacialActionUnits, self._facs),
            OutputKind.ARKIT_JSON: (String, self._json),
        }
        if output.kind in topics:
            kind, make = topics[output.kind]
            publisher = self._node.create_publisher(kind, output.topic, COMMAND_QOS)
            return _Line(make(output, publisher.publish), every, publisher)
        others = {
            OutputKind.LIVELINK: self._livelink,
            OutputKind.OSC: self._osc,
            OutputKind.WEBSOCKET: self._websocket,
        }
        return _Line(others[output.kind](output), every)

    def _joints(self, output: Output) -> tuple[list[str], Callable[[Pose], array[float]]]:
        """Return the joints of an output, and what takes their positions from a pose."""
        rig, number = self._guard.rig, self._rig
        joints = [rig.joints[index] for index in output.actuators]
        chosen = None if joints == list(rig.joints) else np.array(output.actuators)

        def positions(pose: Pose) -> array[float]:
            every = pose.positions[number]
            return conversions.doubles(every if chosen is None else every[chosen])

        return joints, positions

    def _now_ns(self) -> int:
        return int(self._node.get_clock().now().nanoseconds)

    def _stamp(self) -> Any:
        return self._node.get_clock().now().to_msg()

    def _values(self, pose: Pose) -> dict[str, float]:
        """Return positions by the joint's name."""
        return dict(zip(self._guard.rig.joints, pose.positions[self._rig].tolist()))

    def _trajectory(self, output: Output, publish: Publish) -> Send:
        joints, positions = self._joints(output)
        rate_hz = output.rate_hz or self._face.rate_hz
        message = conversions.trajectory_of(joints, round(NS_PER_S / rate_hz))

        def send(pose: Pose) -> None:
            message.points[0].positions = positions(pose)
            publish(message)

        return send

    def _array(self, output: Output, publish: Publish) -> Send:
        _, positions = self._joints(output)
        message = Float64MultiArray()

        def send(pose: Pose) -> None:
            message.data = positions(pose)
            publish(message)

        return send

    def _joint_state(self, output: Output, publish: Publish) -> Send:
        joints, positions = self._joints(output)
        message = JointState(name=joints)

        def send(pose: Pose) -> None:
            message.header.stamp = self._stamp()
            message.position = positions(pose)
            publish(message)

        return send

    def _facs(self, output: Output, publish: Publish) -> Send:
        def send(pose: Pose) -> None:
            publish(conversions.facs_from(pose.units, Header(stamp=self._stamp())))

        return send

    def _json(self, output: Output, publish: Publish) -> Send:
        def send(pose: Pose) -> None:
            publish(String(data=conversions.as_json(self._values(pose), self._now_ns())))

        return send

    def _livelink(self, output: Output) -> Send:
        socket = self._socket(output)
        rate_hz = round(output.rate_hz or self._face.rate_hz)

        def send(pose: Pose) -> None:
            socket.send(
                livelink_packet(self._values(pose), output.subject, self._now_ns(), rate_hz)
            )

        return send

    def _osc(self, output: Output) -> Send:
        socket = self._socket(output)

        def send(pose: Pose) -> None:
            socket.send(osc_bundle(osc_messages(self._values(pose), output.style)))

        return send

    def _websocket(self, output: Output) -> Send:
        page = PageServer(output.host, output.port, allow_network=self._allow_network)
        self._closers.append(page.close)
        self._node.get_logger().info(f'the avatar is drawn at {page.url}')

        def send(pose: Pose) -> None:
            if page.clients:
                values = np.round(shown_units(pose.units, self._face, pose.positions), 3).tolist()
                units = {name: value for name, value in zip(CHANNELS, values) if value}
                page.send({'expression': pose.aim.expression, 'units': units})

        return send

    def _socket(self, output: Output) -> Datagrams:
        socket = Datagrams(output.host, output.port, allow_network=self._allow_network)
        self._closers.append(socket.close)
        return socket
