"""Camera topic in, expressions out: a lifecycle node around the pipeline."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import State, TransitionCallbackReturn

from fer_ros.detection import KNOWN_NS
from fer_ros.errors import FerError
from fer_ros.nodes import parameters, running
from fer_ros.nodes.add_on import CropRecognition, FaceTopics
from fer_ros.nodes.camera import CameraInput
from fer_ros.nodes.diagnostics import diagnostics, health
from fer_ros.nodes.managed import ManagedNode, reported
from fer_ros.nodes.outputs import Outputs
from fer_ros.nodes.recognition import Recognition
from fer_ros.nodes.statistics import Statistics
from fer_ros.nodes.uncertain import UncertainRecorder
from fer_ros.nodes.worker import Worker
from fer_ros.pipeline import CropPipeline, Pipeline

NS_PER_S = 1_000_000_000
# For so long people may come back in front of a camera that paused.
SILENT_NS = KNOWN_NS


class PerceptionNode(ManagedNode):
    """Follows and recognises every face of one camera topic."""

    def __init__(self, name: str = 'fer', **kwargs: Any) -> None:
        """Declare the parameters; models load in configure, topics open in activate."""
        super().__init__(name, **kwargs)
        parameters.declare(self)
        self._values = parameters.current(self)
        self._pipeline: Pipeline | None = None
        self._recorder: UncertainRecorder | None = None
        self._camera: CameraInput | FaceTopics | None = None
        self._outputs: Outputs | CropRecognition | None = None
        self._worker: Worker | None = None
        self._statistics = Statistics()
        self._active_since_ns = 0
        self._level: bytes = DiagnosticStatus.OK
        self._is_silent = False
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._diagnostics = self.create_publisher(DiagnosticArray, '/diagnostics', 10)
        self._tick = self.create_timer(1.0, self._on_tick)

    # Lifecycle

    @reported
    def on_configure(self, state: State) -> TransitionCallbackReturn:
        """Load the models."""
        self._values = parameters.current(self)
        reason = parameters.refusal(self._values, self._values, running=False)
        if reason:
            self.get_logger().error(reason)
            return TransitionCallbackReturn.FAILURE
        try:
            self._recorder = _recorder(self._values)
            kind = CropPipeline if self._values['mode'] == 'add_on' else Pipeline
            self._pipeline = kind(parameters.pipeline_config(self._values))
        except FerError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self.get_logger().info(
            f'configured: {self._pipeline.backend} ({self._pipeline.backend_reason}), '
            f'{", ".join(self._pipeline.model_ids)}'
        )
        return TransitionCallbackReturn.SUCCESS

    @reported
    def on_activate(self, state: State) -> TransitionCallbackReturn:
        """Open the topics and start the worker."""
        assert self._pipeline is not None, 'activate follows configure'
        self._statistics = Statistics()
        self._active_since_ns = self._now_ns()
        self._pipeline.reset()
        values, add_on = self._values, isinstance(self._pipeline, CropPipeline)
        if add_on:
            self._outputs = recognition = CropRecognition(self, self._pipeline, values)
        else:
            self._outputs = Outputs(self, publish_json=bool(values['publish_json']))
            warn = self.get_logger().warning
            recognition = Recognition(self._pipeline, self._outputs, values, warn)
        self._worker = Worker(self, recognition, self._statistics, values, self._recorder)
        self._camera = (FaceTopics if add_on else CameraInput)(self, values, self._worker)
        return TransitionCallbackReturn.SUCCESS

    def on_deactivate(self, state: State) -> TransitionCallbackReturn:
        """Stop the worker, say that nobody is tracked, close the topics."""
        self._stop()
        return TransitionCallbackReturn.SUCCESS

    def on_cleanup(self, state: State) -> TransitionCallbackReturn:
        """Release the models."""
        self._pipeline = None
        return TransitionCallbackReturn.SUCCESS

    def on_shutdown(self, state: State) -> TransitionCallbackReturn:
        """Stop whatever runs."""
        self._stop()
        self._pipeline = None
        return TransitionCallbackReturn.SUCCESS

    def on_error(self, state: State) -> TransitionCallbackReturn:
        """Come back to unconfigured after an error in a transition."""
        return self.on_shutdown(state)

    def destroy_node(self) -> None:
        """Stop the worker before the node goes."""
        self._stop()
        super().destroy_node()

    def _stop(self) -> None:
        """Close input, worker and output, in this order: nothing is published after."""
        if self._camera is not None:
            self._camera.close()
        if self._worker is not None:
            self._worker.close()
        if self._outputs is not None:
            self._outputs.close(self.get_clock().now().to_msg())
        self._camera = self._worker = self._outputs = None

    # Parameters

    def _on_set_parameters(self, changes: list[Any]) -> SetParametersResult:
        """Refuse what can not be, and hand the rest to the worker for the next frame."""
        changed = {change.name: change.value for change in changes}
        values = {**self._values, **{k: v for k, v in changed.items() if k in self._values}}
        reason = parameters.refusal(values, changed, running=self._pipeline is not None)
        if reason:
            return SetParametersResult(successful=False, reason=reason)
        self._values = values
        if self._worker is not None:
            self._worker.values = values
        return SetParametersResult(successful=True)

    # Diagnostics

    def _skipped(self) -> dict[str, str]:
        """Return how many looks at faces were skipped, by reason."""
        counts = self._pipeline.skipped if self._pipeline is not None else {}
        return {f'skipped_{reason}': str(count) for reason, count in counts.items()}

    def _unreadable(self) -> dict[str, str]:
        """Return how many faces gave no action units, by reason."""
        counts = self._pipeline.unreadable if self._pipeline is not None else {}
        return {f'no_action_units_{reason}': str(count) for reason, count in counts.items()}

    def _now_ns(self) -> int:
        return self.get_clock().now().nanoseconds

    def _on_tick(self) -> None:
        """Report the node's health once a second."""
        snapshot = self._statistics.snapshot(self._now_ns())
        silent_s, cameras = None, 0
        if self._camera is not None:
            cameras = self.count_publishers(self._camera.topic)
            last_ns = snapshot.last_image_ns or self._active_since_ns
            silent_s = max(self._now_ns() - last_ns, 0) / NS_PER_S
            self._camera.compare(silent=not snapshot.received)
            self._end_silence(silent_s, begun=bool(snapshot.received))
            if isinstance(self._outputs, Outputs):
                self._outputs.warn_of_another_owner()
        state = 'inactive' if self._pipeline is not None else 'unconfigured'
        state = 'active' if self._camera is not None else state
        level, text = health(
            snapshot,
            state=state,
            silent_s=silent_s,
            cameras=cameras,
            hint=self._camera.hint if self._camera is not None else '',
            camera_timeout_s=float(self._values['camera_timeout_s']),
            latency_warn_ms=float(self._values['latency_warn_ms']),
            latency_error_ms=float(self._values['latency_error_ms']),
            device_failed=self._pipeline is not None and self._pipeline.device_failed,
        )
        if level != DiagnosticStatus.OK and self._level == DiagnosticStatus.OK:
            self.get_logger().warning(text, throttle_duration_sec=10.0)
        self._level = level
        details = {
            'state': state,
            'image_topic': self._camera.topic if self._camera is not None else '',
            'backend': self._pipeline.backend if self._pipeline is not None else '',
            'backend_reason': self._pipeline.backend_reason if self._pipeline is not None else '',
            'models': ', '.join(self._pipeline.model_ids) if self._pipeline is not None else '',
            **self._unreadable(),
            **self._skipped(),
        }
        # With its namespace: of two statuses of one name, monitors keep the last.
        name = f'{self.get_fully_qualified_name().lstrip("/")}: perception'
        message = diagnostics(name, snapshot, level, text, details)
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def _end_silence(self, silent_s: float, *, begun: bool) -> None:
        """Have everybody leave, once, where images came no more for a while."""
        assert self._camera is not None, 'an active node has one'
        is_silent = begun and silent_s * NS_PER_S > SILENT_NS
        if is_silent and not self._is_silent:
            self._camera.fall_silent()
        self._is_silent = is_silent


def _recorder(values: Mapping[str, Any]) -> UncertainRecorder | None:
    """Return the recorder of uncertain faces, where a folder is named."""
    folder = str(values['record_uncertain_dir'])
    if not folder:
        return None
    return UncertainRecorder(Path(folder), int(values['record_uncertain_max']))


def run(args: list[str] | None = None, *, autostart: bool = False) -> int:
    """Spin the node until it is told to stop; see :func:`fer_ros.nodes.running.run`."""
    # Crops are too small to be worth sharing out, and the other cores are the robot's.
    cv2.setNumThreads(1)
    return running.run(PerceptionNode, 'fer', args, autostart=autostart)


def main(args: list[str] | None = None) -> None:
    """Entry point of ``ros2 run fer_ros perception_node``."""
    sys.exit(run(args))


if __name__ == '__main__':
    main()
