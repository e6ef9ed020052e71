"""Sends what a rig's actuators shall do to where its file says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from hri_msgs.msg import FacialActionUnits
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String
from trajectory_msgs.msg import JointTrajectory

from fer_ros.generation import Aim, Face, Output, OutputKind
from fer_ros.generation.outputs import Datagrams, livelink_packet, osc_bundle, osc_messages
from fer_ros.generation.outputs.page import PageServer
from fer_ros.generation.pictures import shown_units
from fer_ros.generation.units import CHANNELS
from fer_ros.nodes import generation_conversions as conversions
from fer_ros.nodes.stencil import Stencil
from fer_ros.types import Float64

COMMAND_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE
)
NS_PER_S = 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """What a face does at a tick.

    :param tick: its number.
    :param stamp_ns: when it is sent, on the node's clock.
    :param units: (C,) by channel, before the limits of any rig.
    :param positions: (M,) of each rig's actuators.
    """

    tick: int
    stamp_ns: int
    aim: Aim
    units: Float64
    positions: tuple[Float64, ...]


Send = Callable[[Any], None]
Make = Callable[[Pose], Any]
Packet = tuple[Send, Any]  # what sends, and what it shall send


@dataclass(frozen=True, slots=True)
class _Line:
    """What goes to one output.

    :param every: ticks from one message to the next.
    :param is_heard: whether anybody listens: a message costs more than its motion.
    """

    make: Make
    send: Send
    every: int
    is_heard: Callable[[], bool]


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
        self._lines: list[_Line] = []
        self._heard: list[_Line] = []
        try:
            for output in self._guard.rig.outputs:
                self._lines.append(self._open(output))
        except Exception:
            self.close()
            raise

    def look(self) -> None:
        """Look who listens."""
        self._heard = [line for line in self._lines if line.is_heard()]

    def packets(self, pose: Pose) -> list[Packet]:
        """Return what to send of a pose to those whose turn it is and who listen."""
        return [
            (line.send, line.make(pose)) for line in self._heard if pose.tick % line.every == 0
        ]

    def close(self) -> None:
        """Close topics, sockets and servers."""
        for close in self._closers:
            close()
        self._closers, self._lines, self._heard = [], [], []

    def _open(self, output: Output) -> _Line:
        """Return what makes the messages of one output, and what sends them."""
        rate_hz = output.rate_hz or self._face.rate_hz
        every = max(round(self._face.rate_hz / rate_hz), 1)
        topics: dict[OutputKind, tuple[Any, Callable[[Output], Make]]] = {
            OutputKind.JOINT_TRAJECTORY: (JointTrajectory, self._trajectory),
            OutputKind.FLOAT64_MULTI_ARRAY: (Float64MultiArray, self._array),
            OutputKind.JOINT_STATE: (JointState, self._joint_state),
            OutputKind.FACS: (FacialActionUnits, self._facs),
            OutputKind.ARKIT_JSON: (String, self._json),
        }
        if output.kind in topics:
            kind, make = topics[output.kind]
            return self._topic(kind, output.topic, make(output), every)
        if output.kind is OutputKind.WEBSOCKET:
            return self._websocket(output, every)
        make = {OutputKind.LIVELINK: self._livelink, OutputKind.OSC: self._osc}[output.kind]
        socket = Datagrams(output.host, output.port, allow_network=self._allow_network)
        self._closers.append(socket.close)
        return _Line(make(output), socket.send, every, lambda: True)

    def _topic(self, kind: Any, topic: str, make: Make, every: int) -> _Line:
        publisher = self._node.create_publisher(kind, topic, COMMAND_QOS)
        self._closers.append(lambda: self._node.destroy_publisher(publisher))
        return _Line(
            make, publisher.publish, every, lambda: publisher.get_subscription_count() > 0
        )

    def _websocket(self, output: Output, every: int) -> _Line:
        page = PageServer(output.host, output.port, allow_network=self._allow_network)
        self._closers.append(page.close)
        self._node.get_logger().info(f'the avatar is drawn at {page.url}')

        def make(pose: Pose) -> dict[str, Any]:
            values = np.round(shown_units(pose.units, self._face, pose.positions), 3).tolist()
            units = {name: value for name, value in zip(CHANNELS, values) if value}
            return {'expression': pose.aim.expression, 'units': units}

        return _Line(make, page.send, every, lambda: page.clients > 0)

    # What makes the message of a pose

    def _joints(self, output: Output) -> tuple[list[str], Callable[[Pose], bytes]]:
        """Return the joints of an output, and what takes their positions from a pose."""
        rig, number = self._guard.rig, self._rig
        joints = [rig.joints[index] for index in output.actuators]
        chosen = None if joints == list(rig.joints) else np.array(output.actuators)

        def positions(pose: Pose) -> bytes:
            every = pose.positions[number]
            return (every if chosen is None else every[chosen]).tobytes()

        return joints, positions

    def _values(self, pose: Pose) -> dict[str, float]:
        """Return positions by the joint's name."""
        return dict(zip(self._guard.rig.joints, pose.positions[self._rig].tolist()))

    def _trajectory(self, output: Output) -> Make:
        joints, positions = self._joints(output)
        period_ns = round(NS_PER_S / (output.rate_hz or self._face.rate_hz))
        stencil = Stencil(partial(conversions.trajectory, joints, period_ns), len(joints))
        return lambda pose: stencil.filled(positions(pose))

    def _array(self, output: Output) -> Make:
        joints, positions = self._joints(output)
        stencil = Stencil(lambda numbers: Float64MultiArray(data=numbers), len(joints))
        return lambda pose: stencil.filled(positions(pose))

    def _joint_state(self, output: Output) -> Make:
        joints, positions = self._joints(output)
        stencil = Stencil(lambda numbers: JointState(name=joints, position=numbers), len(joints))
        return lambda pose: stencil.filled(positions(pose), pose.stamp_ns)

    def _facs(self, output: Output) -> Make:
        return lambda pose: serialize_message(
            conversions.facs_from(pose.units, conversions.header_at(pose.stamp_ns))
        )

    def _json(self, output: Output) -> Make:
        return lambda pose: serialize_message(
            String(data=conversions.as_json(self._values(pose), pose.stamp_ns))
        )

    def _livelink(self, output: Output) -> Make:
        rate_hz = round(output.rate_hz or self._face.rate_hz)
        return lambda pose: livelink_packet(
            self._values(pose), output.subject, pose.stamp_ns, rate_hz
        )

    def _osc(self, output: Output) -> Make:
        return lambda pose: osc_bundle(osc_messages(self._values(pose), output.style))
