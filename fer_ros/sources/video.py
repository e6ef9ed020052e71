"""Video files through OpenCV, stamped with their presentation times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.config import utf8_name
from fer_ros.errors import SourceError
from fer_ros.sources.base import FRAME_ID, NS_PER_S, Source, SourceInfo
from fer_ros.types import Frame, UInt8

# A file without a rate: what most cameras record.
_FALLBACK_FPS = 30.0


@contextmanager
def silent_opencv() -> Iterator[None]:
    """Keep OpenCV and FFmpeg from stderr: their lines would stand beside our one."""
    # Read when FFmpeg is first used.
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    # OpenCV 5 keeps the two in cv2.utils.logging.
    log = cv2 if hasattr(cv2, 'setLogLevel') else cv2.utils.logging
    level = log.getLogLevel()
    log.setLogLevel(0)
    try:
        yield
    finally:
        log.setLogLevel(level)


def open_capture(source: int | str) -> Any:
    """Open a file or device; on failure OpenCV stays silent, for we say what was wrong."""
    with silent_opencv():
        return cv2.VideoCapture(source)


class VideoSource(Source):
    """The frames of a video, from ``start_ns`` on; variable frame rates keep their times."""

    def __init__(self, path: Path, *, start_ns: int = 0, frame_id: str = FRAME_ID) -> None:
        """Open it and look at its first frame.

        :raises SourceError: there is none.
        :raises ConfigError: its name is not UTF-8.
        """
        self._path = path
        self._start_ns = start_ns
        self._capture: Any = None
        capture = open_capture(utf8_name(path))
        ok, first = capture.read()
        fps = float(capture.get(cv2.CAP_PROP_FPS))
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        capture.release()
        if not ok:
            raise SourceError(
                f'{path}: expected a video, found {path.stat().st_size} bytes without a frame '
                'that OpenCV can decode; is it whole, and of a common format (mp4, mov, avi, mkv)?'
            )
        super().__init__(
            SourceInfo(
                name=path.name,
                width=first.shape[1],
                height=first.shape[0],
                fps=fps if np.isfinite(fps) and fps > 0 else None,
                frames=count if count > 0 else None,
                frame_id=frame_id,
            )
        )

    def _read(self) -> Iterator[Frame]:
        """Decode until the end; a shorter video than its header says is noted."""
        self.close()
        capture = self._capture = open_capture(utf8_name(self._path))
        period_ns = round(NS_PER_S / (self.info.fps or _FALLBACK_FPS))
        origin_ns: int | None = None
        last_ns = self._start_ns - period_ns
        sequence = 0
        while True:
            ok, bgr = capture.read()
            if not ok:
                break
            shown_ns = round(float(capture.get(cv2.CAP_PROP_POS_MSEC)) * 1e6)
            origin_ns = shown_ns if origin_ns is None else origin_ns
            stamp_ns = self._start_ns + shown_ns - origin_ns
            # Some containers have no times, or the same one twice: then the rate counts on.
            if stamp_ns <= last_ns:
                stamp_ns = last_ns + period_ns
            last_ns = stamp_ns
            pixels: UInt8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
            yield Frame(stamp_ns, self.info.frame_id, sequence, pixels)
            sequence += 1
        self.close()
        expected = self.info.frames
        # Frame counts of some containers are estimates: one frame less is no loss.
        if expected is not None and sequence < expected - 1:
            self._note(
                f'{self.info.name}: expected {expected} frames, found {sequence}; is it cut off?'
            )

    def close(self) -> None:
        """Let go of the file."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None
