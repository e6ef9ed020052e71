"""What was published against what a clip's labels say, frame by frame and event by event."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fer_ros.evaluation.metrics import (
    Event,
    EventIndex,
    EventScores,
    Reliability,
    accuracy,
    confusion,
    event_scores,
    found_only,
    mean_known,
    recall,
    reliability,
)
from fer_ros.evaluation.plain import to_plain
from fer_ros.evaluation.replay.labels import ROUNDING_NS, Labels
from fer_ros.evaluation.results import FaceRow
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import ExpressionEvent

TOLERANCE_NS = 500_000_000  # of events, as in metrics.event_scores
NEUTRAL = 'neutral'
CLASSES = len(EMOTIONS)
_INDEX = {name: index for index, name in enumerate(EMOTIONS)}
# Another face is followed only where it is clearly the larger one.
LARGER = 1.5


class MainFace:
    """Whom a clip's labels speak of: the largest face, the same one while it is seen."""

    def __init__(self) -> None:
        """Follow nobody yet."""
        self.followed: set[str] = set()
        self._face_id = ''

    def of(self, faces: Sequence[FaceRow]) -> FaceRow | None:
        """Return the face of this frame, None where no face is seen."""
        if not faces:
            return None
        largest = max(faces, key=_area)
        followed = next((face for face in faces if face.face_id == self._face_id), largest)
        chosen = largest if _area(largest) > LARGER * _area(followed) else followed
        self._face_id = chosen.face_id
        self.followed.add(chosen.face_id)
        return chosen


def _area(face: FaceRow) -> float:
    xmin, ymin, xmax, ymax = face.roi
    return (xmax - xmin) * (ymax - ymin)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was said in the labelled frames of one or more clips; a miss is -1, and wrong.

    :param answers: (N,) class of the published label.
    :param labels: (N,) class of the true one.
    :param spans: (N,) which interval each frame lies in.
    :param probabilities: (N, K) published distribution; NaN where no face was seen.
    """

    answers: Any
    labels: Any
    spans: Any
    probabilities: Any

    @classmethod
    def joined(cls, parts: Sequence[Answers]) -> Answers:
        """Return several clips as one; their intervals stay apart."""
        offsets = np.cumsum([0, *(int(part.spans.max(initial=-1)) + 1 for part in parts)])
        return cls(
            np.concatenate([part.answers for part in parts]),
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.spans + offset for part, offset in zip(parts, offsets)]),
            np.concatenate([part.probabilities for part in parts]),
        )


class AnswerSheet:
    """Takes a clip's frames as they come; about 50 bytes for each labelled one."""

    def __init__(self, labels: Labels) -> None:
        """Take labels whose times are stamps."""
        self._labels = labels
        self._answers = array('b')
        self._truth = array('b')
        self._spans = array('i')
        self._probabilities = array('f')

    def add(self, stamp_ns: int, face: FaceRow | None) -> str:
        """Take a frame's main face; return the true label, '' where there is none."""
        span = self._labels.index_at(stamp_ns)
        if span < 0:
            return ''
        label = self._labels.intervals[span].label
        self._answers.append(_INDEX.get(face.expression, -1) if face else -1)
        self._truth.append(_INDEX[label])
        self._spans.append(span)
        shares = dict(zip(face.labels, face.probabilities)) if face else {}
        missing = 0.0 if face else math.nan
        self._probabilities.extend(shares.get(name, missing) for name in EMOTIONS)
        return label

    def close(self) -> Answers:
        """Return what was said."""
        return Answers(
            np.array(self._answers, np.int64),
            np.array(self._truth, np.int64),
            np.array(self._spans, np.int64),
            np.array(self._probabilities, np.float32).reshape(-1, CLASSES),
        )


@dataclass(frozen=True, slots=True)
class Events:
    """Onsets and ends of expressions that were found, and those that were labelled.

    What lies at the clip's edges may be found or not: whether an expression begins in the first
    frame or before it, nobody sees. What is found where nothing is labelled counts only beside a
    labelled event: annotators leave out the moments in which an expression comes and goes.
    """

    found: tuple[Event, ...]
    labelled: tuple[Event, ...]

    def scores(self) -> EventScores:
        """Match them within :data:`TOLERANCE_NS`."""
        return event_scores(self.found, self.labelled, TOLERANCE_NS)


def events(told: Sequence[ExpressionEvent], labels: Labels, first_ns: int, last_ns: int) -> Events:
    """Return the events of a clip from first to last frame.

    :param told: each expression once, as it was last told.
    :param labels: their times are stamps.
    """
    labelled: list[Event] = []
    at_edges: list[Event] = []
    if not labels.timed:
        return Events((), ())
    for one in labels.intervals:
        if one.label == NEUTRAL:
            continue
        starts_before = one.start_ns <= first_ns + ROUNDING_NS
        ends_after = one.end_ns > last_ns
        pair = (
            _onset(one.label, max(one.start_ns, first_ns)),
            _end(one.label, min(one.end_ns, last_ns)),
        )
        for event, is_edge in zip(pair, (starts_before, ends_after)):
            (at_edges if is_edge else labelled).append(event)
    known, edges = EventIndex(labelled), EventIndex(at_edges)
    counted = [
        event
        for event in _boundaries(told)
        if known.near(event, TOLERANCE_NS)
        or (_counts(event, labels) and not edges.near(event, TOLERANCE_NS))
    ]
    return Events(tuple(counted), tuple(labelled))


def _onset(label: str, stamp_ns: int) -> Event:
    return Event(stamp_ns, f'{label} onset')


def _end(label: str, stamp_ns: int) -> Event:
    return Event(stamp_ns, f'{label} end')


def _boundaries(told: Sequence[ExpressionEvent]) -> Iterator[Event]:
    """Yield onset and end of each expression; one that lasts has no end.

    Where a clip ends before an expression is over, its fading is the end.
    """
    for one in told:
        yield _onset(one.label, one.onset_ns)
        end_ns = one.offset_ns if one.end_ns is None else one.end_ns
        if end_ns is not None:
            yield _end(one.label, end_ns)


def _counts(event: Event, labels: Labels) -> bool:
    """Tell whether its moment is labelled, or lies at the end of what is."""
    shifts = (0, -2 * ROUNDING_NS)
    return any(labels.index_at(event.stamp_ns + shift) >= 0 for shift in shifts)


@dataclass(frozen=True, slots=True, eq=False)
class LabelScores:
    """Figures of labelled frames, shares 0..1; NaN where there is nothing to count.

    :param frames: labelled frames; what is not labelled counts nowhere.
    :param missed: those of them without a face, wrong in WAR and UAR.
    :param aligned_only: WAR of the frames with a face.
    :param flips_per_frame: label changes that no label asks for, per frame with a face: within
        an interval every change but the one that arrives at its label.
    :param counts: labelled frames of each emotion.
    :param changes_per_frame: all label changes within intervals.
    """

    frames: int
    missed: int
    WAR: float
    UAR: float
    aligned_only: float
    counts: Mapping[str, int]
    recall: Mapping[str, float]
    confusion: Any
    calibration: Reliability
    flips_per_frame: float
    changes_per_frame: float
    events: EventScores
    events_found: int
    events_labelled: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; null where there is nothing to count."""
        figures = {
            'WAR': self.WAR,
            'UAR': self.UAR,
            'flips_per_frame': self.flips_per_frame,
            'event_precision': self.events.precision,
            'event_recall': self.events.recall,
            'event_timing_error_ms': self.events.timing_error_ms,
            'event_delay_ms': self.events.delay_ms,
            'events_found': self.events_found,
            'events_labelled': self.events_labelled,
            'labelled_frames': self.frames,
            'missed_frames': self.missed,
            'WAR_of_seen': self.aligned_only,
            'changes_per_frame': self.changes_per_frame,
            'ECE': self.calibration.error if self.frames > self.missed else math.nan,
            'recall': dict(self.recall),
            'not_labelled': [name for name, count in self.counts.items() if not count],
            'confusion': {
                'labels': list(EMOTIONS),
                'rows_true_columns_said': self.confusion.tolist(),
            },
        }
        plain: dict[str, Any] = to_plain(figures)
        return plain


def score(said: Answers, found: Events) -> LabelScores:
    """Return the figures of one clip or of several that were joined."""
    answers, labels = said.answers, said.labels
    recalls = recall(answers, labels, CLASSES)
    flips, changes = _changes(said)
    seen = int((answers >= 0).sum())
    frames = len(labels)
    return LabelScores(
        frames=frames,
        missed=frames - seen,
        WAR=accuracy(answers, labels) if frames else math.nan,
        UAR=mean_known(recalls) if frames else math.nan,
        aligned_only=accuracy(answers, found_only(answers, labels)) if seen else math.nan,
        counts=dict(zip(EMOTIONS, np.bincount(labels, minlength=CLASSES).tolist())),
        recall=dict(zip(EMOTIONS, recalls.tolist())),
        confusion=confusion(answers, labels, CLASSES),
        calibration=reliability(said.probabilities, labels),
        flips_per_frame=flips / seen if seen else math.nan,
        changes_per_frame=changes / seen if seen else math.nan,
        events=found.scores(),
        events_found=len(found.found),
        events_labelled=len(found.labelled),
    )


def _changes(said: Answers) -> tuple[int, int]:
    """Return label changes within intervals: those that no label asks for, and all."""
    flips = changes = 0
    order = np.argsort(said.spans, kind='stable')
    edges = np.flatnonzero(np.diff(said.spans[order])) + 1
    for here in np.split(order, edges):
        seen = here[said.answers[here] >= 0]
        answers = said.answers[seen]
        if not len(answers):
            continue
        wanted = said.labels[seen][0]
        new = answers[1:][answers[1:] != answers[:-1]]
        arrives = bool(answers[0] != wanted and (new == wanted).any())
        changes += len(new)
        flips += len(new) - arrives
    return flips, changes
