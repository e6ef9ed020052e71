"""A webcam or network stream, stamped by a clock that the caller hands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np

from fer_ros.errors import DataError, SourceError
from fer_ros.sources.base import FRAME_ID, Source, SourceInfo
from fer_ros.sources.video import open_capture
from fer_ros.types import Frame, UInt8


class CameraSource(Source):
    """Frames as the camera gives them, until it is closed or lost."""

    def __init__(
        self, device: int | str, now_ns: Callable[[], int], *, frame_id: str = FRAME_ID
    ) -> None:
        """Open the device; raises SourceError where it gives no picture.

        :param device: index of a local camera, or a stream's address.
        :param now_ns: the clock of the stamps.
        """
        self._now_ns = now_ns
        name = f'camera:{device}' if isinstance(device, int) else device
        self._capture: Any = open_capture(device)
        ok, first = self._capture.read()
        if not ok:
            self._capture.release()
            raise SourceError(
                f'{name}: expected a camera that gives pictures, found none; is it connected, '
                'free, and may this user read it (group video)?'
            )
        fps = float(self._capture.get(cv2.CAP_PROP_FPS))
        super().__init__(
            SourceInfo(
                name=name,
                width=first.shape[1],
                height=first.shape[0],
                fps=fps if np.isfinite(fps) and fps > 0 else None,
                frames=None,
                frame_id=frame_id,
            )
        )

    def _read(self) -> Iterator[Frame]:
        """Stamp each picture when it arrives, before it is decoded."""
        sequence = 0
        while self._capture is not None and self._capture.grab():
            stamp_ns = self._now_ns()
            ok, bgr = self._capture.retrieve()
            if not ok:
                self._skip(DataError(f'{self.info.name}: a picture could not be decoded'))
                continue
            pixels: UInt8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
            yield Frame(stamp_ns, self.info.frame_id, sequence, pixels)
            sequence += 1
        if self._capture is not None:
            self._note(f'{self.info.name}: the camera gives no more pictures; is it unplugged?')

    def close(self) -> None:
        """Let go of the device."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None
