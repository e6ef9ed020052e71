"""H.264 and H.265 of a bag: packets to a temporary stream, which OpenCV decodes.

As ffmpeg_image_transport, Foxglove's CompressedVideo and CompressedImage with such a format record
it: a message is a packet, in the order in which packets are decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import Any

import cv2

from fer_ros.errors import DataError, SourceError
from fer_ros.sources.bag_reader import BagReader
from fer_ros.sources.base import NS_PER_S
from fer_ros.sources.video import open_capture
from fer_ros.types import Frame, UInt8

PACKETS = ('ffmpeg_image_transport_msgs/msg/FFMPEGPacket', 'foxglove_msgs/msg/CompressedVideo')
REPUBLISH = 'play it through image_transport republish to raw and record that'
_NAMES = {'264': '.h264', 'avc': '.h264', '265': '.h265', 'hevc': '.h265'}
# Network units with which a decoder can begin: parameter sets and key frames.
_BEGINNINGS = {'.h264': {5, 7}, '.h265': {*range(16, 22), 32, 33}}


def video_suffix(bag: BagReader, topic: str) -> str:
    """Return what a file of a topic's packets is called, '' where its messages are images.

    :raises SourceError: they are packets of another codec.
    """
    name = next((_format(message) for message, _ in _decoded(bag, topic)), '')
    suffix = next((suffix for part, suffix in _NAMES.items() if part in name), '')
    if not suffix and bag.topics[topic].type in PACKETS:
        raise SourceError(
            f'{bag.path}: expected H.264 or H.265 on {topic}, found {name!r}; {REPUBLISH}'
        )
    return suffix


def _decoded(bag: BagReader, topic: str) -> Iterator[tuple[Any, int]]:
    """Yield the messages of a topic that can be decoded, and when they were recorded."""
    for recorded in bag.messages([topic]):
        with suppress(DataError):
            yield bag.decode(recorded), recorded.log_ns


class Packets:
    """A topic's packets in a temporary file, and the stamps of the frames in them.

    :ivar skipped: packets before the first with which a decoder can begin.
    """

    def __init__(self, bag: BagReader, topic: str, suffix: str) -> None:
        """Read all of them once; raises SourceError where OpenCV decodes none."""
        self.skipped = 0
        self.frame_id = ''
        self.stamps_ns: list[int] = []
        self._topic = topic
        self._file = NamedTemporaryFile(suffix=suffix)  # noqa: SIM115 (closed by close)
        for message, log_ns in _decoded(bag, topic):
            data = bytes(message.data)
            if not self.stamps_ns and not _begins(data, suffix):
                self.skipped += 1
                continue
            stamp, self.frame_id = _origin(message)
            self.stamps_ns.append(stamp.sec * NS_PER_S + stamp.nanosec or log_ns)
            self._file.write(data)
        self._file.flush()
        # Packets come as they are decoded, frames as they are shown.
        self.stamps_ns.sort()
        if next(self.frames(), None) is None:
            self.close()
            raise SourceError(
                f'{bag.path}: expected a video on {topic} that OpenCV decodes, found '
                f'{len(self.stamps_ns) + self.skipped} packets of {suffix[1:]} without a frame; '
                f'{REPUBLISH}'
            )

    def frames(self) -> Iterator[Frame]:
        """Yield the frames with their stamps, as many as can be decoded."""
        capture = open_capture(self._file.name)
        try:
            for sequence, stamp_ns in enumerate(self.stamps_ns):
                ok, bgr = capture.read()
                if not ok:
                    return
                pixels: UInt8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
                yield Frame(stamp_ns, self.frame_id, sequence, pixels)
        finally:
            capture.release()

    def close(self) -> None:
        """Remove the file; idempotent."""
        self._file.close()


def _format(message: Any) -> str:
    """Return the name of a message's codec: FFMPEGPacket calls it encoding."""
    for name in ('format', 'encoding'):
        text = getattr(message, name, None)
        if isinstance(text, str):
            return text.lower()
    return ''


def _origin(message: Any) -> tuple[Any, str]:
    """Return stamp and frame of a message; Foxglove's have no header."""
    header = getattr(message, 'header', None)
    if header is None:
        return message.timestamp, str(message.frame_id)
    return header.stamp, str(header.frame_id)


def _begins(data: bytes, suffix: str) -> bool:
    """Tell whether a decoder can begin with a packet (ITU-T H.264 and H.265, annex B)."""
    at = data.find(b'\0\0\1')
    while 0 <= at < len(data) - 3:
        kind = data[at + 3] & 31 if suffix == '.h264' else data[at + 3] >> 1 & 63
        if kind in _BEGINNINGS[suffix]:
            return True
        at = data.find(b'\0\0\1', at + 3)
    return False
