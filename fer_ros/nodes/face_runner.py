"""What a lifecycle of the robot's face holds while it is active: inputs, ticks, outputs."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from fer_msgs.msg import RequestStatus, RigState
from std_msgs.msg import Header

from fer_ros.errors import FerError
from fer_ros.generation import Director, Face, Library, Policies, Profiles, Request, Stop
from fer_ros.generation import RequestState as Progress
from fer_ros.generation import RequestStatus as Status
from fer_ros.nodes import generation_conversions as convert
from fer_ros.nodes import generation_parameters as parameters
from fer_ros.nodes import running
from fer_ros.nodes.face_health import TickTimes
from fer_ros.nodes.face_inputs import RELIABLE, FaceInputs
from fer_ros.nodes.rig_outputs import Pose, RigOutputs

Files = tuple[Library, Policies, Profiles]
# The face is moved this far ahead at a time, and its ticks are sent one by one: what a process
# does at once costs a fraction of what it costs when it is woken for each tick. What is new does
# not wait for them: they are taken back.
AHEAD_S = 0.05


class FaceRunner:
    """Moves a face at its rate, as people, requests and its own life ask for."""

    def __init__(self, node: Any, face: Face, files: Files, values: Mapping[str, Any]) -> None:
        """Open the topics and begin to move.

        :raises FerError: an output can not be opened; none is left open then.
        """
        self.face, self.director = face, Director(files[0], profiles=files[2])
        self.waiting = ''  # what is missing before the face may move
        self.silent = False
        self.times = TickTimes()
        self.last_error = ''
        self._node, self._files, self._values = node, files, values
        self._speaker = ''
        self._ticks = 0
        self._news = False  # whether the director may have another goal
        self._state_every = max(round(face.rate_hz / float(values['state_rate_hz'])), 1)
        self._poses: deque[Pose] = deque()
        self._outputs: list[RigOutputs] = []
        try:
            for rig in range(len(face.guards)):
                network = bool(values['allow_network'])
                self._outputs.append(RigOutputs(node, face, rig, allow_network=network))
        except FerError:
            self._close_outputs()
            raise
        self.configure(values)
        self._state = node.create_publisher(RigState, '~/state', RELIABLE)
        self._status = node.create_publisher(RequestStatus, '~/request_status', RELIABLE)
        handlers: dict[str, Callable[[Any], None]] = {
            'people': self._on_people,
            'expression': self._on_expression,
            'set_expression': self._on_expression,
            'request': self._on_request,
            'viseme': self._on_viseme,
            'mouth': self._on_mouth,
            'gaze': self._on_gaze,
            'speaker': self._on_speaker,
            'estop': self._on_estop,
        }
        if values['start_from'] == 'joint_states':
            self.waiting = 'joint_states: nothing heard yet'
            handlers['joint_states'] = self._on_joint_states
        self._inputs = FaceInputs(node)
        self._inputs.open(handlers)
        self._timer = node.create_timer(face.period_s, self._on_tick)

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take other parameters from the next tick on."""
        self._values = values
        policies = self._files[1]
        self.director.configure(
            policies.policy(str(values['policy'])),
            parameters.director_config(values),
            policies.rules(str(values['display_rules'])),
        )

    def close(self) -> None:
        """Come to rest where the face is, then close inputs, timer and outputs, in this order."""
        self._inputs.close()
        self._node.destroy_timer(self._timer)
        if not self.waiting and running.ok():
            self._come_to_rest()
        self._close_outputs()
        for publisher in (self._state, self._status):
            self._node.destroy_publisher(publisher)

    def _come_to_rest(self) -> None:
        """Freeze, and tick until the face stands still: about as long as its averages are."""
        face = self.face
        self._take_back()
        face.stop(Stop.FREEZE)
        for _ in range(max(guard.limiter.taps for guard in face.guards) + 2 * face.ahead):
            if not self._poses:
                if face.is_still():
                    break
                self._move()
            self._send(self._poses.popleft())
            time.sleep(face.period_s)

    def _close_outputs(self) -> None:
        for outputs in self._outputs:
            outputs.close()
        self._outputs = []

    # Inputs

    def _on_people(self, message: Any) -> None:
        """See the people of one frame."""
        people = [person for face in message.faces if (person := convert.person_from(face))]
        person = self.director.see(people, self._now_ns(), self._speaker)
        self._news = True
        if self._values['look_at_person']:
            yaw = pitch = 0.0
            if person is not None:
                fov = math.radians(float(self._values['camera_fov_deg']))
                # The camera looks ahead: what is on the right of its image is to the right.
                yaw, pitch = (0.5 - person.centre[0]) * fov, (person.centre[1] - 0.5) * fov * 0.6
            self.face.look(yaw, pitch)

    def _on_expression(self, message: Any) -> None:
        self._submit(lambda: convert.request_from_expression(message, self._values), message)

    def _on_request(self, message: Any) -> None:
        if message.cancel:
            self._news = True
            self._tell(self.director.arbiter.cancel(self._now_ns()))
            return
        self._submit(lambda: convert.request_from(message, self._values), message)

    def _submit(self, make: Callable[[], Request], message: Any) -> None:
        """Take a request, or say why not."""
        self._news = True
        try:
            self._tell(self.director.submit(make(), self._now_ns()))
        except FerError as error:
            self._refuse(str(error))
            name, request_id = message.expression, getattr(message, 'request_id', '')
            refused = Request(expression=name, request_id=request_id)
            self._tell([Status(refused, Progress.REFUSED, str(error))])

    def _on_viseme(self, message: Any) -> None:
        self._do(lambda face: face.say(*convert.viseme_from(message.data)))

    def _on_mouth(self, message: Any) -> None:
        self._do(lambda face: face.say('level', float(message.data)))

    def _on_gaze(self, message: Any) -> None:
        self._do(lambda face: face.look(*convert.direction_of(message.point)))

    def _on_speaker(self, message: Any) -> None:
        self._speaker = message.data

    def _on_estop(self, message: Any) -> None:
        stop = Stop(str(self._values['stop_mode'])) if message.data else None
        self._take_back()
        self._do(lambda face: face.stop(stop))
        self._node.get_logger().warning(f'estop: {stop.value if stop else "released"}')

    def _on_joint_states(self, message: Any) -> None:
        """Begin where the actuators are; every joint of every rig must be among them."""
        face = self.face
        if not self.waiting:
            return
        places = dict(zip(message.name, message.position))
        wanted = [joint for guard in face.guards for joint in guard.rig.joints]
        missing = [joint for joint in wanted if not math.isfinite(places.get(joint, math.nan))]
        if missing:
            self.waiting = f'joint_states: expected {", ".join(missing)}, found none of them'
            self._refuse(self.waiting)
            return
        for guard in face.guards:
            guard.start_at(convert.positions([places[joint] for joint in guard.rig.joints]))
        self.waiting = ''

    def _do(self, action: Callable[[Face], None]) -> None:
        """Do something to the face; a refusal is told, and the face goes on."""
        try:
            action(self.face)
        except FerError as error:
            self._refuse(str(error))

    def _refuse(self, text: str) -> None:
        self.last_error = text
        self._node.get_logger().warning(text, throttle_duration_sec=5.0)

    # Motion

    def _now_ns(self) -> int:
        return self._node.get_clock().now().nanoseconds

    def _on_tick(self) -> None:
        """Move one period on."""
        if self.waiting:
            return
        begun_s = time.perf_counter()
        if self._news or not self._poses:
            self._news = False
            self._decide(self._now_ns())
        if not self._poses:
            self._move()
        self._send(self._poses.popleft())
        self.times.add(begun_s, time.perf_counter())

    def _decide(self, now_ns: int) -> None:
        """Hand the face its goal where that is a new one."""
        aim, changes = self.director.update(now_ns)
        if aim is not None:
            self._take_back()
            self.face.aim(aim.units, aim.duration_s, bumps=aim.bumps)
        silent = self.director.is_silent(now_ns)
        if silent and not self.silent:
            self.face.interventions.counts['watchdog'] += 1
            self.face.look(0.0, 0.0)
        self.silent = silent
        if changes:
            self._tell(changes)

    def _take_back(self) -> None:
        """Forget the ticks that were not sent."""
        self.face.take_back(len(self._poses))
        self._poses.clear()

    def _move(self) -> None:
        """Move the face for the ticks to come."""
        face, aim = self.face, self.director.aim
        for _ in range(face.ahead):
            face.step()
            positions = tuple(guard.position for guard in face.guards)
            self._poses.append(Pose(aim, face.units, positions))

    def _send(self, pose: Pose) -> None:
        """Send a tick to every output, and now and then the state."""
        for outputs in self._outputs:
            outputs.publish(pose)
        if self._ticks % self._state_every == 0 and self._state.get_subscription_count():
            header = Header(stamp=self._node.get_clock().now().to_msg())
            for guard in self.face.guards:
                self._state.publish(convert.state_from(self.face, guard, pose.aim, header))
        self._ticks += 1

    def _tell(self, changes: list[Status]) -> None:
        """Publish what became of requests."""
        header = Header(stamp=self._node.get_clock().now().to_msg())
        for change in changes:
            self._status.publish(convert.status_from(change, header))
