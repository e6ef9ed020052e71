"""What becomes of a decoded frame, in the live node and in a replay alike.

Both hand their frames to the same object, so that a replayed bag gives the messages of the live
run bit for bit; only the fields that tell how long it took differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from std_msgs.msg import Header

from fer_ros.nodes import parameters
from fer_ros.nodes.outputs import Outputs, Timing
from fer_ros.pipeline import FrameResult, Pipeline
from fer_ros.types import CameraIntrinsics, Frame

NS_PER_S = 1_000_000_000
# A stamp that jumps back further than this starts a new recording; less is a late frame.
RESTART_NS = NS_PER_S // 2


def went_back_s(last_ns: int | None, stamp_ns: int) -> float:
    """Return by how much a recording started again, 0 where it did not."""
    if last_ns is None or stamp_ns >= last_ns - RESTART_NS:
        return 0.0
    return (last_ns - stamp_ns) / NS_PER_S


class Recognition:
    """One camera's frames through the pipeline to the outputs."""

    def __init__(
        self,
        pipeline: Pipeline,
        outputs: Outputs,
        values: Mapping[str, Any],
        warn: Callable[[str], Any],
    ) -> None:
        """Take a pipeline that has been made or reset.

        :param values: the parameters that it was made of.
        :param warn: takes a line that people should read.
        """
        self._pipeline = pipeline
        self._outputs = outputs
        self._values = values
        self.warn = warn
        self._last_stamp_ns: int | None = None
        self._metric = False

    def apply(self, values: Mapping[str, Any]) -> None:
        """Take parameters, handed to the pipeline where they are others than before."""
        if values is not self._values:
            self._pipeline.configure(parameters.pipeline_config(values))
            self._values = values

    def recognise(
        self, frame: Frame, intrinsics: CameraIntrinsics | None, face_id: str = ''
    ) -> FrameResult:
        """Take the next frame; raises FrameError where it is not after the last one."""
        self._restart_if_time_jumps(frame)
        if intrinsics is not None:
            intrinsics = intrinsics.scaled_to(frame.width, frame.height)
        # A transform hangs from the camera's frame: without its name, tf2 would refuse it.
        self._metric = intrinsics is not None and bool(frame.frame_id)
        return self._pipeline.process(frame, intrinsics)

    def publish(self, result: FrameResult, frame: Frame, header: Any, timing: Timing) -> None:
        """Publish what was found in a frame under the header of its image."""
        self._outputs.publish(
            result,
            frame,
            header,
            timing,
            self._values,
            metric=self._metric,
            model_ids=self._pipeline.model_ids,
        )

    def end(self, stamp: Any) -> None:
        """End what every face was expressing: no more frames come."""
        self._outputs.tell(self._pipeline.end(), Header(stamp=stamp))

    def leave(self, face_id: str, stamp: Any) -> None:
        """Forget everybody: a camera that has fallen silent tells of nobody.

        :param face_id: '', all that its images show.
        """
        self.end(stamp)
        self._outputs.clear(stamp)
        self._pipeline.reset()

    def _restart_if_time_jumps(self, frame: Frame) -> None:
        """Begin anew where a recording starts again from its beginning."""
        last_ns, self._last_stamp_ns = self._last_stamp_ns, frame.stamp_ns
        if back_s := went_back_s(last_ns, frame.stamp_ns):
            self.warn(f'time went back by {back_s:.2f} s: every face and its past is forgotten')
            self._pipeline.reset()
