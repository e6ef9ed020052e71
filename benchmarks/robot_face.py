"""The robot's face over DDS: from a clip's smile to the first command, rate, jitter and CPU.

``python benchmarks/robot_face.py CLIP.mp4 [--rig animatronic12] [--thread-priority 0] [--state]
[--json]``

Perception, the face and the player are processes of their own on loopback in a domain of their
own. The face mirrors; blinks, saccades, breath and gaze are off, so that the mouth's corner moves
for the smile alone. Times are of this process's monotonic clock, at the arrival of each message;
who listens is scheduled as the face's ticks are, as a controller is.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from fer_ros.cli import common
from fer_ros.generation import load_rig
from fer_ros.nodes import scheduling

QUIET = ('blink_period_s', 'saccade_period_s', 'breath_period_s')
ONSET = 0.4  # the node's answer_onset
MOVED_RAD = 0.002
SMILE_RAD = 0.1
PATIENCE_S = 60.0


def start(*words: str) -> subprocess.Popen[bytes]:
    """Start another fer-ros, scheduled as any process is."""

    def as_any() -> None:
        scheduling.take_priority(0)
        scheduling.take_turns_of(0)

    return subprocess.Popen([sys.executable, '-m', 'fer_ros.cli.main', *words], preexec_fn=as_any)


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has taken, all threads.

    /proc counts it in hundredths of a second, which is half a percent of such a clip.
    """
    return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes it


class Topic:
    """What came when; a message is read when it is looked at, not when another one is due."""

    def __init__(self, node: Any, kind: type, name: str) -> None:
        """Listen."""
        self.at_s: list[float] = []
        self._kind, self._data, self._read = kind, [], {}
        node.create_subscription(kind, name, self._keep, 200, raw=True)

    def _keep(self, data: bytes) -> None:
        self.at_s.append(time.monotonic())
        self._data.append(data)

    def __len__(self) -> int:
        """Return how many came."""
        return len(self._data)

    def __getitem__(self, number: int) -> Any:
        """Return a message by its number, -1 for the last."""
        from rclpy.serialization import deserialize_message

        number %= len(self)
        if number not in self._read:
            self._read[number] = deserialize_message(self._data[number], self._kind)
        return self._read[number]


class Listener:
    """What people, commands and requests there were."""

    def __init__(self, *, hears_state: bool) -> None:
        """Join the graph."""
        import rclpy
        from fer_msgs.msg import FaceExpressionArray, RequestStatus, RigState
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.node import Node
        from std_msgs.msg import Float64MultiArray

        rclpy.init(args=[])
        self.node = Node('robot_face_bench')
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.people = Topic(self.node, FaceExpressionArray, '/fer/expressions')
        self.commands = Topic(self.node, Float64MultiArray, '/face_forward_controller/commands')
        self.requests = Topic(self.node, RequestStatus, '/fer/robot_face/request_status')
        if hears_state:
            Topic(self.node, RigState, '/fer/robot_face/state')
        self._smiled_s: float | None = None
        self._people_seen = 0

    def command(self, number: int) -> np.ndarray:
        """Return a command's positions, -1 for the last."""
        return np.array(self.commands[number].data)

    def smiled_s(self) -> float | None:
        """Return when the first smile was heard, strong enough to be answered."""
        while self._smiled_s is None and self._people_seen < len(self.people):
            at_s, message = self.people.at_s[self._people_seen], self.people[self._people_seen]
            self._people_seen += 1
            if any(p.expression == 'happiness' and p.intensity >= ONSET for p in message.faces):
                self._smiled_s = at_s
        return self._smiled_s

    def until(self, done: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> float:
        """Spin until something is so; return the time."""
        deadline_s = time.monotonic() + patience_s
        while not done():
            if time.monotonic() > deadline_s:
                raise SystemExit(f'waited {patience_s:.0f} s for {what}')
            self.executor.spin_once(timeout_sec=0.005)
        return time.monotonic()

    def spin(self, seconds: float) -> None:
        """Listen for a while."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            self.executor.spin_once(timeout_sec=0.005)

    def request_is(self, state: int) -> bool:
        """Tell whether this is what has become of the request."""
        return len(self.requests) > 0 and self.requests[-1].state == state


def measure(clip: str, rig: str, priority: int, *, hears_state: bool) -> dict[str, Any]:
    """Play the clip and return the figures."""
    from fer_msgs.msg import ExpressionRequest, RequestStatus

    # Who listens wakes as the face's ticks do; before its threads that read, which have it too.
    if priority:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    scheduling.take_turns_of(scheduling.SHORTEST_NS)
    corner = load_rig(rig).names.index('corner_left')
    listener = Listener(hears_state=hears_state)
    still = [word for name in QUIET for word in ('-p', f'{name}:=0.0')]
    face = start('up', '--face-only', '--log-level', 'warn', '-p', f'rig:={rig}',
                 '-p', f'thread_priority:={priority}', '-p', 'policy:=mirror',
                 '-p', 'look_at_person:=false', *still)  # fmt: skip
    perception = start('up', '--log-level', 'warn', '-p', 'image_reliability:=reliable')
    children = [face, perception]

    def smiles() -> bool:
        return bool(listener.command(-1)[corner] > SMILE_RAD)

    try:
        listener.until(lambda: len(listener.commands) > 0, 'the face')
        listener.until(
            lambda: listener.node.count_publishers('/fer/expressions') > 0, 'perception'
        )
        listener.spin(1.0)
        begun_s, cpu = time.monotonic(), cpu_s(face.pid)
        children.append(start('play', clip, '--quiet'))
        listener.until(lambda: listener.smiled_s() is not None, 'a smile')
        listener.until(smiles, 'the answer')
        listener.spin(0.7)
        figures = {'onset_to_first_command_ms': latency_ms(listener, corner)}
        asked_s = time.monotonic()
        publisher = listener.node.create_publisher(
            ExpressionRequest, '/fer/robot_face/request', 10
        )
        listener.until(lambda: publisher.get_subscription_count() > 0, 'the request topic')
        publisher.publish(
            ExpressionRequest(expression='surprised', duration_s=0.5, request_id='bench')
        )
        listener.until(lambda: listener.request_is(RequestStatus.ACTIVE), 'the request')
        back_s = listener.until(lambda: listener.request_is(RequestStatus.DONE), 'its end')
        figures['request_to_return_s'] = round(back_s - asked_s, 2)
        listener.until(lambda: children[-1].poll() is not None, "the clip's end")
        window_s = time.monotonic() - begun_s
        figures['cpu_percent_of_a_core'] = round(100 * (cpu_s(face.pid) - cpu) / window_s, 2)
        figures.update(regularity(listener, begun_s))
        neutral = load_rig(rig).neutral

        def rests() -> bool:
            return bool(np.abs(listener.command(-1) - neutral).max() < 0.01)

        listener.until(rests, 'neutral after the clip')
        children.append(start('play', clip, '--quiet'))  # once more, and perception dies in it
        listener.until(smiles, 'the second answer')
        perception.send_signal(signal.SIGKILL)
        killed_s = time.monotonic()
        rested_s = listener.until(rests, 'neutral')
        figures['killed_to_neutral_s'] = round(rested_s - killed_s, 2)
        return figures
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
                child.wait()
        listener.node.destroy_node()


def latency_ms(listener: Listener, corner: int) -> float | None:
    """Return the time from the recognised onset to the first command that moves the mouth."""
    seen_s = listener.smiled_s()
    assert seen_s is not None
    first = int(np.searchsorted(listener.commands.at_s, seen_s))
    before = listener.command(first - 1)[corner]
    for number in range(first, len(listener.commands)):
        if abs(listener.command(number)[corner] - before) > MOVED_RAD:
            return round((listener.commands.at_s[number] - seen_s) * 1e3, 1)
    return None


def regularity(listener: Listener, since_s: float) -> dict[str, float]:
    """Return rate and jitter of the commands as they arrive."""
    periods = np.diff([at_s for at_s in listener.commands.at_s if at_s >= since_s])
    jitter = np.abs(periods - np.median(periods)) * 1e3
    return {
        'commands_a_second': round(float(1 / periods.mean()), 2),
        'jitter_ms_p50': round(float(np.percentile(jitter, 50)), 2),
        'jitter_ms_p95': round(float(np.percentile(jitter, 95)), 2),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('clip', help='a video in which somebody smiles')
    parser.add_argument('--rig', default='animatronic12', help='a rig with a corner_left')
    parser.add_argument('--thread-priority', type=int, default=0, help="the node's parameter")
    parser.add_argument('--state', action='store_true', help='hear the state of the face, too')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args()
    common.stay_on_this_machine()
    common.choose_domain()
    common.use_ros()
    figures = measure(
        options.clip, options.rig, options.thread_priority, hears_state=options.state
    )
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f'{name:28} {value}')


if __name__ == '__main__':
    main()
