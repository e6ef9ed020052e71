"""What every source of frames is: a description, frames in order, and what went wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType

from fer_ros.errors import DataError
from fer_ros.taxonomy import DropReason
from fer_ros.types import CameraIntrinsics, Frame

NS_PER_S = 1_000_000_000
# TF frame of a camera that does not name its own; z looks forward (REP-103).
FRAME_ID = 'camera_optical_frame'


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source before its frames are read.

    :param name: what it was opened by, without folders.
    :param width: pixels, of the first frame.
    :param height: pixels, of the first frame.
    :param fps: nominal rate in frames per second, or None.
    :param frames: how many there are, or None where only reading tells.
    :param frame_id: TF frame of the first frame.
    :param topic: the bag's topic that is read, or ''.
    :param topics: every image topic of the bag.
    """

    name: str
    width: int
    height: int
    fps: float | None
    frames: int | None
    frame_id: str
    topic: str = ''
    topics: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check size, rate and count."""
        if self.width <= 0 or self.height <= 0:
            raise DataError(
                f'SourceInfo: expected a positive size, found {self.width}x{self.height}'
            )
        if self.fps is not None and not self.fps > 0:
            raise DataError(f'SourceInfo.fps: expected a positive rate or None, found {self.fps}')
        if self.frames is not None and self.frames < 0:
            raise DataError(f'SourceInfo.frames: expected 0 or more, found {self.frames}')


class Source(ABC):
    """Frames with their true stamps, in order; iterate again to read them again.

    Frames that can not be decoded are skipped and counted in :attr:`broken`; what a user should
    know of the last reading (a file that ends too early, broken frames) is in :attr:`notes`.
    ``len`` tells the frames where they are known.
    """

    def __init__(self, info: SourceInfo, intrinsics: CameraIntrinsics | None = None) -> None:
        """Take the description, and the camera's intrinsics where the source has them."""
        self._info = info
        self._intrinsics = intrinsics
        self._broken: list[str] = []
        self._reasons: Counter[str] = Counter()
        self._notes: list[str] = []

    @property
    def info(self) -> SourceInfo:
        """What was known when it was opened."""
        return self._info

    @property
    def intrinsics(self) -> CameraIntrinsics | None:
        """The camera's calibration, where the source brings one."""
        return self._intrinsics

    @property
    def broken(self) -> int:
        """Frames of this reading that could not be decoded."""
        return len(self._broken)

    @property
    def reasons(self) -> Counter[str]:
        """The same by the reason that a live node would count (:class:`DropReason`)."""
        return self._reasons.copy()

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each thing that was wrong in this reading."""
        if not self._broken:
            return tuple(self._notes)
        count = len(self._broken)
        first = f'{count} broken frame{"s" * (count > 1)} skipped; the first: {self._broken[0]}'
        return (first, *self._notes)

    def __iter__(self) -> Iterator[Frame]:
        """Read from the beginning."""
        self._broken.clear()
        self._reasons.clear()
        self._notes.clear()
        return self._read()

    @abstractmethod
    def _read(self) -> Iterator[Frame]:
        """Yield the frames, report broken ones to ``_skip`` and the rest to ``_note``."""

    def _skip(self, error: DataError) -> None:
        """Count a frame that can not be decoded."""
        self._broken.append(str(error))
        self._reasons[getattr(error, 'reason', DropReason.BAD_DATA.value)] += 1

    def _note(self, line: str) -> None:
        """Keep a line for the user."""
        self._notes.append(line)

    def __len__(self) -> int:
        if self._info.frames is None:
            raise TypeError(f'the number of frames of {self._info.name} is not known')
        return self._info.frames

    def __bool__(self) -> bool:
        """A source is something, however many frames it has."""
        return True

    def close(self) -> None:  # noqa: B027 (most sources hold nothing open)
        """Let go of files and devices; idempotent."""

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
