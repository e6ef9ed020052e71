"""Recognised people and requests in, commands for the robot's face out: a lifecycle node."""

from __future__ import annotations

import sys
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import State, TransitionCallbackReturn

from fer_ros.errors import FerError
from fer_ros.generation import Face, Rig, load_rig
from fer_ros.nodes import generation_parameters as parameters
from fer_ros.nodes import running
from fer_ros.nodes.face_ahead import AHEAD_S
from fer_ros.nodes.face_health import face_diagnostics
from fer_ros.nodes.face_runner import FaceRunner, Files
from fer_ros.nodes.managed import ManagedNode, reported
from fer_ros.nodes.parameters import current, declare


class GenerationNode(ManagedNode):
    """Moves the robot's face at a fixed rate."""

    def __init__(self, name: str = 'robot_face', namespace: str = 'fer', **kwargs: Any) -> None:
        """Declare the parameters; files load in configure, topics open in activate."""
        super().__init__(name, namespace=namespace, **kwargs)
        declare(self, parameters.PARAMETERS)
        self._values = current(self, parameters.PARAMETERS)
        self._files: Files | None = None
        self._rigs: list[Rig] = []
        self._runner: FaceRunner | None = None
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._health_timer = self.create_timer(1.0, self._on_health)

    @reported
    def on_configure(self, state: State) -> TransitionCallbackReturn:
        """Read library, policies and rigs."""
        self._values = current(self, parameters.PARAMETERS)
        try:
            files = parameters.load_files(self._values)
            reason = parameters.refusal(self._values, self._values, running=False, known=files[:2])
            rigs = [load_rig(name.strip()) for name in str(self._values['rig']).split(',')]
            self._make_face(files, rigs)  # refuses rigs that do not go together
        except FerError as error:
            reason = str(error)
        if reason:
            self.get_logger().error(reason)
            return TransitionCallbackReturn.FAILURE
        self._files, self._rigs = files, rigs
        names = ', '.join(rig.name for rig in rigs)
        self.get_logger().info(f'configured: {names}, policy {self._values["policy"]}')
        return TransitionCallbackReturn.SUCCESS

    @reported
    def on_activate(self, state: State) -> TransitionCallbackReturn:
        """Open the topics and begin to move."""
        assert self._files is not None, 'activate follows configure'
        try:
            face = self._make_face(self._files, self._rigs)
            self._runner = FaceRunner(self, face, self._files, self._values)
        except FerError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: State) -> TransitionCallbackReturn:
        """Come to rest where the face is, then close the topics."""
        self._stop()
        return TransitionCallbackReturn.SUCCESS

    def on_cleanup(self, state: State) -> TransitionCallbackReturn:
        """Forget the files."""
        self._files, self._rigs = None, []
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: State) -> TransitionCallbackReturn:
        """Stop whatever moves."""
        self._stop()
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: State) -> TransitionCallbackReturn:
        """Come back to unconfigured after an error in a transition."""
        self._stop()
        return self.on_cleanup(state)

    def destroy_node(self) -> None:
        """Stop before the node goes."""
        self._stop()
        super().destroy_node()

    def _make_face(self, files: Files, rigs: list[Rig]) -> Face:
        return Face(
            files[0],
            rigs,
            rate_hz=float(self._values['rate_hz']) or None,
            layers=parameters.layer_config(self._values),
            seed=int(self._values['seed']),
            ahead_s=AHEAD_S,
        )

    def _stop(self) -> None:
        if self._runner is not None:
            self._runner.close()
        self._runner = None

    def _on_set_parameters(self, changes: list[Any]) -> SetParametersResult:
        """Refuse what can not be; the rest holds from the next tick."""
        changed = {change.name: change.value for change in changes}
        values = {**self._values, **{k: v for k, v in changed.items() if k in self._values}}
        known = self._files[:2] if self._files is not None else None
        reason = parameters.refusal(values, changed, running=known is not None, known=known)
        if reason:
            return SetParametersResult(successful=False, reason=reason)
        self._values = values
        if self._runner is not None:
            self._runner.configure(values)
        return SetParametersResult(successful=True)

    def _on_health(self) -> None:
        """Report the face's health once a second, where somebody listens."""
        if not self._diagnostics.get_subscription_count():
            return
        idle = 'inactive' if self._files is not None else 'unconfigured'
        name = f'{self.get_fully_qualified_name().lstrip("/")}: generation'
        message = face_diagnostics(name, idle, self._runner)
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)


def run(args: list[str] | None = None, *, autostart: bool = False) -> int:
    """Spin the node until it is told to stop; see :func:`fer_ros.nodes.running.run`."""
    return running.run(GenerationNode, 'robot_face', args, autostart=autostart)


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run fer_ros generation_node``."""
    sys.exit(run(args))


if __name__ == '__main__':
    main()
