"""What a replay leaves behind: messages, table, summary and report, whole or in part.

Messages go to segments in a hidden folder ``.parts`` and are joined at the end, so that a run
that was interrupted, even by a power cut, goes on behind its last whole segment.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_ros.evaluation.recorder import ResultsBag, join_bags
from fer_ros.evaluation.replay.chapter import Judged
from fer_ros.evaluation.replay.keep import Thinned, Worst
from fer_ros.evaluation.replay.labels import Labels
from fer_ros.evaluation.replay.scores import (
    Answers,
    AnswerSheet,
    Events,
    LabelScores,
    MainFace,
    events,
    score,
)
from fer_ros.evaluation.replay.table import Table, to_parquet
from fer_ros.evaluation.report import write_report
from fer_ros.evaluation.results import FrameRow, Health, event_row, frame_row, told
from fer_ros.evaluation.summary import Tally
from fer_ros.types import ExpressionEvent, Frame

PARTS = '.parts'
MAX_COMPLAINTS = 5  # of labels outside the source


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of one source.

    :param summary: as in ``summary.json``.
    :param said, events: of its labelled frames, to be joined with other clips'; None without.
    """

    summary: dict[str, Any]
    said: Answers | None = None
    events: Events | None = None


class Notebook:
    """Takes a source's results as they come and keeps a bounded amount of them."""

    def __init__(self, labels: Labels | None, *, keep_crops: bool = False) -> None:
        """Begin with nothing; times of labels may count from the first frame."""
        self.tally = Tally()
        self.rows: Thinned[FrameRow] = Thinned()
        self.worst = Worst(keep_crops=keep_crops)
        self.labels = labels
        self.first_ns = 0
        self.last_ns = 0
        self._main = MainFace()
        self._events: dict[tuple[str, int], ExpressionEvent] = {}
        self._sheet: AnswerSheet | None = None

    def add(self, frame: Frame, row: FrameRow) -> str:
        """Take a frame's result; return its label, or ''."""
        if not self.tally.frames:
            self._begin(frame.stamp_ns)
        self.last_ns = frame.stamp_ns
        self.tally.add(row)
        self.rows.add(row)
        if self._sheet is None or self.labels is None:
            return ''
        face = self._main.of(row.faces)
        label = self._sheet.add(frame.stamp_ns, face)
        if label and face is not None and face.expression != label:
            self.worst.add(frame, face, label, self.labels.index_at(frame.stamp_ns))
        return label

    def add_event(self, event: ExpressionEvent) -> None:
        """Take an event; what it tells replaces what was told of the same expression."""
        self._events[event.face_id, event.onset_ns] = event

    @property
    def events(self) -> list[ExpressionEvent]:
        """Each expression once, by its onset."""
        return told(self._events.values())

    def _begin(self, first_ns: int) -> None:
        self.first_ns = first_ns
        if self.labels is not None:
            self.labels = self.labels.starting_at(first_ns)
            self._sheet = AnswerSheet(self.labels)

    def judged(self) -> tuple[Answers, Events] | None:
        """Return what was said in the labelled frames, None where there are no labels."""
        if self._sheet is None or self.labels is None:
            return None
        theirs = [event for event in self.events if event.face_id in self._main.followed]
        found = events(theirs, self.labels, self.first_ns, self.last_ns)
        return self._sheet.close(), found

    def complaints(self) -> list[str]:
        """Return what is wrong with the labels, a line each."""
        if self.labels is None or not self.tally.frames:
            return []
        lines = []
        outside = self.labels.outside(self.first_ns, self.last_ns)
        for one in outside[:MAX_COMPLAINTS]:
            start_s, end_s = ((t - self.first_ns) / 1e9 for t in (one.start_ns, one.end_ns))
            lines.append(
                f'labels: expected intervals within the {self.seconds:.2f} s of the source, found '
                f'{one.label} from {start_s:.2f} to {end_s:.2f} s, which has no frame'
            )
        if len(outside) > MAX_COMPLAINTS:
            lines.append(f'labels: {len(outside) - MAX_COMPLAINTS} more intervals have no frame')
        return lines

    @property
    def seconds(self) -> float:
        """From the first frame to the last."""
        return (self.last_ns - self.first_ns) / 1e9


class ReplayFiles:
    """Writes a replay's files into a folder, or none where there is no folder."""

    def __init__(self, folder: Path | None, typestore: Any, notebook: Notebook) -> None:
        """Begin anew; :meth:`resume` goes on instead."""
        self.notebook = notebook
        self.segments = 0
        self._folder = folder
        self._typestore = typestore
        self._bag: ResultsBag | None = None
        self._table: Table | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(folder / PARTS, ignore_errors=True)
            (folder / PARTS).mkdir()
            self._table = Table(folder / PARTS / 'results.csv')

    def message(self, topic: str, typename: str, data: bytes, stamp_ns: int) -> None:
        """Keep a message."""
        if self._folder is None:
            return
        if self._bag is None:
            self._bag = ResultsBag(self._segment(self.segments), self._typestore)
        self._bag.write(topic, typename, data, stamp_ns)

    def expressions(self, frame: Frame, message: Any) -> None:
        """Keep a frame's result."""
        row = frame_row(message)
        label = self.notebook.add(frame, row)
        if self._table is not None:
            self._table.add(row, self.notebook.first_ns, label)

    def event(self, message: Any) -> None:
        """Keep an event."""
        self.notebook.add_event(event_row(message))

    def save(self) -> dict[str, Any]:
        """End the segment at hand and return what :meth:`resume` needs."""
        if self._bag is not None:
            self._bag.close()
            self._bag = None
            self.segments += 1
        return {
            'notebook': self.notebook,
            'segments': self.segments,
            'table_bytes': self._table.flush() if self._table is not None else 0,
        }

    @classmethod
    def resume(cls, folder: Path, typestore: Any, saved: Mapping[str, Any]) -> ReplayFiles:
        """Go on behind the last whole segment."""
        files = cls.__new__(cls)
        files.notebook = saved['notebook']
        files.segments = saved['segments']
        files._folder = folder
        files._typestore = typestore
        files._bag = None
        files._table = Table(folder / PARTS / 'results.csv', resume_at=saved['table_bytes'])
        return files

    def finish(
        self,
        health: Health,
        *,
        frames: int,
        about: Mapping[str, Any],
        notes: Sequence[str],
        complete: bool,
    ) -> Outcome:
        """Write what is left.

        :param frames: how many the source gave.
        :param about: what the summary says of the run beside its figures.
        :param notes: a line for each thing that people should know.
        :param complete: nothing is left to do; otherwise the parts stay, to go on from.
        """
        notebook = self.notebook
        self.save()
        judged = notebook.judged()
        scores = score(*judged) if judged else None
        complaints = [*notes, *notebook.complaints(), *_gaps(scores, notebook.tally)]
        summary = {
            **(scores.to_dict() if scores else {}),
            **notebook.tally.summary(health, frames=frames, events=notebook.events),
            **about,
            'notes': complaints,
            'complete': complete,
        }
        del summary['drops']['unheard']  # there is no middleware that could lose one
        if self._table is not None:
            self._table.close()
        if self._folder is not None:
            self._write(self._folder, summary, scores, complete=complete)
        return Outcome(summary, *(judged or (None, None)))

    def _write(
        self,
        folder: Path,
        summary: Mapping[str, Any],
        scores: LabelScores | None,
        *,
        complete: bool,
    ) -> None:
        """Join the segments, and write table, report and, at last, the summary."""
        parts = [self._segment(index) for index in range(self.segments)]
        join_bags(parts, folder / 'results.mcap', self._typestore)
        shutil.copyfile(folder / PARTS / 'results.csv', folder / 'results.csv')
        to_parquet(folder / 'results.csv', folder / 'results.parquet')
        notebook = self.notebook
        judged = (
            Judged(scores, notebook.labels, tuple(notebook.worst.top()))
            if scores is not None and notebook.labels is not None
            else None
        )
        write_report(folder / 'report.html', notebook.rows.items, summary, notebook.events, judged)
        write_json(folder / 'summary.json', summary)
        if complete:
            shutil.rmtree(folder / PARTS)

    def _segment(self, index: int) -> Path:
        assert self._folder is not None, 'segments lie in the folder'
        return self._folder / PARTS / f'{index:04d}.mcap'


def write_json(path: Path, content: Any) -> None:
    """Write a file that is whole or not there."""
    partial = path.with_name(f'.{path.name}')
    partial.write_text(json.dumps(content, indent=2, allow_nan=False) + '\n', encoding='utf-8')
    partial.replace(path)


def _gaps(scores: LabelScores | None, tally: Tally) -> list[str]:
    """Return what is missing for the figures to mean something, a line each."""
    lines = []
    if not tally.frames:
        lines.append('expected frames to recognise, found none; no figure is given')
    elif not tally.people_seen:
        lines.append('expected a face, found none in any frame')
    if scores is not None and not scores.frames:
        lines.append('labels: expected labelled frames, found none; no score is given')
    return lines


def read_json(path: Path) -> dict[str, Any] | None:
    """Return what :func:`write_json` wrote, None where there is nothing of the kind."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
