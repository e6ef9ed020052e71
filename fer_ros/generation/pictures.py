"""Pictures and films of the avatar, without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from fer_ros.config import utf8_name
from fer_ros.errors import ConfigError
from fer_ros.generation.avatar import draw
from fer_ros.generation.face import Face
from fer_ros.generation.units import CHANNELS
from fer_ros.types import Float64, UInt8

FPS = 25.0
# Those of the rig avatar2d: one for each channel.
AVATAR_ACTUATORS = tuple(f'AU{channel}' for channel in CHANNELS)
HEIGHT_PX = 480


def write_picture(path: Path, pixels: UInt8) -> None:
    """Write RGB pixels in the format of the path's suffix.

    :raises ConfigError: the path can not be written.
    """
    try:
        _, data = cv2.imencode(path.suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        path.write_bytes(data.tobytes())
    except (cv2.error, OSError) as error:
        reason = getattr(error, 'strerror', None) or f'the suffix {path.suffix!r}'
        raise ConfigError(
            f'{path}: expected a picture to write (.png, .jpg), found: {reason}'
        ) from None


def shown_units(units: Float64, face: Face, positions: Sequence[Float64]) -> Float64:
    """Return (C,) units as the avatar shows them: behind the limits of its own rig, if it runs.

    :param units, positions: of a face at a tick, and of its rigs.
    """
    for guard, position in zip(face.guards, positions):
        if guard.rig.names == AVATAR_ACTUATORS:
            return position
    return units


class Film:
    """Draws a face that ticks, at 25 pictures a second."""

    def __init__(self, video: Path | None, folder: Path | None, rate_hz: float) -> None:
        """Write a video, a folder of pictures, both or none."""
        self._folder, self._rate_hz = folder, rate_hz
        self._ticks = self._pictures = 0
        self._video = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        if video is not None:
            if video.suffix.lower() != '.mp4':
                raise ConfigError(f'{video}: expected a video to write (.mp4)')
            size = draw(np.zeros(len(CHANNELS)), HEIGHT_PX).shape
            code = cv2.VideoWriter_fourcc(*'mp4v')  # type: ignore[attr-defined,unused-ignore]
            self._video = cv2.VideoWriter(utf8_name(video), code, FPS, (size[1], size[0]))
            if not self._video.isOpened():
                raise ConfigError(f'{video}: expected a video to write (.mp4) in a folder that is')

    def add(self, face: Face) -> None:
        """Draw the face if the time of the next picture has come."""
        self._ticks += 1
        if self._video is None and self._folder is None:
            return
        if self._ticks * FPS < (self._pictures + 1) * self._rate_hz:
            return
        positions = [guard.position for guard in face.guards]
        pixels = draw(shown_units(face.units, face, positions), HEIGHT_PX)
        if self._video is not None:
            self._video.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        if self._folder is not None:
            write_picture(self._folder / f'{self._pictures:05d}.png', pixels)
        self._pictures += 1

    def __enter__(self) -> Film:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the video."""
        if self._video is not None:
            self._video.release()
