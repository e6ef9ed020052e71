"""Camera images of a bag, with the stamps and frames of their headers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fer_ros.errors import DataError, SourceError
from fer_ros.sources.bag_reader import BAG_SUFFIXES, BagMessage, BagReader, BagTopic, open_bag
from fer_ros.sources.bag_video import PACKETS, Packets, video_suffix
from fer_ros.sources.base import NS_PER_S, Source, SourceInfo
from fer_ros.sources.compressed import decode_compressed
from fer_ros.sources.encodings import to_rgb
from fer_ros.types import CameraIntrinsics, Frame, UInt8

__all__ = ['BAG_SUFFIXES', 'BagSource']

_RAW = ('sensor_msgs/msg/Image', 'sensor_msgs/Image')
_COMPRESSED = ('sensor_msgs/msg/CompressedImage', 'sensor_msgs/CompressedImage')
_INFO = ('sensor_msgs/msg/CameraInfo', 'sensor_msgs/CameraInfo')
# As image_transport names other forms of an image, the better ones first.
_TWINS = ('/compressed', '/ffmpeg')


class BagSource(Source):
    """One image topic of a bag."""

    def __init__(self, path: Path, *, topic: str = '', typestore: Any = None) -> None:
        """Choose the topic and look at its first image.

        :raises SourceError: no bag, no such topic, several to choose from, or no image.
        """
        bag = open_bag(path, typestore)
        try:
            topics = _image_topics(bag)
            self._topic = _choose(path, topics, topic, bag)
            suffix = '' if bag.topics[self._topic].type in _RAW else video_suffix(bag, self._topic)
            self._video = Packets(bag, self._topic, suffix) if suffix else None
            first = self._first_frame(bag)
            intrinsics = _intrinsics(bag, self._topic)
        except BaseException:
            bag.close()
            raise
        self._bag = bag
        count = bag.topics[self._topic].count
        span_ns = bag.end_ns - bag.start_ns
        super().__init__(
            SourceInfo(
                name=path.resolve().name,
                width=first.width,
                height=first.height,
                fps=(count - 1) * NS_PER_S / span_ns if count > 1 and span_ns > 0 else None,
                frames=count,
                frame_id=first.frame_id,
                topic=self._topic,
                topics=topics,
            ),
            intrinsics,
        )

    def _read(self) -> Iterator[Frame]:
        """Decode the topic's images in the order in which they were recorded."""
        if self._video is not None:
            yield from self._decoded(self._video)
            return
        sequence = 0
        for recorded in self._bag.messages([self._topic]):
            try:
                frame = _frame(self._bag, recorded, sequence)
            except DataError as error:
                self._skip(error)
                continue
            finally:
                sequence += 1
            yield frame
        for line in self._bag.warnings:
            self._note(line)

    def _decoded(self, video: Packets) -> Iterator[Frame]:
        """Yield the frames of a video; packets that no decoder can begin with are skipped."""
        for _ in range(video.skipped):
            self._skip(DataError(f'{self._topic}: expected a key frame first, found another'))
        found = 0
        for frame in video.frames():
            found += 1
            yield frame
        if found < len(video.stamps_ns):
            self._note(
                f'{self._topic}: expected {len(video.stamps_ns)} frames, found {found}; behind '
                'the first that is missing, stamps are those of its neighbours'
            )
        for line in self._bag.warnings:
            self._note(line)

    def _first_frame(self, bag: BagReader) -> Frame:
        """Return the first image that can be decoded."""
        if self._video is not None:
            return next(self._video.frames())
        return _first_image(bag, self._topic)

    def close(self) -> None:
        """Close the bag."""
        self._bag.close()
        if self._video is not None:
            self._video.close()


def _image_topics(bag: BagReader) -> tuple[str, ...]:
    """Return the topics that hold images."""
    kinds = (*_RAW, *_COMPRESSED, *PACKETS)
    return tuple(sorted(n for n, t in bag.topics.items() if t.type in kinds and t.count))


def _choose(path: Path, topics: tuple[str, ...], wanted: str, bag: BagReader) -> str:
    """Return the topic that is asked for, or the only one."""
    if wanted:
        # As image_transport names them: 'image' may be recorded as 'image/compressed' only.
        for name in (wanted, *(wanted + twin for twin in _TWINS)):
            if name in topics:
                return name
        have = ', '.join(topics) or 'none'
        raise SourceError(f"{path}: expected images on '{wanted}', found image topics: {have}")
    if not topics:
        have = ', '.join(_described(n, t) for n, t in sorted(bag.topics.items())) or 'none'
        why = ''.join(f'; {line}' for line in bag.warnings)
        raise SourceError(f'{path}: expected a topic with images, found topics: {have}{why}')
    # A camera that was recorded raw and compressed is one camera.
    cameras: dict[str, str] = {}
    for name in sorted(topics, key=_rank):
        cameras.setdefault(_camera(name), name)
    if len(cameras) > 1:
        raise SourceError(
            f'{path}: expected one image topic, found {", ".join(sorted(cameras.values()))}; '
            'choose one by topic (--topic)'
        )
    return next(iter(cameras.values()))


def _described(name: str, topic: BagTopic) -> str:
    return f'{name} ({topic.type}{"" if topic.count else ", empty"})'


def _camera(topic: str) -> str:
    """Return a topic's name without what image_transport adds."""
    for twin in _TWINS:
        topic = topic.removesuffix(twin)
    return topic


def _rank(topic: str) -> int:
    """Order the forms of an image: raw, then the others."""
    return next((place for place, twin in enumerate(_TWINS, 1) if topic.endswith(twin)), 0)


def _first_image(bag: BagReader, topic: str) -> Frame:
    """Return the first image that can be decoded."""
    why = 'no message'
    for recorded in bag.messages([topic]):
        try:
            return _frame(bag, recorded, 0)
        except DataError as error:
            why = str(error)
    raise SourceError(f'{bag.path}: expected images on {topic}, found none to read: {why}')


def _frame(bag: BagReader, recorded: BagMessage, sequence: int) -> Frame:
    """Decode one image message; raises DataError."""
    message = bag.decode(recorded)
    stamp = message.header.stamp
    # A header that nobody stamped: the time of recording is the next best.
    stamp_ns = stamp.sec * NS_PER_S + stamp.nanosec or recorded.log_ns
    return Frame(stamp_ns, message.header.frame_id, sequence, _pixels(message, recorded.type))


def _pixels(message: Any, kind: str) -> UInt8:
    """Decode a raw or compressed image."""
    if kind in _COMPRESSED:
        return decode_compressed(message.data, message.format)
    return to_rgb(
        message.data,
        message.encoding,
        message.width,
        message.height,
        message.step,
        bool(message.is_bigendian),
    )


def _intrinsics(bag: BagReader, topic: str) -> CameraIntrinsics | None:
    """Return the calibration that was recorded beside an image topic, or of the only camera."""
    infos = [name for name, t in bag.topics.items() if t.type in _INFO and t.count]
    beside = _camera(topic).rpartition('/')[0] + '/camera_info'
    name = beside if beside in infos else infos[0] if len(infos) == 1 else ''
    for recorded in bag.messages([name]):
        try:
            info = bag.decode(recorded)
        except DataError:
            return None
        # ROS 1 wrote K in capitals.
        k = [float(value) for value in (info.k if hasattr(info, 'k') else info.K)]
        try:
            return CameraIntrinsics(info.width, info.height, k[0], k[4], k[2], k[5])
        except DataError:  # not calibrated: K of zeros, or of NaN
            return None
    return None
