"""ROS 2 bags (MCAP and SQLite) through rosbags."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from fer_ros.errors import DataError, SourceError
from fer_ros.sources.base import Source, SourceInfo
from fer_ros.sources.encodings import decode_compressed, to_rgb
from fer_ros.types import CameraIntrinsics, Frame

NS_PER_S = 1_000_000_000
IMAGES = ('sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage')
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
SUFFIXES = ('.mcap', '.db3', '.bag')


class BagSource(Source):
    """The images of one topic, with the stamps and frame names of their headers."""

    def __init__(self, path: Path, topic: str = '') -> None:
        """Open the bag.

        :param topic: the image topic; '' where the bag has only one.
        :raises SourceError: no bag, or not that topic.
        """
        self._path = path
        try:
            self._reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
            self._reader.open()
        except Exception as error:  # rosbags and what it stands on raise many kinds
            raise SourceError(f'{path}: expected a ROS 2 bag, found: {_line(error)}') from None
        connections = self._reader.connections
        images = [item for item in connections if item.msgtype in IMAGES]
        self._images = self._choose(images, topic)
        self._infos = [item for item in connections if item.msgtype == CAMERA_INFO]
        count = self._images.msgcount
        seconds = self._reader.duration / NS_PER_S
        fps = (count - 1) / seconds if count > 1 and seconds > 0 else None
        super().__init__(SourceInfo(f'{path} {self._images.topic}', count, fps))

    def __iter__(self) -> Iterator[Frame]:
        """Yield every image that decodes; the camera's intrinsics come along."""
        sequence = 0
        messages = self._reader.messages(connections=[self._images, *self._infos])
        while True:
            try:
                connection, _, data = next(messages)
            except StopIteration:
                return
            except Exception as error:  # a truncated bag breaks off in many ways
                raise SourceError(
                    f'{self._path}: expected more messages after {sequence} images, found: '
                    f'{_line(error)}; what came before is kept'
                ) from None
            message: Any = self._reader.deserialize(data, connection.msgtype)
            if connection.msgtype == CAMERA_INFO:
                self.intrinsics = _intrinsics(message)
                continue
            try:
                yield _frame(message, connection.msgtype, sequence)
                sequence += 1
            except DataError:
                self.broken += 1

    def close(self) -> None:
        """Close the bag."""
        self._reader.close()

    def _choose(self, images: list[Any], topic: str) -> Any:
        """Return the connection of the topic."""
        names = [item.topic for item in images]
        if topic and topic in names:
            return images[names.index(topic)]
        if not topic and len(images) == 1:
            return images[0]
        self._reader.close()
        wanted = f'the image topic {topic}' if topic else 'one image topic'
        raise SourceError(
            f'{self._path}: expected {wanted}, found {", ".join(names) or "none"}; '
            'choose one with --topic'
        )


def _frame(message: Any, kind: str, sequence: int) -> Frame:
    header = message.header
    if kind == IMAGES[0]:
        pixels = to_rgb(
            message.data,
            message.encoding,
            message.width,
            message.height,
            message.step,
            bool(message.is_bigendian),
        )
    else:
        pixels = decode_compressed(message.data, message.format)
    stamp_ns = header.stamp.sec * NS_PER_S + header.stamp.nanosec
    return Frame(stamp_ns, header.frame_id, sequence, pixels)


def _intrinsics(message: Any) -> CameraIntrinsics | None:
    """Return what a CameraInfo tells, None where it is not calibrated."""
    k = [float(value) for value in message.k]
    if not (k[0] > 0 and k[4] > 0 and message.width and message.height):
        return None
    return CameraIntrinsics(message.width, message.height, k[0], k[4], k[2], k[5])


def _line(error: Exception) -> str:
    """Return an error in one line."""
    return ' '.join(str(error).split()) or type(error).__name__
