"""Courses of intensity by hand: a frame every tenth of a second unless said."""

from __future__ import annotations

import pytest

from fer_ros.errors import DataError
from fer_ros.recognition.phases import MEMORY_FRAMES, PhaseConfig, PhaseTracker
from fer_ros.taxonomy import EventKind, Phase
from fer_ros.types import ExpressionEvent

STEP_NS = 100_000_000
CONFIG = PhaseConfig()
SMILE = (0.0, 0.0, 0.1, 0.3, 0.6, 0.9, 1.0, 1.0, 1.0, 0.95, 0.7, 0.4, 0.2, 0.0)


def follow(
    *course: float, labels: dict[int, str] | None = None, step_ns: int = STEP_NS
) -> tuple[PhaseTracker, list[Phase], list[ExpressionEvent]]:
    """Follow a course; labels by frame from which they hold."""
    tracker, phases, events = PhaseTracker('f1'), [], []
    emotion = 'happiness'
    for index, intensity in enumerate(course):
        emotion = (labels or {}).get(index, emotion)
        label = emotion if intensity > 0.5 else 'neutral'
        events += tracker.update(label, emotion, intensity, index * step_ns, CONFIG)
        phases.append(tracker.phase)
    return tracker, phases, events


def frames(event: ExpressionEvent) -> tuple[float | None, ...]:
    """Return at which frame it was told, began, was full, began to fade and was over."""
    stamps = (event.stamp_ns, event.onset_ns, event.apex_ns, event.offset_ns, event.end_ns)
    return tuple(None if stamp is None else stamp / STEP_NS for stamp in stamps)


def test_a_smile_by_hand() -> None:
    _, phases, events = follow(*SMILE)
    N, ON, A, OFF = Phase
    # Rising until 1.0 comes a second time; fading from 0.85 of the peak; over below 0.25.
    assert phases == [N, N, N, N, ON, ON, ON, A, A, A, OFF, OFF, N, N]
    assert [event.kind for event in events] == list(EventKind)
    onset, apex, offset, end = events
    # At 0.6 the rise shows. Rest is the median of (0, 0, 0.1, 0.3), 0.05; a fifth of the way to
    # 0.6 is 0.16, three tenths of the way from frame 2 to frame 3.
    assert frames(onset) == (4, 2.3, None, None, None)
    # 0.9 of the peak of 1 was reached in frame 5.
    assert frames(apex) == (7, 2.3, 5, None, None)
    # The median since then is 1; a fifth of the way to 0.7 is 0.94, 0.04 of the way from 0.95.
    assert frames(offset) == (10, 2.3, 5, 9.04, None)
    # And from 0.4 to 0.2 it passes 0.25 after three quarters.
    assert frames(end) == (12, 2.3, 5, 9.04, 11.75)
    assert {event.label for event in events} == {'happiness'}
    assert [event.peak for event in events] == [0.6, 1.0, 1.0, 1.0]
    assert end.duration_ns == pytest.approx(9.45 * STEP_NS)


def test_a_phase_goes_back_to_when_it_began() -> None:
    tracker, *_ = follow(*SMILE[:5])
    assert (tracker.phase, tracker.phase_started_ns) == (Phase.ONSET, 230_000_000)


def test_a_rest_that_wavers_does_not_begin_the_rise() -> None:
    _, _, events = follow(0.3, 0.1, 0.2, 0.2, 0.2, 0.25, 0.9)
    # Rest 0.2, a fifth of the way 0.34: 0.09 / 0.65 of the way from frame 5.
    assert frames(events[0])[1] == pytest.approx(5 + 0.09 / 0.65, abs=1e-6)


def test_phases_come_in_order_however_fast_it_falls() -> None:
    _, phases, events = follow(0.0, 0.9, 0.9, 0.0, 0.0)
    N, ON, A, OFF = Phase
    assert phases == [N, ON, A, OFF, N]
    assert [event.kind for event in events] == list(EventKind)


def test_what_does_not_reach_the_limit_is_no_event() -> None:
    assert follow(0.0, 0.2, 0.39, 0.2, 0.0)[2] == []


def test_a_small_dip_does_not_end_it() -> None:
    _, _, events = follow(0.0, 0.9, 0.9, 0.8, 0.9, 0.9, 0.0, 0.0)
    assert [event.kind for event in events] == list(EventKind)


def test_what_comes_back_while_it_fades_is_another_one() -> None:
    _, _, events = follow(0.0, 0.9, 0.9, 0.5, 0.3, 0.5, 0.9, 0.9, 0.0, 0.0)
    assert [event.kind.name for event in events[:5]] == ['ONSET', 'APEX', 'OFFSET', 'END', 'ONSET']
    # It was over where it was lowest, and so began the next.
    assert events[3].end_ns == 4 * STEP_NS
    assert events[4].onset_ns >= 4 * STEP_NS
    assert [event.kind.name for event in events[5:]] == ['APEX', 'OFFSET', 'END']


def test_another_emotion_is_another_event() -> None:
    _, _, events = follow(0.0, 0.9, 0.9, 0.9, 0.9, 0.9, 0.0, 0.0, labels={4: 'surprise'})
    told = [(event.kind.name, event.label) for event in events]
    assert told[:4] == [
        ('ONSET', 'happiness'), ('APEX', 'happiness'), ('END', 'happiness'), ('ONSET', 'surprise')
    ]  # fmt: skip
    assert told[-1] == ('END', 'surprise')


def test_while_it_rises_its_name_may_change() -> None:
    _, _, events = follow(0.0, 0.5, 0.8, 0.9, 0.9, labels={1: 'fear', 2: 'surprise'})
    assert [event.label for event in events] == ['fear', 'surprise']


def test_a_face_that_leaves_ends_what_it_expressed() -> None:
    tracker, *_ = follow(0.0, 0.9, 0.9)
    (end,) = tracker.close()
    assert (end.kind, end.end_ns) == (EventKind.END, 2 * STEP_NS)
    assert tracker.close() == ()
    assert PhaseTracker('f2').close() == ()


def test_a_face_of_one_frame() -> None:
    tracker, phases, events = follow(0.9)
    assert phases == [Phase.ONSET]
    assert frames(events[0]) == (0, 0, None, None, None)
    assert frames(tracker.close()[0]) == (0, 0, None, None, 0)


def test_memory_is_bounded() -> None:
    tracker, *_ = follow(*[0.0] * 2000, step_ns=1_000_000)
    assert len(tracker._past) == MEMORY_FRAMES
    tracker, *_ = follow(*[0.0] * 100)
    assert len(tracker._past) == 16  # 1.5 s and the frame at hand


def test_stamps_of_an_event_are_in_order() -> None:
    with pytest.raises(DataError, match='expected stamps in order'):
        ExpressionEvent('f1', 5, EventKind.END, 'happiness', 0.5, onset_ns=3, end_ns=2)


def test_moments_are_as_exact_in_these_years() -> None:
    # A float holds 1.8e18 ns to 256: an interpolated moment could be after its frame.
    def told(start_ns: int) -> list[list[int]]:
        tracker, moments = PhaseTracker('f1'), []
        for index, presence in enumerate(SMILE):
            stamp_ns = start_ns + index * STEP_NS
            for event in tracker.update('happiness', 'happiness', presence, stamp_ns, CONFIG):
                stamps = (event.onset_ns, event.apex_ns, event.offset_ns, event.end_ns)
                moments.append([ns - start_ns for ns in stamps if ns is not None])
        return moments

    assert len(told(0)) == 4
    assert told(1_795_642_491_614_122_236) == told(0)
