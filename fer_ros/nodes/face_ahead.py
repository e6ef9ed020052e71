"""A face that is moved some ticks ahead of what is sent of it.

What a process does at once costs a fraction of what it costs when it is woken for each tick, and a
thread that does little when it wakes is woken in time. So ticks are made some at a time, messages
and all, and sent one by one. What is new does not wait for them: they are taken back.
"""

from __future__ import annotations

import threading
import time
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

AHEAD_S = 0.32
WINDOW = 500  # ticks whose times are kept: five seconds at 100 Hz
NS_PER_S = 1_000_000_000


class FaceAhead:
    """The ticks of a face that are ready to be sent, and what sends them.

    One thread may send while another one moves the face or takes back.
    """

    def __init__(self, node: Any, face: Face, values: Mapping[str, Any]) -> None:
        """Open the outputs of every rig.

        :raises FerError: one can not be opened; none is left open then.
        """
        self._node, self._face = node, face
        self._lock = threading.Lock()
        self._ready: deque[list[Packet]] = deque()
        self._sent_ns = deque([time.monotonic_ns()], maxlen=WINDOW)  # when each was
        self._planned_s: deque[float] = deque(maxlen=WINDOW)  # how long it took to make some
        self._period_ns = round(face.period_s * NS_PER_S)
        self._low = face.ahead // 8
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

    @property
    def is_low(self) -> bool:
        """Whether it is time to make more."""
        return len(self._ready) <= self._low

    def move(self, aim: Aim) -> None:
        """Move the face on, as far ahead as can be taken back.

        Only a little way where nothing is ready: what is new is often followed by more of it.

        :param aim: where it goes, for those who look.
        """
        begun_s = time.perf_counter()
        face = self._face
        told = self._state.get_subscription_count() > 0
        for outputs in self._outputs:
            outputs.look()
        with self._lock:
            ready, ago_ns = len(self._ready), time.monotonic_ns() - self._sent_ns[-1]
        sent_ns = self._node.get_clock().now().nanoseconds - ago_ns
        count = (face.ahead if ready else max(face.ahead // 4, 1)) - ready
        units, positions = face.advance(count)
        for number in range(count):
            pose = Pose(
                tick=face.ticks - count + 1 + number,
                stamp_ns=sent_ns + (ready + 1 + number) * self._period_ns,
                aim=aim,
                units=units[number],
                positions=tuple(places[number] for places in positions),
            )
            packets = [packet for outputs in self._outputs for packet in outputs.packets(pose)]
            if told and pose.tick % self._state_every == 0:
                packets += self._states(pose)
            self._ready.append(packets)
        self._planned_s.append(time.perf_counter() - begun_s)

    def send(self) -> bool:
        """Send the next tick; return False where none is ready."""
        with self._lock:
            if not self._ready:
                return False
            packets = self._ready.popleft()
            self._sent_ns.append(time.monotonic_ns())
        for send, data in packets:
            send(data)
        return True

    def times(self) -> tuple[list[int], list[float]]:
        """Return when the last ticks were sent (nanoseconds), and how long plans took (s)."""
        with self._lock:
            return list(self._sent_ns), list(self._planned_s)

    def take_back(self) -> None:
        """Forget the ticks that were not sent."""
        with self._lock:
            self._face.take_back(len(self._ready))
            self._ready.clear()

    def close(self) -> None:
        """Close every output."""
        self._close_outputs()
        self._node.destroy_publisher(self._state)

    def _states(self, pose: Pose) -> list[Packet]:
        """Return what each rig is doing."""
        header = convert.header_at(pose.stamp_ns)
        states = [
            convert.state_from(self._face, guard, pose.aim, pose.units, header)
            for guard in self._face.guards
        ]
        return [(self._state.publish, serialize_message(state)) for state in states]

    def _close_outputs(self) -> None:
        for outputs in self._outputs:
            outputs.close()
        self._outputs = []
