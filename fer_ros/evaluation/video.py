"""Annotated frames to an MP4 file."""

from __future__ import annotations

from pathlib import Path

import cv2

from fer_ros.config import utf8_name
from fer_ros.errors import SourceError
from fer_ros.sources.video import silent_opencv
from fer_ros.types import UInt8

MAX_GAP_S = 5.0  # that a frame is held; longer gaps are cut to this
FPS_RANGE = (1.0, 120.0)  # what players take; containers may claim anything
DEFAULT_FPS = 30.0


class AnnotatedVideo:
    """Writes frames at a constant rate, repeated or left out as their stamps say."""

    def __init__(self, path: Path, fps: float) -> None:
        """Begin at the first frame; its size is the video's.

        :param fps: of the video, moved into 1..120; 30 where it is not a positive number.
        :raises ConfigError: the path is not UTF-8.
        """
        self._path = path
        low, high = FPS_RANGE
        # NaN fails the comparison too.
        self._fps = min(max(fps, low), high) if fps > 0.0 else DEFAULT_FPS
        self._writer: cv2.VideoWriter | None = None
        self._partial = path.with_name(f'.{path.name}')
        self._name = utf8_name(self._partial)
        self._first_ns = 0
        self._size = (0, 0)
        self._written = 0

    def write(self, pixels: UInt8, stamp_ns: int) -> None:
        """Append a frame, (H, W, 3) RGB."""
        if self._writer is None:
            self._open(pixels, stamp_ns)
        due = round((stamp_ns - self._first_ns) * 1e-9 * self._fps) + 1
        repeats = min(due - self._written, round(MAX_GAP_S * self._fps))
        if repeats <= 0:
            return
        bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
        if (bgr.shape[1], bgr.shape[0]) != self._size:
            bgr = cv2.resize(bgr, self._size)
        assert self._writer is not None, 'opened above'
        with silent_opencv():  # on a full disk it says so for every frame
            for _ in range(repeats):
                self._writer.write(bgr)
        self._written = due

    def close(self) -> None:
        """End the file and give it its name; nothing is left where no frame came."""
        if self._writer is not None:
            self._writer.release()
            self._partial.replace(self._path)

    def _open(self, pixels: UInt8, stamp_ns: int) -> None:
        height, width = pixels.shape[:2]
        # Encoders want even sizes, and something to encode.
        self._size = (max(width - width % 2, 2), max(height - height % 2, 2))
        self._first_ns = stamp_ns
        writer = cv2.VideoWriter(
            self._name, cv2.VideoWriter.fourcc(*'mp4v'), self._fps, self._size
        )
        if not writer.isOpened():
            raise SourceError(
                f'{self._path}: expected OpenCV to write MP4, found no encoder; use the wheel '
                'opencv-python-headless'
            )
        self._writer = writer
