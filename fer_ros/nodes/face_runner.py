"""What a lifecycle of the robot's face holds while it is active: inputs, ticks, outputs."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from fer_msgs.msg import ExpressionEvent, FaceExpressionArray, RequestStatus

from fer_ros.errors import FerError
from fer_ros.generation import Director, Face, Library, Policies, Profiles, Request, Stop
from fer_ros.generation import RequestState as Progress
from fer_ros.generation import RequestStatus as Status
from fer_ros.nodes import generation_conversions as convert
from fer_ros.nodes import generation_parameters as parameters
from fer_ros.nodes import running, scheduling
from fer_ros.nodes.background import Background
from fer_ros.nodes.face_ahead import FaceAhead
from fer_ros.nodes.face_inputs import PEOPLE, RELIABLE, FaceInputs
from fer_ros.nodes.metronome import Metronome
from fer_ros.nodes.newest import Newest

NS_PER_S = 1_000_000_000
# How often it is looked who is seen; more often when somebody's expression has just begun, for
# what is answered comes within moments of that.
LOOK_PERIOD_S = 0.1
WATCH_PERIOD_S, WATCH_S = 0.04, 0.25
Files = tuple[Library, Policies, Profiles]


class FaceRunner:
    """Moves a face at its rate, as people, requests and its own life ask for.

    Three threads share it: the executor's brings messages, one makes the ticks to come, and one
    sends them in their time. Whoever touches the face has its lock; who sends needs none.
    """

    def __init__(self, node: Any, face: Face, files: Files, values: Mapping[str, Any]) -> None:
        """Open the topics and begin to move.

        :raises FerError: an output can not be opened; none is left open then.
        """
        self.lock = threading.Lock()
        self.face, self.director = face, Director(files[0], profiles=files[2])
        self.waiting = ''  # what is missing before the face may move
        self.silent = False
        self.last_error = ''
        self._node, self._files, self._values = node, files, values
        self._speaker = ''
        self._watch_until_s = 0.0  # by the steady clock
        self._gaze_until_ns = 0  # a target that was told goes before the person who is seen
        self._ahead = FaceAhead(node, face, values)
        self.configure(values)
        self._status = node.create_publisher(RequestStatus, '~/request_status', RELIABLE)
        handlers: dict[str, Callable[[Any], None]] = {
            'event': self._on_event,
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
        self._people = Newest(node, FaceExpressionArray, 'expressions', PEOPLE)
        self._inputs = FaceInputs(node)
        self._inputs.open({name: self._locked(handler) for name, handler in handlers.items()})
        self._plans = Background(self._plan, failed=self._failed)
        self._stop_ticking = self._start_ticking()

    def _start_ticking(self) -> Callable[[], bool]:
        """Tick once a period; return what ends it, and tells whether it has."""
        node, period_s = self._node, self.face.period_s
        if node.get_parameter('use_sim_time').value:  # /clock has the beat
            timer = node.create_timer(period_s, self._tick)
            return lambda: node.destroy_timer(timer)
        ticks = Metronome(period_s, self._tick, begin=self._be_in_time, failed=self._failed)
        return ticks.stop

    def _be_in_time(self) -> None:
        """Let the calling thread have the processor when it wakes."""
        priority = int(self._values['thread_priority'])
        if why := scheduling.take_priority(priority):
            self._node.get_logger().warning(
                f'thread_priority {priority}: {why}; it goes on without'
            )
        scheduling.take_turns_of(scheduling.SHORTEST_NS)

    def _failed(self, error: Exception) -> None:
        """Tell of a thread's failure, unless it is that topics were shut under it."""
        if running.ok():
            self.last_error = f'{type(error).__name__}: {error}'
            self._node.get_logger().error(
                f'a tick failed: {self.last_error}', throttle_duration_sec=5.0
            )

    def _locked(self, handler: Callable[[Any], None]) -> Callable[[Any], None]:
        """Return a handler that has the face to itself."""

        def handle(message: Any) -> None:
            with self.lock:
                handler(message)

        return handle

    def configure(self, values: Mapping[str, Any]) -> None:
        """Take other parameters from the next tick on."""
        policies = self._files[1]
        with self.lock:
            self._values = values
            self.director.configure(
                policies.policy(str(values['policy'])),
                parameters.director_config(values),
                policies.rules(str(values['display_rules'])),
            )

    def times(self) -> tuple[list[int], list[float]]:
        """Return when the last ticks were sent, and how long it took to make some."""
        return self._ahead.times()

    def close(self) -> None:
        """Come to rest where the face is, then close inputs, ticks and outputs, in this order."""
        self._inputs.close()
        ended = all([self._stop_ticking(), self._plans.stop()])
        if ended and not self.waiting and running.ok():
            self._come_to_rest()
        self._people.close()
        self._ahead.close()
        self._node.destroy_publisher(self._status)

    def _come_to_rest(self) -> None:
        """Freeze, and tick until the face stands still: about as long as its averages are."""
        face, ahead = self.face, self._ahead
        ahead.take_back()
        face.stop(Stop.FREEZE)
        for _ in range(max(guard.limiter.taps for guard in face.guards) + 2 * face.ahead):
            if not ahead.send():
                if face.is_still():
                    break
                ahead.move(self.director.aim)
                ahead.send()
            time.sleep(face.period_s)

    # Inputs

    def _see(self, message: Any, now_ns: int) -> None:
        """See the people of one frame."""
        people = [person for face in message.faces if (person := convert.person_from(face))]
        person = self.director.see(people, now_ns, self._speaker)
        if self._values['look_at_person'] and now_ns >= self._gaze_until_ns:
            yaw = pitch = 0.0
            if person is not None:
                fov = math.radians(float(self._values['camera_fov_deg']))
                # The camera looks ahead: what is on the right of its image is to the right.
                yaw, pitch = (0.5 - person.centre[0]) * fov, (person.centre[1] - 0.5) * fov * 0.6
            self.face.look(yaw, pitch)

    def _on_event(self, message: Any) -> None:
        """Look at once who changes, and more often for a while where it has just begun."""
        if message.kind == ExpressionEvent.ONSET:
            self._watch_until_s = time.monotonic() + WATCH_S
        self._plans.ask()

    def _on_expression(self, message: Any) -> None:
        self._submit(lambda: convert.request_from_expression(message, self._values), message)

    def _on_request(self, message: Any) -> None:
        if message.cancel:
            self._tell(self.director.arbiter.cancel(self._now_ns()))
            self._decide(self._now_ns())
        else:
            self._submit(lambda: convert.request_from(message, self._values), message)

    def _submit(self, make: Callable[[], Request], message: Any) -> None:
        """Take a request, or say why not."""
        try:
            self._tell(self.director.submit(make(), self._now_ns()))
        except FerError as error:
            self._refuse(str(error))
            name, request_id = message.expression, getattr(message, 'request_id', '')
            refused = Request(expression=name, request_id=request_id)
            self._tell([Status(refused, Progress.REFUSED, str(error))])
        self._decide(self._now_ns())
        self._plans.ask()  # who looks at the time

    def _on_viseme(self, message: Any) -> None:
        self._do_now(lambda face: face.say(*convert.viseme_from(message.data)))

    def _on_mouth(self, message: Any) -> None:
        self._do_now(lambda face: face.say('level', float(message.data)))

    def _on_gaze(self, message: Any) -> None:
        holds_ns = round(float(self._values['gaze_timeout_s']) * NS_PER_S)

        def look(face: Face) -> None:
            face.look(*convert.direction_of(message.point))
            self._gaze_until_ns = self._now_ns() + holds_ns

        self._do_now(look)

    def _on_speaker(self, message: Any) -> None:
        self._speaker = message.data

    def _on_estop(self, message: Any) -> None:
        stop = Stop(str(self._values['stop_mode'])) if message.data else None
        changed = stop is not self.face.stopped  # who watches over a robot may say it at a rate
        self._do_now(lambda face: face.stop(stop))
        if changed:
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

    def _do_now(self, action: Callable[[Face], None]) -> None:
        """Do something to the face from the next tick on; a refusal is told, and it goes on."""
        self._ahead.take_back()
        try:
            action(self.face)
        except FerError as error:
            self._refuse(str(error))
        self._decide(self._now_ns())

    def _refuse(self, text: str) -> None:
        self.last_error = text
        self._node.get_logger().warning(text, throttle_duration_sec=5.0)

    # Motion

    def _now_ns(self) -> int:
        return self._node.get_clock().now().nanoseconds

    def _tick(self) -> None:
        """Send a tick, and have more of them made in time."""
        if self.waiting:
            return
        if not self._ahead.send():  # the first one, or one that was just taken back
            self._plan()
            self._ahead.send()
        if self._ahead.is_low:
            self._plans.ask()

    def _plan(self) -> float:
        """Look who is seen, and do what is due; return in how many seconds to do so again."""
        with self.lock:
            people, now_ns = self._people.take(), self._now_ns()
            if people is not None:
                self._see(people, now_ns)
            self._decide(now_ns)
            due_ns = self.director.next_ns
        watches = time.monotonic() < self._watch_until_s
        look_s = WATCH_PERIOD_S if watches else LOOK_PERIOD_S
        if due_ns is None:
            return look_s
        return min(max((due_ns - now_ns) / NS_PER_S, self.face.period_s), look_s)

    def _decide(self, now_ns: int) -> None:
        """Hand the face its goal where that is a new one, and see that there are ticks to send."""
        if self.waiting:
            return
        aim, changes = self.director.update(now_ns)
        if aim is not None:
            self._ahead.take_back()
            self.face.aim(aim.units, aim.duration_s, bumps=aim.bumps)
        silent = self.director.is_silent(now_ns)
        if silent and not self.silent:
            self.face.interventions.counts['watchdog'] += 1
            if now_ns >= self._gaze_until_ns:
                self.face.look(0.0, 0.0)
        self.silent = silent
        if changes:
            self._tell(changes)
        if self._ahead.is_low:
            self._ahead.move(self.director.aim)

    def _tell(self, changes: list[Status]) -> None:
        """Publish what became of requests."""
        header = convert.header_at(self._now_ns())
        for change in changes:
            self._status.publish(convert.status_from(change, header))
