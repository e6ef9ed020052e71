"""A face that is moved some ticks ahead of what is sent of it.

What a process does at once costs a fraction of what it costs when it is woken for each tick. So
ticks are made in one go, messages and all, and sent one by one. What is new does not wait for
them: they are taken back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from fer_msgs.msg import RigState
from rclpy.serialization import serialize_message

from fer_ros.errors import FerError
from fer_ros.generation import Aim, Face
from fer_ros.nodes import generation_conversions as convert
from fer_ros.nodes.face_inputs import RELIABLE
from fer_ros.nodes.rig_outputs import Packet, Pose, RigOutputs

AHEAD_S = 0.05
NS_PER_S = 1_000_000_000


class FaceAhead:
    """The ticks of a face that are ready to be sent, and what sends them."""

    def __init__(self, node: Any, face: Face, values: Mapping[str, Any]) -> None:
        """Open the outputs of every rig.

        :raises FerError: one can not be opened; none is left open then.
        """
        self._node, self._face = node, face
        self._ready: deque[list[Packet]] = deque()
        self._state_every = max(round(face.rate_hz / float(values['state_rate_hz'])), 1)
        self._outputs: list[RigOutputs] = []
        try:
            for rig in range(len(face.guards)):
                network = bool(values['allow_network'])
                self._outputs.append(RigOutputs(node, face, rig, allow_network=network))
        except FerError:
            self._close_outputs()
            raise
        self._state = node.create_publisher(RigState, '~/state', RELIABLE)

    def __len__(self) -> int:
        """Return how many ticks are ready."""
        return len(self._ready)

    def move(self, aim: Aim, now_ns: int) -> None:
        """Move the face on.

        :param aim: where it goes, for those who look.
        :param now_ns: when the last tick was sent.
        """
        face = self._face
        told = self._state.get_subscription_count() > 0
        for outputs in self._outputs:
            outputs.look()
        for tick in range(1, face.ahead + 1):
            face.step()
            positions = tuple(guard.position for guard in face.guards)
            stamp_ns = now_ns + round(tick * face.period_s * NS_PER_S)
            pose = Pose(face.ticks, stamp_ns, aim, face.units, positions)
            packets = [packet for outputs in self._outputs for packet in outputs.packets(pose)]
            if told and face.ticks % self._state_every == 0:
                packets += self._states(pose)
            self._ready.append(packets)

    def send(self) -> None:
        """Send the next tick."""
        for send, data in self._ready.popleft():
            send(data)

    def take_back(self) -> None:
        """Forget the ticks that were not sent."""
        self._face.take_back(len(self._ready))
        self._ready.clear()

    def close(self) -> None:
        """Close every output."""
        self._close_outputs()
        self._node.destroy_publisher(self._state)

    def _states(self, pose: Pose) -> list[Packet]:
        """Return what each rig is doing."""
        header = convert.header_at(pose.stamp_ns)
        return [
            (
                self._state.publish,
                serialize_message(convert.state_from(self._face, guard, pose.aim, header)),
            )
            for guard in self._face.guards
        ]

    def _close_outputs(self) -> None:
        for outputs in self._outputs:
            outputs.close()
        self._outputs = []
