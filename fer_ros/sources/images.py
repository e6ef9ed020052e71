"""One image, or a folder of images in the order of their names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from fer_ros.errors import ConfigError, FrameError, SourceError
from fer_ros.sources.base import FRAME_ID, NS_PER_S, Source, SourceInfo
from fer_ros.sources.buffers import MAX_PIXELS, require_size
from fer_ros.sources.compressed import decode_compressed, form_of
from fer_ros.taxonomy import DropReason
from fer_ros.types import Frame, UInt8

IMAGE_SUFFIXES = frozenset({'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.ppm'})


def list_images(folder: Path) -> list[Path]:
    """Return the images of a folder, ``frame2`` before ``frame10``."""
    paths = (path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    return sorted(paths, key=_natural)


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Compare runs of digits as numbers."""
    parts = re.split(r'(\d+)', path.name)
    return [(0, int(part), '') if part.isdigit() else (1, 0, part) for part in parts]


def read_image(path: Path) -> UInt8:
    """Return an image file as (H, W, 3) RGB, turned upright by its EXIF orientation.

    :raises FrameError: it can not be decoded.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FrameError(
            f'{path}: expected a readable file, found: {error.strerror}',
            DropReason.BAD_DATA.value,
        ) from None
    try:
        # By what it holds: many a picture bears the ending of another format.
        if form := form_of(data):
            return decode_compressed(data, form, upright=True)
        return _decode(data)
    except FrameError as error:
        raise FrameError(f'{path}: {error}', error.reason) from None


def _decode(data: bytes) -> UInt8:
    """Decode any other format that OpenCV reads."""
    samples = np.frombuffer(data, np.uint8)
    bgr = cv2.imdecode(samples, cv2.IMREAD_COLOR) if samples.size else None
    if bgr is None:
        raise FrameError(
            f'expected an image, found {len(data)} bytes that OpenCV can not decode',
            DropReason.BAD_DATA.value,
        )
    require_size(bgr.shape[1], bgr.shape[0], MAX_PIXELS)
    pixels: UInt8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return pixels


class ImageSource(Source):
    """Image files at a steady rate."""

    def __init__(
        self,
        name: str,
        paths: Sequence[Path],
        *,
        fps: float = 10.0,
        start_ns: int = 0,
        frame_id: str = FRAME_ID,
    ) -> None:
        """Look for the first readable one; raises SourceError where there is none."""
        if not fps > 0:
            raise ConfigError(f'fps: expected a positive rate, found {fps}')
        self._paths = tuple(paths)
        self._fps = fps
        self._start_ns = start_ns
        first = _first_readable(name, self._paths)
        super().__init__(
            SourceInfo(
                name=name,
                width=first.shape[1],
                height=first.shape[0],
                fps=fps,
                frames=len(self._paths),
                frame_id=frame_id,
            )
        )

    def _read(self) -> Iterator[Frame]:
        """Decode one after the other; a broken one leaves a gap in time."""
        for sequence, path in enumerate(self._paths):
            try:
                pixels = read_image(path)
            except FrameError as error:
                self._skip(error)
                continue
            stamp_ns = self._start_ns + round(sequence * NS_PER_S / self._fps)
            yield Frame(stamp_ns, self.info.frame_id, sequence, pixels)


def _first_readable(name: str, paths: Sequence[Path]) -> UInt8:
    """Return the first image that can be decoded."""
    why = ''
    for path in paths:
        try:
            return read_image(path)
        except FrameError as error:
            why = why or str(error)
    if len(paths) == 1:
        raise SourceError(why)
    raise SourceError(
        f'{name}: expected images, found {len(paths)} of which none can be read; the first: {why}'
    )
