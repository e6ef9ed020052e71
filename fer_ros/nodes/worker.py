"""One thread that takes the newest image, runs the pipeline and publishes."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import rclpy

from fer_ros.errors import FrameError
from fer_ros.nodes import conversions
from fer_ros.nodes.add_on import CropRecognition
from fer_ros.nodes.frame_slot import FrameSlot
from fer_ros.nodes.outputs import Timing
from fer_ros.nodes.recognition import NS_PER_S, Recognition
from fer_ros.nodes.statistics import Statistics
from fer_ros.nodes.uncertain import UncertainRecorder
from fer_ros.pipeline import FrameResult
from fer_ros.taxonomy import DropReason
from fer_ros.types import CameraIntrinsics, Frame

# Stamps further away than this were made by another clock: they say nothing about age.
SAME_CLOCK_NS = 60 * NS_PER_S


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An image message and when it came, on the node's clock.

    :param message: None: the face has left.
    :param face_id: whom it shows, '' where it is a camera's whole image.
    """

    message: Any
    received_ns: int
    face_id: str = ''


class Worker:
    """Between the camera's callback and the outputs; inference leaves the executor free."""

    def __init__(
        self,
        node: Any,
        recognition: Recognition | CropRecognition,
        statistics: Statistics,
        values: Mapping[str, Any],
        recorder: UncertainRecorder | None = None,
    ) -> None:
        """Start the thread.

        :param recognition: what becomes of each image.
        :param recorder: keeps crops of uncertain faces, where the user asks for it.
        """
        self.values = values
        self._node = node
        self._recognition = recognition
        self._statistics = statistics
        self._recorder = recorder
        self._intrinsics: CameraIntrinsics | None = None
        self._sequence = 0
        self._is_zero = False  # the last image's stamp
        self._slot: FrameSlot[_Arrival] = FrameSlot()
        self._thread = threading.Thread(target=self._work, name='fer-worker', daemon=True)
        self._thread.start()

    def offer(self, message: Any, face_id: str = '') -> None:
        """Take an image from a callback, of a camera or of one face."""
        now_ns = self._now_ns()
        if not now_ns:
            self._node.get_logger().warning(
                'use_sim_time is set, but /clock has told no time yet: diagnostics wait for it',
                throttle_duration_sec=5.0,
            )
        self._statistics.received(now_ns)
        if self._slot.put(_Arrival(message, now_ns, face_id), face_id):
            self._statistics.dropped(DropReason.REPLACED.value)

    def heard(self) -> None:
        """Note that somebody publishes, though no image."""
        self._statistics.heard(self._now_ns())

    def leave(self, face_id: str) -> None:
        """Forget a face, or '' for all of a camera, behind the picture that may still wait."""
        self._slot.put(_Arrival(None, self._now_ns(), face_id), f'{face_id} left')

    def calibrate(self, message: Any) -> None:
        """Take the camera's intrinsics."""
        self._intrinsics = conversions.intrinsics_from(message)

    def close(self) -> None:
        """Stop after the frame at hand, and end what was being expressed."""
        self._slot.close()
        self._thread.join()
        if rclpy.ok():
            self._recognition.end(self._node.get_clock().now().to_msg())

    def _now_ns(self) -> int:
        return self._node.get_clock().now().nanoseconds

    def _work(self) -> None:
        while (arrival := self._slot.take()) is not None:
            try:
                self._handle(arrival)
            except FrameError as error:
                self._drop(error.reason, str(error))
            except Exception as error:  # one bad frame must not end the node; it is counted
                if not rclpy.ok():
                    return  # an interrupt closed the publishers in the middle of a frame
                self._drop(DropReason.ERROR.value, f'{type(error).__name__}: {error}')

    def _drop(self, reason: str, text: str) -> None:
        self._statistics.refused(self._now_ns(), reason, text)
        self._node.get_logger().warning(f'dropped a frame: {text}', throttle_duration_sec=5.0)

    def _handle(self, arrival: _Arrival) -> None:
        """Take one image through decoding, pipeline and outputs."""
        values = self.values
        self._recognition.apply(values)
        if arrival.message is None:
            self._recognition.leave(arrival.face_id, self._node.get_clock().now().to_msg())
            return
        started_s = time.perf_counter()
        self._refuse_stale(arrival, float(values['max_age_s']))
        frame = conversions.frame_from(arrival.message, self._sequence, int(values['max_pixels']))
        # One stamp of zero may be where a recording begins.
        was_zero, self._is_zero = self._is_zero, not frame.stamp_ns
        if self._is_zero and was_zero:
            frame = self._stamped(frame, arrival)
        self._sequence += 1
        result = self._recognition.recognise(frame, self._intrinsics, arrival.face_id)
        inference_ms = (time.perf_counter() - started_s) * 1e3
        processed, dropped = self._statistics.totals()
        timing = Timing(self._latency_ms(arrival), inference_ms, processed + 1, dropped)
        self._recognition.publish(result, frame, arrival.message.header, timing)
        now_ns = self._now_ns()
        self._statistics.processed(now_ns, self._latency_ms(arrival), inference_ms)
        self._record_uncertain(result, frame)

    def _stamped(self, frame: Frame, arrival: _Arrival) -> Frame:
        """Return a frame that nobody stamped with the next best: when it came."""
        self._node.get_logger().warning(
            'the images bear no stamp, so the time of their arrival counts: let what publishes '
            'them fill header.stamp',
            throttle_duration_sec=60.0,
        )
        return replace(frame, stamp_ns=arrival.received_ns)

    def _record_uncertain(self, result: FrameResult, frame: Frame) -> None:
        """Keep crops of uncertain faces, until the disk says no."""
        if self._recorder is None:
            return
        try:
            for state in result.states:
                self._recorder.offer(frame, state)
            self._recorder.forget(result.ended)
        except OSError as error:
            self._recorder = None
            self._node.get_logger().error(f'no more uncertain faces are recorded: {error}')

    def _age_ns(self, arrival: _Arrival) -> int:
        """Return the image's age, since it came where its stamp is of another clock."""
        now_ns = self._now_ns()
        age_ns = now_ns - conversions.stamp_to_ns(arrival.message.header.stamp)
        return age_ns if abs(age_ns) < SAME_CLOCK_NS else now_ns - arrival.received_ns

    def _latency_ms(self, arrival: _Arrival) -> float:
        return self._age_ns(arrival) / 1e6

    def _refuse_stale(self, arrival: _Arrival, max_age_s: float) -> None:
        age_s = self._age_ns(arrival) / NS_PER_S
        if max_age_s and age_s > max_age_s:
            raise FrameError(
                f'expected an image of at most max_age_s ({max_age_s:g} s), found one of '
                f'{age_s:.2f} s; is the machine or the network overloaded?',
                DropReason.STALE.value,
            )
