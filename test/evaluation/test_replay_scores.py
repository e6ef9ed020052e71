from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from run_rows import face

from fer_ros.evaluation.metrics import Event
from fer_ros.evaluation.replay.labels import Interval, Labels
from fer_ros.evaluation.replay.scores import (
    Answers,
    AnswerSheet,
    Events,
    MainFace,
    events,
    score,
)
from fer_ros.taxonomy import EventKind
from fer_ros.types import ExpressionEvent

STEP_NS = 100_000_000  # a camera of 10 Hz
NOTHING = Events((), ())
SAYS = {'n': (0.8, 0.1, 0.1), 'h': (0.1, 0.8, 0.1), 'f': (0.1, 0.1, 0.8)}


def said(text: str, labels: Labels):
    """Answer frame by frame: neutral, happiness, fear or - for no face."""
    sheet = AnswerSheet(labels)
    for index, letter in enumerate(text):
        seen = None if letter == '-' else face(probabilities=SAYS[letter])
        sheet.add(index * STEP_NS, seen)
    return sheet.close()


def intervals(*spans: tuple[int, int, str]) -> Labels:
    """Return labels by numbers of frames."""
    return Labels(
        tuple(Interval(a * STEP_NS, b * STEP_NS, label) for a, b, label in spans), relative=False
    )


def test_hand_computed_figures():
    labels = intervals((0, 4, 'neutral'), (5, 9, 'happiness'), (9, 10, 'fear'))
    #             0123 4 5678 9
    found = score(said('nnhnfnhh-h', labels), NOTHING)
    # Frame 4 has no label. Neutral 3 of 4, happiness 2 of 4 (one miss), fear 0 of 1.
    assert (found.frames, found.missed) == (9, 1)
    assert pytest.approx(5 / 9) == found.WAR
    assert pytest.approx((3 / 4 + 2 / 4 + 0) / 3) == found.UAR
    assert found.aligned_only == pytest.approx(5 / 8)
    assert found.recall['happiness'] == 0.5
    assert math.isnan(found.recall['anger'])
    assert found.counts['neutral'] == 4
    assert found.confusion[0].tolist()[:2] == [3, 1]
    # Neutral: to happiness and back, 2 flips. Happiness: one change, which arrives. Fear: none.
    assert found.flips_per_frame == pytest.approx(2 / 8)
    assert found.changes_per_frame == pytest.approx(3 / 8)


@pytest.mark.parametrize(
    ('text', 'flips'),
    [('nnhhhh', 0), ('hhhhhh', 0), ('nnffff', 1), ('nfhhhh', 1), ('hnhhhh', 2), ('n-h-hh', 0)],
)
def test_only_the_arrival_at_the_label_is_no_flip(text, flips):
    found = score(said(text, intervals((0, 6, 'happiness'))), NOTHING)
    seen = len(text) - text.count('-')
    assert found.flips_per_frame == pytest.approx(flips / seen)


def test_calibration_of_what_was_said():
    # All say .8, half are right: the gap is .3.
    labels = intervals((0, 2, 'neutral'), (2, 4, 'fear'))
    found = score(said('nnnn', labels), NOTHING)
    assert found.calibration.error == pytest.approx(0.3)


def test_nothing_labelled_has_no_figures():
    figures = score(said('nn', intervals((5, 6, 'fear'))), NOTHING).to_dict()
    for name in ('WAR', 'UAR', 'flips_per_frame', 'event_precision', 'event_recall', 'ECE'):
        assert figures[name] is None, name
    json.dumps(figures, allow_nan=False)


def test_names_of_the_figures():
    figures = score(said('nnhh', intervals((0, 4, 'neutral'))), NOTHING).to_dict()
    assert figures['WAR'] == figures['UAR'] == 0.5
    assert figures['flips_per_frame'] == 0.25
    assert {'event_precision', 'event_recall', 'event_timing_error_ms'} <= set(figures)
    json.dumps(figures, allow_nan=False)


def test_clips_together_keep_their_intervals_apart():
    labels = intervals((0, 2, 'happiness'))
    one, other = said('hh', labels), said('nn', labels)
    both = score(Answers.joined([one, other]), NOTHING)
    assert both.WAR == 0.5
    assert both.changes_per_frame == 0.0


def smile(onset: int, end: int | None, label: str = 'happiness') -> ExpressionEvent:
    """Return an expression by numbers of frames; None: it lasts."""
    end_ns = None if end is None else end * STEP_NS
    stamp_ns = 1000 * STEP_NS
    kind = EventKind.ONSET if end is None else EventKind.END
    return ExpressionEvent('anna', stamp_ns, kind, label, 0.9, onset * STEP_NS, end_ns=end_ns)


def test_onsets_and_ends_against_labels():
    labels = intervals((0, 10, 'neutral'), (10, 30, 'happiness'), (30, 40, 'neutral'))
    found = events([smile(12, 27)], labels, 0, 39 * STEP_NS)
    assert found.labelled == (
        Event(10 * STEP_NS, 'happiness onset'), Event(30 * STEP_NS, 'happiness end'),
    )  # fmt: skip
    # 200 ms late and 300 ms early.
    scores = found.scores()
    assert (scores.precision, scores.recall) == (1.0, 1.0)
    assert scores.timing_error_ms == pytest.approx(250.0)
    assert scores.delay_ms == pytest.approx(-50.0)


def test_a_second_smile_that_is_not_labelled_is_wrong():
    labels = intervals((0, 10, 'neutral'), (10, 20, 'happiness'), (20, 40, 'neutral'))
    scores = events([smile(10, 20), smile(30, 35)], labels, 0, 39 * STEP_NS).scores()
    assert (scores.precision, scores.recall) == (0.5, 1.0)


def test_another_emotion_is_another_event():
    labels = intervals((0, 10, 'neutral'), (10, 20, 'happiness'), (20, 40, 'neutral'))
    scores = events([smile(10, 20, 'fear')], labels, 0, 39 * STEP_NS).scores()
    assert (scores.precision, scores.recall) == (0.0, 0.0)


def test_a_moment_left_out_between_two_labels_is_that_of_the_onset():
    labels = intervals((0, 10, 'neutral'), (14, 30, 'happiness'), (34, 50, 'neutral'))
    found = events([smile(11, 33)], labels, 0, 50 * STEP_NS).scores()
    assert (found.precision, found.recall) == (1.0, 1.0)


def test_what_is_found_where_nothing_is_labelled_does_not_count():
    labels = intervals((0, 10, 'neutral'), (10, 20, 'happiness'))
    told = [smile(10, 20), smile(30, 35, 'fear')]
    scores = events(told, labels, 0, 39 * STEP_NS).scores()
    assert (scores.precision, scores.recall) == (1.0, 1.0)


@pytest.mark.parametrize(('onset', 'end'), [(0, None), (1, None), (0, 9), (3, 7)])
def test_what_lasts_all_the_clip_may_begin_and_end_at_its_edges(onset, end):
    labels = intervals((0, 10, 'happiness'))
    assert events([smile(onset, end)], labels, 0, 9 * STEP_NS) == Events((), ())


def test_a_fade_that_the_clip_cuts_off_is_the_end():
    labels = intervals((0, 10, 'neutral'), (10, 37, 'happiness'), (37, 40, 'neutral'))
    fading = replace(smile(10, None), offset_ns=39 * STEP_NS)
    scores = events([fading], labels, 0, 39 * STEP_NS).scores()
    assert (scores.matched, scores.delay_ms) == (2, 100.0)


def test_what_a_whole_clip_is_called_tells_no_event():
    labels = replace(intervals((0, 10, 'happiness')), timed=False)
    assert events([smile(4, 6)], labels, 0, 9 * STEP_NS) == Events((), ())


def test_the_label_speaks_of_the_largest_face_as_long_as_it_is_there():
    main = MainFace()
    near, far = face('near', roi=(0, 0, 0.5, 0.5)), face('far', roi=(0, 0, 0.45, 0.5))
    assert main.of([far, near]).face_id == 'near'
    grown = face('far', roi=(0, 0, 0.6, 0.5))
    assert main.of([grown, near]).face_id == 'near'
    assert main.of([grown]).face_id == 'far'
    assert main.of([]) is None
    assert main.of([grown, near]).face_id == 'far'
    huge = face('near', roi=(0, 0, 1, 1))
    assert main.of([grown, huge]).face_id == 'near'
    assert main.followed == {'near', 'far'}
