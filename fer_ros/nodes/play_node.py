"""Any source of frames as a camera: image and camera_info topics at their true rate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import rclpy
from fer_msgs.msg import FaceExpressionArray
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from fer_ros.errors import ConfigError
from fer_ros.nodes import conversions, running
from fer_ros.sources import Source
from fer_ros.types import CameraIntrinsics, Frame

NS_PER_S = 1_000_000_000
PATIENCE_S = 10.0  # for a result in lockstep
LAST_S = 2.0  # for who listens reliably to have the last frames
PAUSE_S = 5.0  # a longer wait for the next frame is told
STEP_S = 0.1
SETTLE_S = 0.2  # who listens to several topics is found topic by topic
# Reliable reaches readers of both kinds: a recorder misses nothing, a live node takes the newest.
CAMERA_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE
)


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """How a source is played.

    :param rate: speed against real time.
    :param compressed: publish JPEG on image/compressed instead of raw images.
    :param source_stamps: keep the source's own stamps and publish /clock; otherwise all stamps
        are shifted together, so that the first frame is taken now.
    :param wait_s: wait this long for subscribers before the first frame.
    :param subscribers: how many to wait for.
    :param fov_deg: horizontal field of view to assume for a source without intrinsics.
    :param lockstep: after each frame wait for its result, so that perception drops none however
        slow the machine is.
    """

    rate: float = 1.0
    compressed: bool = False
    source_stamps: bool = False
    wait_s: float = 5.0
    subscribers: int = 1
    jpeg_quality: int = 90
    fov_deg: float | None = None
    lockstep: bool = False

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0.01 <= self.rate <= 100.0:
            raise ConfigError(f'rate: expected a speed in [0.01, 100], found {self.rate!r}')
        if not 0.0 <= self.wait_s <= 3600.0:
            raise ConfigError(f'wait: expected seconds in [0, 3600], found {self.wait_s!r}')
        if self.fov_deg is not None and not 1.0 <= self.fov_deg <= 170.0:
            raise ConfigError(f'fov: expected degrees in [1, 170], found {self.fov_deg!r}')


class PlayNode(Node):
    """Publishes the frames of one source as a camera does."""

    def __init__(self, options: PlayOptions, **kwargs: Any) -> None:
        """Open the topics."""
        super().__init__('fer_play', **kwargs)
        self._options = options
        topic = self.resolve_topic_name('image')
        if options.compressed:
            topic += '/compressed'
        kind = CompressedImage if options.compressed else Image
        self._images = self.create_publisher(kind, topic, CAMERA_QOS)
        self._infos = self.create_publisher(CameraInfo, 'camera_info', CAMERA_QOS)
        self._simulation = (
            self.create_publisher(Clock, '/clock', CAMERA_QOS) if options.source_stamps else None
        )
        self._answered_ns: int | None = None
        if options.lockstep:
            self.create_subscription(
                FaceExpressionArray, '/fer/expressions', self._on_result, CAMERA_QOS
            )

    def wait_for_subscribers(self) -> bool:
        """Wait until enough listen; return whether they do."""
        deadline_s = time.monotonic() + self._options.wait_s
        # A signal ends the context first: nothing may be asked of a publisher after that.
        while rclpy.ok():
            if self._images.get_subscription_count() >= self._options.subscribers:
                time.sleep(SETTLE_S)
                return True
            if time.monotonic() > deadline_s:
                break
            time.sleep(0.02)
        return False

    def play(self, source: Source) -> Iterator[int]:
        """Publish every frame when it is due; yield each one's stamp in nanoseconds."""
        first_ns = start_ns = start_stamp_ns = None
        for frame in source:
            if first_ns is None:
                first_ns, start_ns = frame.stamp_ns, time.monotonic_ns()
                start_stamp_ns = self.get_clock().now().nanoseconds
            elapsed_ns = round((frame.stamp_ns - first_ns) / self._options.rate)
            self._wait_until(start_ns + elapsed_ns)
            if not rclpy.ok():
                return
            # Played faster or slower, a stamp still tells when its frame was to be published.
            keep = self._options.source_stamps
            stamp_ns = frame.stamp_ns if keep else start_stamp_ns + elapsed_ns
            try:
                self._publish(frame, stamp_ns, source.intrinsics)
            except Exception:
                if rclpy.ok():
                    raise
                return  # a signal closed the publishers in the middle of a frame
            if self._options.lockstep:
                self._wait_for_result(stamp_ns)
            yield stamp_ns
        running.let_arrive((self._infos, self._images), LAST_S)

    def _wait_until(self, due_ns: int) -> None:
        """Sleep in short steps: a signal that ends the context ends no sleep."""
        pause_s = (due_ns - time.monotonic_ns()) / NS_PER_S
        if pause_s > PAUSE_S:
            self.get_logger().info(f'the source pauses for {pause_s:.0f} s')
        while rclpy.ok() and (left_ns := due_ns - time.monotonic_ns()) > 0:
            time.sleep(min(left_ns / NS_PER_S, STEP_S))

    def _on_result(self, message: FaceExpressionArray) -> None:
        self._answered_ns = conversions.stamp_to_ns(message.header.stamp)

    def _wait_for_result(self, stamp_ns: int) -> None:
        """Spin until the frame of that stamp has its result; one without any is left behind."""
        deadline_s = time.monotonic() + PATIENCE_S
        while self._answered_ns != stamp_ns and rclpy.ok() and time.monotonic() < deadline_s:
            rclpy.spin_once(self, timeout_sec=0.05)

    def _publish(self, frame: Frame, stamp_ns: int, intrinsics: CameraIntrinsics | None) -> None:
        stamp = conversions.ns_to_stamp(stamp_ns)
        header = Header(stamp=stamp, frame_id=frame.frame_id)
        if self._simulation is not None:
            self._simulation.publish(Clock(clock=stamp))
        if intrinsics is None and self._options.fov_deg is not None:
            intrinsics = CameraIntrinsics.of_fov(frame.width, frame.height, self._options.fov_deg)
        self._infos.publish(conversions.camera_info_from(intrinsics, frame, header))
        if self._options.compressed:
            self._images.publish(self._encode(frame, header))
        else:
            self._images.publish(conversions.image_from(frame.pixels, header))

    def _encode(self, frame: Frame, header: Header) -> CompressedImage:
        bgr = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2BGR)
        quality = [cv2.IMWRITE_JPEG_QUALITY, self._options.jpeg_quality]
        _, data = cv2.imencode('.jpg', bgr, quality)
        kind = 'rgb8; jpeg compressed bgr8'
        content = conversions.octets(data.tobytes())
        return CompressedImage(header=header, format=kind, data=content)
