"""Tell what people express while they do: what a dialogue manager takes from fer_ros.

It runs beside ``ros2 launch fer_ros fer.launch.py`` or ``fer-ros up``, on ROS 2 and without it::

    python examples/dialogue.py
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fer_ros import rosless

rosless.install()  # does nothing where rclpy is there: on ROS 2 alone, leave both lines out

import rclpy
from fer_msgs.msg import ExpressionEvent, FaceExpressionArray
from hri_msgs.msg import IdsList
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node


class Dialogue(Node):
    """Hears who is there, what each of them expresses, and when that begins and ends."""

    def __init__(self) -> None:
        """Open the three topics."""
        super().__init__('dialogue')
        self._here: set[str] = set()
        self._answers: dict[str, str] = {}
        self.create_subscription(IdsList, '/humans/faces/tracked', self._on_tracked, 10)
        self.create_subscription(FaceExpressionArray, '/fer/expressions', self._on_faces, 10)
        self.create_subscription(ExpressionEvent, '/fer/events', self._on_event, 10)

    def _on_tracked(self, message: Any) -> None:
        """Take who is there, those included who are hidden for a moment."""
        here = set(message.ids)
        for face_id in sorted(here - self._here):
            say(f'{face_id} has come')
        for face_id in sorted(self._here - here):
            self._answers.pop(face_id, None)
            say(f'{face_id} has left')
        self._here = here

    def _on_faces(self, message: Any) -> None:
        """Take what the faces of one image express; say what is new."""
        for face in message.faces:
            if face.abstained:
                answer = f'can not tell ({face.abstained_reason})'
            else:
                answer = face.expression
            if answer != self._answers.get(face.face_id):
                self._answers[face.face_id] = answer
                say(f'{face.face_id}: {answer}, {face.confidence:.2f}')

    def _on_event(self, message: Any) -> None:
        """Take the moments to react to."""
        who, what = message.face_id, message.expression
        if message.kind == ExpressionEvent.ONSET:
            say(f'{who} begins to show {what}')
        elif message.kind == ExpressionEvent.END:
            say(f'{who} has shown {what} for {message.duration_s:.1f} s')


def say(text: str) -> None:
    """Print a line at once, into a pipe too."""
    print(text, flush=True)


def main() -> None:
    """Listen until Ctrl-C."""
    rclpy.init()
    with suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(Dialogue())


if __name__ == '__main__':
    main()
