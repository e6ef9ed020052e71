"""How much a temporal model is worth: on composed clips, beside what is simpler.

Accuracy counts the frames whose truth is beyond doubt: at rest, or at four fifths of the peak and
more. Flips are counted on clips that never change. An onset's delay is the time from the first
frame that the static model gets right to the first that the method does. Timing errors are those
of the stamps in events, each told event against the one true event that it overlaps.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment import Landmarker
from fer_ros.evaluation.baselines import FewerLooks, FrameByFrame, MajorityVote, MovingAverage
from fer_ros.evaluation.compositions import Composition, Progress, compose, load_gallery
from fer_ros.evaluation.courses import Course
from fer_ros.evaluation.metrics import accuracy, flips, mean_recall
from fer_ros.evaluation.plain import to_plain
from fer_ros.evaluation.results import told
from fer_ros.recognition.static import StaticRecogniser
from fer_ros.recognition.temporal import Observation, Temporal, TemporalFilter
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Expression, ExpressionEvent

NS_PER_S = 1_000_000_000
CLIPS, SEED = 400, 7
VOTES_S = (0.2, 0.3, 0.5, 1.0)
AVERAGES_S = (0.1, 0.2, 0.4)
_REST, _SHOWN = 0.02, 0.8
_FACE = 'face'
_KINDS = ('onset', 'apex', 'offset', 'end')

Answers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What a method said of one clip.

    :param labels: (T,) told in each frame.
    :param events: each expression once, as it was last told.
    """

    labels: Answers
    events: tuple[ExpressionEvent, ...]


@dataclass(frozen=True, slots=True)
class MethodFigures:
    """One row of the table; shares 0..1, NaN where nothing could be counted.

    :param accuracy: of the labels in frames whose truth is beyond doubt.
    :param uar: mean recall of the emotions in those.
    :param clip_accuracy: of the longest event's label a clip, neutral where there is none.
    :param flips: label changes a frame while nothing happens.
    :param delay_ms, delay_ms_p90: of onsets, against the static model.
    :param precision, recall: of events: told ones that were there, true ones that were told.
    :param timing_ms: median absolute error of every stamp of the events that were found.
    :param stamps_ms: the same by kind of stamp.
    """

    accuracy: float
    uar: float
    clip_accuracy: float
    flips: float
    delay_ms: float
    delay_ms_p90: float
    precision: float
    recall: float
    timing_ms: float
    stamps_ms: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TemporalReport:
    """All methods on the same clips.

    :param methods: by name; ``model`` is the one that is measured.
    :param gain_points: the model's accuracy above the best majority vote's, in points.
    :param ms_per_face: of the model, one face a call.
    """

    clips: int
    frames: int
    model: str
    methods: Mapping[str, MethodFigures]
    gain_points: float
    ms_per_face: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; null where nothing could be counted."""
        return dict(to_plain(self, 4))

    def to_text(self) -> str:
        """Return the table as Markdown."""
        heads = (
            'method', 'accuracy', 'UAR', 'clips', 'flips', 'delay ms', 'p90', 'precision',
            'recall', 'timing ms', *_KINDS,
        )  # fmt: skip
        rows = [_cells(name, one) for name, one in self.methods.items()]
        lines = [heads, ('---',) * len(heads), *rows]
        return '\n'.join(f'| {" | ".join(line)} |' for line in lines) + (
            f'\n\n{self.clips} clips, {self.frames} frames; {self.model}: '
            f'{self.gain_points:+.1f} points over the best vote, {self.ms_per_face:.3f} ms a face'
        )


def evaluate_temporal(
    npz: Path,
    recogniser: StaticRecogniser,
    landmarker: Landmarker,
    model: Temporal,
    *,
    name: str = 'model',
    clips: int = CLIPS,
    seed: int = SEED,
    progress: Progress | None = None,
) -> TemporalReport:
    """Compose clips of a set's faces and measure a model and what is simpler.

    :param npz: voted faces that the model was not trained on.
    :param seed: of the draw of faces and of their courses.
    """
    composed = list(
        compose(load_gallery(npz), recogniser, landmarker, clips, seed=seed, progress=progress)
    )
    return compare(composed, model, name)


def compare(clips: Sequence[Composition], model: Temporal, name: str) -> TemporalReport:
    """Measure a model and what is simpler on composed clips."""
    votes = {f'vote {window:g} s': MajorityVote(window) for window in VOTES_S}
    methods: dict[str, Temporal] = {
        'frame by frame': FrameByFrame(),
        **votes,
        **{f'EMA {constant:g} s': MovingAverage(constant) for constant in AVERAGES_S},
        'filter': TemporalFilter(),
        'model': model,
        'model, fewer looks': FewerLooks(model),
    }
    figures = {key: measure(clips, method) for key, method in methods.items()}
    best = max(figures[key].accuracy for key in votes)
    return TemporalReport(
        clips=len(clips),
        frames=sum(len(clip.stamps_ns) for clip in clips),
        model=name,
        methods=figures,
        gain_points=100.0 * (figures['model'].accuracy - best),
        ms_per_face=_ms_per_face(clips[0], model),
    )


def measure(clips: Sequence[Composition], method: Temporal) -> MethodFigures:
    """Return one method's figures."""
    followed = [follow(clip, method) for clip in clips]
    pairs = list(zip(clips, followed))
    answers = np.concatenate([one.labels[_settled(clip)] for clip, one in pairs])
    truth = np.concatenate([_truth(clip)[_settled(clip)] for clip, _ in pairs])
    still = [one.labels for clip, one in pairs if not clip.course.moves]
    changes = sum(flips(labels.tolist()) for labels in still)
    delays = [delay for clip, one in pairs if (delay := _delay_ms(clip, one)) is not None]
    errors, found, matched, there = _event_errors(pairs)
    every = [error for kind in _KINDS for error in errors[kind]]
    right = [_clip_answer(one) == _shown(clip.course) for clip, one in pairs]
    return MethodFigures(
        accuracy=accuracy(answers, truth),
        uar=mean_recall(answers, truth, len(EMOTIONS)),
        clip_accuracy=_mean(right),
        flips=changes / max(sum(len(labels) - 1 for labels in still), 1),
        delay_ms=_percentile(delays, 50),
        delay_ms_p90=_percentile(delays, 90),
        precision=matched / found if found else float('nan'),
        recall=matched / there if there else float('nan'),
        timing_ms=_percentile(every, 50),
        stamps_ms={kind: _percentile(errors[kind], 50) for kind in _KINDS},
    )


def follow(clip: Composition, method: Temporal) -> Followed:
    """Let a method follow one clip from a fresh start."""
    method.reset()
    labels: list[int] = []
    events: list[ExpressionEvent] = []
    for seen in _observations(clip):
        (state,) = method.update_all([seen])
        labels.append(EMOTIONS.index(state.label))
        events += state.events
    events += method.forget([_FACE])
    return Followed(np.array(labels, np.int64), tuple(told(events)))


def _observations(clip: Composition) -> list[Observation]:
    rows = zip(clip.stamps_ns, clip.probabilities, clip.quality.tolist())
    return [
        Observation(
            _FACE,
            Expression(EMOTIONS, shares, 0.0, 0.0, float(shares.max()), ('composed',)),
            weight,
            stamp_ns,
        )
        for stamp_ns, shares, weight in rows
    ]


def _shown(course: Course) -> int:
    return course.label if course.peak > 0 else 0


def _truth(clip: Composition) -> Answers:
    """Return (T,) true labels: the emotion from half of its peak on."""
    shows = (clip.strength >= 0.5 * clip.course.peak) & (clip.course.peak > 0)
    return np.where(shows, clip.course.label, 0)


def _settled(clip: Composition) -> NDArray[np.bool_]:
    """Return (T,) whether a frame's truth is beyond doubt."""
    strength, peak = clip.strength, clip.course.peak
    return (strength <= _REST) | (strength >= _SHOWN * peak)


def _delay_ms(clip: Composition, one: Followed) -> float | None:
    """Return how much later than the static model an onset is told; None where it never is."""
    if not clip.course.moves:
        return None
    label = clip.course.label
    first = np.flatnonzero(clip.probabilities.argmax(axis=1) == label)
    told_first = np.flatnonzero(one.labels == label)
    if not first.size or not told_first.size:
        return None
    return float(clip.stamps_ns[told_first[0]] - clip.stamps_ns[first[0]]) / 1e6


def _clip_answer(one: Followed) -> int:
    longest = max(one.events, key=lambda event: event.duration_ns, default=None)
    return EMOTIONS.index(longest.label) if longest else 0


def _event_errors(
    pairs: Sequence[tuple[Composition, Followed]],
) -> tuple[dict[str, list[float]], int, int, int]:
    """Return errors in ms by kind of stamp, and how many were told, matched and there."""
    errors: dict[str, list[float]] = {kind: [] for kind in _KINDS}
    found = matched = there = 0
    for clip, one in pairs:
        course = clip.course
        if not course.moves:
            continue
        there += 1
        found += len(one.events)
        event = next((event for event in one.events if _is_it(event, course)), None)
        if event is None:
            continue
        matched += 1
        last_ns = clip.stamps_ns[-1]
        for kind in _KINDS:
            stamp_ns = getattr(event, f'{kind}_ns')
            true_ns = getattr(course, f'{kind}_s') * NS_PER_S
            # What lies behind the clip's last frame can not be told.
            if stamp_ns is not None and true_ns <= last_ns:
                errors[kind].append(abs(stamp_ns - true_ns) / 1e6)
    return errors, found, matched, there


def _is_it(event: ExpressionEvent, course: Course) -> bool:
    """Tell whether an event is the true one: its label, and at the same time."""
    end_ns = event.stamp_ns if event.end_ns is None else event.end_ns
    overlaps = event.onset_ns < course.offset_s * NS_PER_S and end_ns > course.apex_s * NS_PER_S
    return event.label == EMOTIONS[course.label] and overlaps


def _ms_per_face(clip: Composition, model: Temporal) -> float:
    """Return the model's time a face a frame: the lower decile of single calls, for other work
    on the machine only ever adds.
    """
    times = []
    for _ in range(5):
        model.reset()
        for one in _observations(clip):
            started_s = time.perf_counter()
            model.update_all([one])
            times.append(time.perf_counter() - started_s)
    return 1e3 * _percentile(times, 10)


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float('nan')


def _percentile(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else float('nan')


def _cells(name: str, one: MethodFigures) -> tuple[str, ...]:
    shares = (f'{one.accuracy:.1%}', f'{one.uar:.3f}', f'{one.clip_accuracy:.1%}')
    times = (one.delay_ms, one.delay_ms_p90)
    stamps = (one.timing_ms, *one.stamps_ms.values())
    return (
        name,
        *shares,
        f'{one.flips:.4f}',
        *(f'{value:.0f}' for value in times),
        f'{one.precision:.2f}',
        f'{one.recall:.2f}',
        *(f'{value:.0f}' for value in stamps),
    )
