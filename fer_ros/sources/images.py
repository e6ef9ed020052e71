"""A single image, or a folder of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from fer_ros.errors import DataError, SourceError
from fer_ros.sources.base import Source, SourceInfo
from fer_ros.sources.encodings import decode_compressed
from fer_ros.types import Frame

SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff')


class ImagesSource(Source):
    """Images in order of name, at a given rate, stamped from 0."""

    def __init__(self, path: Path, frame_id: str, fps: float) -> None:
        """Find the images; raises SourceError where there are none."""
        self._paths = (
            sorted(entry for entry in path.iterdir() if entry.suffix.lower() in SUFFIXES)
            if path.is_dir()
            else [path]
        )
        if not self._paths:
            raise SourceError(f'{path}: expected images ({", ".join(SUFFIXES)}), found none')
        self._frame_id = frame_id
        self._fps = fps
        super().__init__(SourceInfo(str(path), len(self._paths), fps))

    def __iter__(self) -> Iterator[Frame]:
        """Yield every image that decodes; one that is alone must."""
        for sequence, path in enumerate(self._paths):
            try:
                pixels = decode_compressed(path.read_bytes(), path.suffix)
            except (DataError, OSError) as error:
                if len(self._paths) == 1:
                    raise SourceError(f'{path}: {error}') from None
                self.broken += 1
                continue
            yield Frame(round(sequence * 1e9 / self._fps), self._frame_id, sequence, pixels)

    def close(self) -> None:
        """Nothing is held open."""
