"""What every source of frames offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

from fer_ros.types import CameraIntrinsics, Frame


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source before its first frame.

    :param name: for people to read.
    :param frames: how many there are, or None where that is not known.
    :param fps: frames a second, or None.
    """

    name: str
    frames: int | None
    fps: float | None


class Source(ABC):
    """An iterator over frames in order of time; use it as a context manager.

    Frames that can not be decoded are counted in :attr:`broken` and left out.
    """

    def __init__(self, info: SourceInfo) -> None:
        """Keep what is known."""
        self.info = info
        self.broken = 0
        self.intrinsics: CameraIntrinsics | None = None

    @abstractmethod
    def __iter__(self) -> Iterator[Frame]:
        """Yield every frame."""

    @abstractmethod
    def close(self) -> None:
        """Release the file or device."""

    def __enter__(self) -> Source:
        """Open already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
