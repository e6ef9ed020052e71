"""What a run leaves behind: annotated video, results, report and summary."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fer_ros.errors import DataError
from fer_ros.evaluation.annotate import annotate
from fer_ros.evaluation.recorder import ResultsBag
from fer_ros.evaluation.replay.files import write_json
from fer_ros.evaluation.report import write_report
from fer_ros.evaluation.results import (
    NO_HEALTH,
    FrameRow,
    Health,
    event_row,
    frame_row,
    health,
)
from fer_ros.evaluation.summary import summarise
from fer_ros.evaluation.video import AnnotatedVideo
from fer_ros.types import ExpressionEvent, Float32, Frame

MAX_PENDING = 90  # frames that wait for their result: three seconds at 30 Hz


class RunFiles:
    """Takes what is heard in a run and writes its files into one folder."""

    def __init__(self, folder: Path, typestore: Any, *, source: str, fps: float) -> None:
        """Begin the files; ``fps`` is the video's."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.rows: list[FrameRow] = []
        self.events: list[ExpressionEvent] = []
        self.health: Health = NO_HEALTH
        self.health_count = 0
        self.frames = 0
        self._first_ns: int | None = None
        self._source = source
        self._video = AnnotatedVideo(folder / 'annotated.mp4', fps)
        self._bag = ResultsBag(folder / 'results.mcap', typestore)
        self._pending: deque[Frame] = deque()
        self._landmarks: dict[int, dict[str, Float32]] = {}

    def message(self, topic: str, typename: str, data: bytes, stamp_ns: int) -> None:
        """Keep a message."""
        self._bag.write(topic, typename, data, stamp_ns)

    def frame(self, frame: Frame) -> None:
        """Keep an image until its result is there."""
        self.frames += 1
        if self._first_ns is None:
            self._first_ns = frame.stamp_ns
        self._pending.append(frame)
        if len(self._pending) > MAX_PENDING:
            self._draw(self._pending.popleft())

    def expressions(self, message: Any) -> None:
        """Keep a result, and draw the frames before it: by now their landmarks have come too."""
        row = frame_row(message)
        while self._pending and self._pending[0].stamp_ns < row.stamp_ns:
            self._draw(self._pending.popleft())
        self.rows.append(row)
        # Landmarks of this frame may still come, those of earlier ones are drawn.
        for stamp_ns in [stamp_ns for stamp_ns in self._landmarks if stamp_ns < row.stamp_ns]:
            del self._landmarks[stamp_ns]

    def event(self, message: Any) -> None:
        """Keep an event."""
        self.events.append(event_row(message))

    def landmarks(self, face_id: str, stamp_ns: int, shares: Float32) -> None:
        """Keep the landmarks of a face in the image of that stamp."""
        self._landmarks.setdefault(stamp_ns, {})[face_id] = shares

    def diagnostics(self, message: Any) -> None:
        """Keep the newest diagnostics."""
        found = health(message)
        if found is not None:
            self.health = found
            self.health_count += 1

    def finish(self) -> dict[str, Any]:
        """Write what is left, and return the summary.

        :raises DataError: there is no room for all of it; what found some is kept.
        """
        while self._pending:
            self._draw(self._pending.popleft())
        summary = summarise(self.rows, self.health, frames=self.frames, events=self.events)
        summary['source'] = self._source
        refusals = [
            self._refusal(write)
            for write in (
                lambda: write_json(self.folder / 'summary.json', summary),
                lambda: write_report(self.folder / 'report.html', self.rows, summary, self.events),
                self._bag.close,
                self._video.close,
            )
        ]
        if refusals[2]:
            self._bag.keep_part()
        if any(refusals):
            raise DataError(
                f'{self.folder}: expected room for the results, found: '
                f'{next(filter(None, refusals))}; what could be written is kept'
            )
        return summary

    def _refusal(self, write: Callable[[], None]) -> str:
        """Write something; return why it could not be written, or ''."""
        try:
            write()
        except OSError as error:
            return error.strerror or str(error)
        return ''

    def _draw(self, frame: Frame) -> None:
        """Append a frame to the video with the newest result."""
        row = self.rows[-1] if self.rows else None
        faces = row.faces if row else ()
        latency = f'{row.latency_ms:.0f} ms' if row else 'no result yet'
        seconds = (frame.stamp_ns - (self._first_ns or 0)) / 1e9
        status = f'{seconds:.2f} s   faces: {len(faces)}   {latency}'
        landmarks = self._landmarks.get(row.stamp_ns, {}) if row else {}
        self._video.write(annotate(frame, faces, landmarks, status), frame.stamp_ns)
