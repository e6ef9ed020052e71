"""What a clip shows and when: intervals of a CSV, a label topic of a bag, a folder's name."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import pairwise
from pathlib import Path
from typing import Any

from fer_ros.errors import DataError, SourceError
from fer_ros.evaluation.replay.label_names import emotion_names, emotion_of, examples
from fer_ros.sources.bag_reader import open_bag

NS_PER_S = 1_000_000_000
COLUMNS = ('start_s', 'end_s', 'label')
SOURCE = 'source'  # column of a CSV for several clips
# Times in a CSV are rounded to milliseconds, stamps are not.
ROUNDING_NS = 500_000
# Seconds above this are a date, not the place in a clip.
EPOCH_S = 1e8
TOPIC_PREFIX = 'topic:'
FOLDERS = 'folders'

Line = tuple[int, list[str]]  # number and cells of a line


@dataclass(frozen=True, slots=True)
class Interval:
    """One label from its start up to its end, in nanoseconds."""

    start_ns: int
    end_ns: int
    label: str

    def __post_init__(self) -> None:
        """Check the order."""
        if not self.start_ns < self.end_ns:
            raise DataError(
                f'label {self.label!r}: expected an end after the start, found '
                f'{self.start_ns / NS_PER_S:g} to {self.end_ns / NS_PER_S:g} s'
            )


@dataclass(frozen=True, slots=True)
class Labels:
    """Intervals in order, none of which overlaps another.

    :param relative: times count from the clip's first frame; otherwise they are stamps.
    :param source: where they come from, for people to read.
    :param timed: they tell when something begins and ends, not only what a clip shows.
    """

    intervals: tuple[Interval, ...]
    relative: bool = True
    source: str = ''
    timed: bool = True

    def starting_at(self, first_ns: int) -> Labels:
        """Return the same labels as stamps, for a clip whose first frame has this one."""
        if not self.relative:
            return self
        moved = (
            Interval(first_ns + one.start_ns, first_ns + one.end_ns, one.label)
            for one in self.intervals
        )
        return replace(self, intervals=tuple(moved), relative=False)

    def since(self, first_ns: int) -> Labels:
        """Return the same labels as times from the first frame, which has this stamp."""
        if self.relative:
            return self
        moved = (
            Interval(one.start_ns - first_ns, one.end_ns - first_ns, one.label)
            for one in self.intervals
        )
        return replace(self, intervals=tuple(moved), relative=True)

    def at(self, stamp_ns: int) -> str:
        """Return the label of a moment, '' where there is none."""
        index = self.index_at(stamp_ns)
        return self.intervals[index].label if index >= 0 else ''

    def index_at(self, stamp_ns: int) -> int:
        """Return which interval a moment lies in, -1 where in none."""
        moment = stamp_ns + ROUNDING_NS
        index = bisect_right(self.intervals, moment, key=lambda one: one.start_ns) - 1
        return index if index >= 0 and moment < self.intervals[index].end_ns else -1

    def outside(self, first_ns: int, last_ns: int) -> tuple[Interval, ...]:
        """Return the intervals that no frame from first to last lies in."""
        return tuple(
            one
            for one in self.starting_at(first_ns).intervals
            if one.start_ns > last_ns + ROUNDING_NS or one.end_ns <= first_ns + ROUNDING_NS
        )


def read_csv(path: Path, clip: Path | None = None) -> Labels:
    """Read ``start_s,end_s,label``, seconds from the first frame (or dates in seconds).

    :param clip: whose labels are wanted, where a fourth column ``source`` names several clips.
    :raises DataError: what is wrong and in which line.
    """
    header, body = _table(path)
    of = ''
    if clip is not None and SOURCE in header:
        place = header.index(SOURCE)
        names = {clip.name, clip.stem, str(clip)}
        body = [one for one in body if len(one[1]) > place and one[1][place].strip() in names]
        of = f' of {clip.name}'
    labels = _labels(path, header, body)
    if not labels.intervals:
        raise DataError(f'{path}: expected intervals{of} with a label, found none')
    return labels


def read_to_edit(path: Path) -> Labels:
    """Read the CSV of one clip that is about to be written again; it may be empty or not there.

    :raises DataError: it can not be read, or holds what writing one clip's labels would lose.
    """
    if not path.exists() or not path.stat().st_size:
        return Labels(())
    header, body = _table(path)
    if SOURCE in header:
        raise DataError(
            f'{path}: expected the labels of one clip, found those of several (a column '
            f'{SOURCE}), which would be lost: name another file with --out'
        )
    return _labels(path, header, body)


def _table(path: Path) -> tuple[list[str], list[Line]]:
    """Return header and lines of a CSV that has :data:`COLUMNS`."""
    try:
        lines = path.read_text(encoding='utf-8-sig').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, 'strerror', None) or 'bytes that are not UTF-8'
        raise DataError(f'{path}: expected a CSV of labels, found: {reason}') from None
    rows = [(n, line) for n, line in enumerate(lines, 1) if line.strip() and line[0] != '#']
    if not rows:
        raise DataError(f'{path}: expected the columns {",".join(COLUMNS)}, found an empty file')
    cells = list(csv.reader(line for _, line in rows))
    body = [(number, cells) for (number, _), cells in zip(rows, cells)]
    header = [cell.strip().lower() for cell in body[0][1]]
    if header[:1] and _is_number(header[0]):
        header = list(COLUMNS)
    else:
        del body[0]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise DataError(
            f'{path}: expected the columns {",".join(COLUMNS)}, found {",".join(header)}'
        )
    return header, body


def _labels(path: Path, header: Sequence[str], body: Sequence[Line]) -> Labels:
    """Return the intervals that lines tell."""
    places = [header.index(name) for name in COLUMNS]
    found = [_interval(f'{path}: line {number}', cells, places) for number, cells in body]
    intervals = [one for one in found if one is not None]
    relative = min((one.start_ns for one in intervals), default=0) < EPOCH_S * NS_PER_S
    return Labels(disjoint(intervals), relative=relative, source=str(path))


def _interval(where: str, row: Sequence[str], places: Sequence[int]) -> Interval | None:
    """Return one line's interval, None where it says that nothing is labelled."""
    if len(row) <= max(places):
        raise DataError(f'{where}: expected {",".join(COLUMNS)}, found {",".join(row)}')
    start, end, label = (row[place].strip() for place in places)
    if not (_is_number(start) and _is_number(end)):
        raise DataError(f'{where}: expected seconds, found {start!r} and {end!r}')
    try:
        emotion = emotion_of(label)
        span = round(float(start) * NS_PER_S), round(float(end) * NS_PER_S)
        return Interval(*span, emotion) if emotion else None
    except DataError as error:
        raise DataError(f'{where}: {error}') from None


def _is_number(text: str) -> bool:
    try:
        return abs(float(text)) < 1e11
    except ValueError:
        return False


def disjoint(intervals: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return intervals in order without overlaps; neighbours of one label become one.

    Where intervals overlap, the one that started last counts, the shorter of two that started
    together.
    """
    edges = sorted({edge for one in intervals for edge in (one.start_ns, one.end_ns)})
    to_come = sorted(enumerate(intervals), key=lambda one: one[1].start_ns, reverse=True)
    active: list[tuple[int, int, int]] = []  # a heap, the one that counts at its top
    found: list[Interval] = []
    for start_ns, end_ns in pairwise(edges):
        while to_come and to_come[-1][1].start_ns == start_ns:
            index, one = to_come.pop()
            heappush(active, (-one.start_ns, one.end_ns, index))
        while active and active[0][1] <= start_ns:
            heappop(active)
        if not active:
            continue
        label = intervals[active[0][2]].label
        if found and (found[-1].end_ns, found[-1].label) == (start_ns, label):
            start_ns = found.pop().start_ns
        found.append(Interval(start_ns, end_ns, label))
    return tuple(found)


def read_topic(bag_path: Path, topic: str) -> Labels:
    """Read a topic of a bag whose messages hold a label until the next one comes.

    Text (``std_msgs/String``), or ``hri_msgs/Expression``; an empty text ends a label. Times are
    the header's stamps, or those of recording where a message has none.

    :raises SourceError: the bag or the topic is not there; says which topics are.
    """
    bag = open_bag(bag_path)
    try:
        if topic not in bag.topics:
            have = ', '.join(f'{n} ({t.type})' for n, t in sorted(bag.topics.items())) or 'none'
            raise SourceError(f"{bag_path}: expected labels on '{topic}', found topics: {have}")
        moments = [
            (_stamp_ns(message, recorded.log_ns), emotion_of(_text(message, topic)))
            for recorded in bag.messages([topic])
            for message in (bag.decode(recorded),)
        ]
        end_ns = bag.end_ns + NS_PER_S // 10  # the last label lasts until the bag's end
    finally:
        bag.close()
    moments.sort(key=lambda moment: moment[0])
    ends = [stamp_ns for stamp_ns, _ in moments[1:]] + [end_ns]
    intervals = [
        Interval(start_ns, stop_ns, label)
        for (start_ns, label), stop_ns in zip(moments, ends)
        if label and start_ns < stop_ns
    ]
    return Labels(disjoint(intervals), relative=False, source=f'{bag_path}: {topic}')


def _text(message: Any, topic: str) -> str:
    """Return the label that a message holds."""
    for name in ('data', 'expression', 'label'):
        text = getattr(message, name, None)
        if isinstance(text, str):
            return text
    raise DataError(f'{topic}: expected messages with a text (std_msgs/String), found others')


def _stamp_ns(message: Any, log_ns: int) -> int:
    header = getattr(message, 'header', None)
    if header is None:
        return log_ns
    return int(header.stamp.sec * NS_PER_S + header.stamp.nanosec) or log_ns


def of_folder(path: Path) -> Labels:
    """Return the name of the nearest folder above a clip that names an emotion, for all of it.

    :raises DataError: none does.
    """
    for folder in path.absolute().parents:
        emotion = emotion_names().get(folder.name.lower())
        if emotion is not None:
            whole = Interval(-NS_PER_S, 10**9 * NS_PER_S, emotion)
            return Labels((whole,), source=str(folder), timed=False)
    raise DataError(
        f'{path}: expected a folder above it that is called like an emotion, such as '
        f'{", ".join(examples())}, found none'
    )


def labels_for(spec: str, clip: Path) -> Labels:
    """Return the labels of one clip.

    :param spec: a CSV; a folder of CSVs that are called like the clips; ``topic:/name`` of the
        bag itself; or ``folders``, which takes the name of the folder that the clip lies in.
    :raises DataError: there are none, or they can not be read.
    """
    if spec == FOLDERS:
        return of_folder(clip)
    if spec.startswith(TOPIC_PREFIX):
        return read_topic(clip, spec.removeprefix(TOPIC_PREFIX))
    return read_csv(csv_of(spec, clip), clip)


def csv_of(spec: str, clip: Path) -> Path:
    """Return the CSV that a file or folder means for a clip."""
    path = Path(spec).expanduser()
    return path / f'{clip.stem}.csv' if path.is_dir() else path
