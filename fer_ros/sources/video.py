"""Videos and cameras through OpenCV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.errors import SourceError
from fer_ros.sources.base import Source, SourceInfo
from fer_ros.types import Frame

NS_PER_MS = 1_000_000
DEFAULT_FPS = 30.0


class VideoSource(Source):
    """A video file; stamps are presentation times from 0."""

    def __init__(self, path: Path, frame_id: str) -> None:
        """Open the file; raises SourceError where it is no video."""
        self._capture = _open(str(path), f'{path}: expected a video')
        count = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        self._fps = fps if 0 < fps < 1000 else DEFAULT_FPS
        self._frame_id = frame_id
        super().__init__(SourceInfo(str(path), count if count > 0 else None, self._fps))

    def __iter__(self) -> Iterator[Frame]:
        """Yield every frame that decodes."""
        last_ns, sequence = -1, 0
        while True:
            found, bgr = self._capture.read()
            if not found:
                return
            position_ms = float(self._capture.get(cv2.CAP_PROP_POS_MSEC))
            stamp_ns = round(position_ms * NS_PER_MS)
            if sequence and stamp_ns <= last_ns:
                # Some containers tell no times: count frames instead.
                stamp_ns = last_ns + round(1e9 / self._fps)
            yield _frame(bgr, stamp_ns, self._frame_id, sequence)
            last_ns, sequence = stamp_ns, sequence + 1

    def close(self) -> None:
        """Close the file."""
        self._capture.release()


class CameraSource(Source):
    """A camera of this machine; frames are stamped when they arrive."""

    def __init__(self, index: int, frame_id: str, now_ns: Callable[[], int]) -> None:
        """Open the device; raises SourceError where there is none."""
        self._capture = _open(index, f'camera {index}: expected a camera')
        self._frame_id = frame_id
        self._now_ns = now_ns
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        super().__init__(SourceInfo(f'camera {index}', None, fps if fps > 0 else None))

    def __iter__(self) -> Iterator[Frame]:
        """Yield frames until the camera is gone."""
        sequence = 0
        while True:
            found, bgr = self._capture.read()
            if not found:
                return
            yield _frame(bgr, self._now_ns(), self._frame_id, sequence)
            sequence += 1

    def close(self) -> None:
        """Let the camera go."""
        self._capture.release()


def _frame(bgr: Any, stamp_ns: int, frame_id: str, sequence: int) -> Frame:
    pixels = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    return Frame(stamp_ns, frame_id, sequence, pixels)


def _open(target: str | int, expected: str) -> Any:
    """Open a capture."""
    # Not in every build of OpenCV.
    set_level = getattr(getattr(cv2.utils, 'logging', None), 'setLogLevel', None)
    level = set_level(0) if set_level is not None else None  # our own line says it all
    try:
        capture: Any = cv2.VideoCapture(target)
    finally:
        if set_level is not None:
            set_level(level)
    if not capture.isOpened():
        raise SourceError(f'{expected} that OpenCV can open, found none; is it whole?')
    return capture
