"""Figures by hand: clips of 10 Hz in which the static model says what the test wants."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from fer_ros.cli.eval import temporal as command
from fer_ros.evaluation import temporal
from fer_ros.evaluation.baselines import FewerLooks, FrameByFrame, MajorityVote, MovingAverage
from fer_ros.evaluation.compositions import Composition
from fer_ros.evaluation.courses import Course
from fer_ros.evaluation.temporal import compare, follow, measure
from fer_ros.recognition.temporal import TemporalFilter
from fer_ros.taxonomy import EMOTIONS

STEP_NS = 100_000_000
HAPPY, SAD = 1, 3
# Onset at 1.0 s, full at once for a tenth of a second, fading at 2.0 s.
SMILE = Course(HAPPY, 1.0, (0.95, 1.05), (1.95, 2.05), 3.0)
NEUTRAL = Course(0, 0.0, (0.0, 0.0), (1.0, 1.0), 1.0)


def clip(course: Course, labels: list[int]) -> Composition:
    shares = np.full((len(labels), len(EMOTIONS)), 0.01, np.float32)
    shares[np.arange(len(labels)), labels] = 0.93
    stamps = tuple(index * STEP_NS for index in range(len(labels)))
    return Composition(course, stamps, shares, np.ones(len(labels)))


def smile(begins: int, ends: int) -> Composition:
    return clip(SMILE, [HAPPY if begins <= index < ends else 0 for index in range(30)])


def test_a_perfect_static_model() -> None:
    figures = measure([smile(10, 20), clip(NEUTRAL, [0] * 10)], FrameByFrame())
    assert (figures.accuracy, figures.uar, figures.clip_accuracy) == (1.0, 1.0, 1.0)
    assert (figures.flips, figures.delay_ms) == (0.0, 0.0)
    assert (figures.precision, figures.recall) == (1.0, 1.0)
    # A fifth of the way from frame 9 to 10: 0.92 s; truth is 0.95 + 0.0196.
    assert figures.stamps_ms['onset'] == pytest.approx(49.6, abs=1.0)


def test_frames_in_between_do_not_count() -> None:
    # At 1.0 and 2.0 s the strength is one half: of 30 frames 28 count, of which 9 are happy.
    assert measure([smile(10, 20)], FrameByFrame()).accuracy == 1.0
    late = measure([smile(12, 20)], FrameByFrame())
    assert late.accuracy == pytest.approx(27 / 28)
    assert late.uar == pytest.approx((1 + 8 / 9) / 2)


def test_flips_are_those_of_still_clips_alone() -> None:
    wavering = clip(NEUTRAL, [0, 0, SAD, 0, 0, 0, 0, SAD, SAD, SAD])
    figures = measure([wavering, smile(10, 20)], FrameByFrame())
    assert figures.flips == pytest.approx(3 / 9)
    assert figures.clip_accuracy == 0.5
    # Events of clips that never change are not told against any: one of one.
    assert figures.precision == 1.0


def test_what_a_vote_costs() -> None:
    # Of the last three frames two have to be happy, or the newest of two equals.
    vote = MajorityVote(0.2)
    labels = follow(smile(10, 20), vote).labels.tolist()
    assert labels == [0] * 11 + [HAPPY] * 10 + [0] * 9
    assert measure([smile(10, 20)], vote).delay_ms == 100.0


def test_a_moving_average_by_hand() -> None:
    average = MovingAverage(0.1)
    labels = follow(smile(10, 20), average).labels
    # One step is 1 - 1/e = 63 % of the way: the first happy frame is enough.
    assert labels[10] == HAPPY
    slow = MovingAverage(0.1 / math.log(1 / 0.6))  # 40 % of the way
    assert follow(smile(10, 20), slow).labels[10:12].tolist() == [0, HAPPY]


def test_an_event_of_another_emotion_is_none() -> None:
    wrong = clip(SMILE, [SAD if 10 <= index < 20 else 0 for index in range(30)])
    figures = measure([wrong], FrameByFrame())
    assert (figures.precision, figures.recall) == (0.0, 0.0)
    assert math.isnan(figures.timing_ms)
    assert math.isnan(figures.delay_ms)


def test_the_report_has_every_method_and_no_nan() -> None:
    report = compare([smile(10, 20), clip(NEUTRAL, [0] * 10)], TemporalFilter(), 'filter')
    plain = report.to_dict()
    assert plain['clips'] == 2
    assert plain['frames'] == 40
    assert {'frame by frame', 'vote 0.5 s', 'EMA 0.2 s', 'filter', 'model'} <= set(
        plain['methods']
    )
    assert plain['gain_points'] == pytest.approx(0.0, abs=5.0)
    assert '| filter |' in report.to_text()
    assert measure([clip(NEUTRAL, [0])], FrameByFrame()).flips == 0.0


@pytest.mark.parametrize(('begins', 'told'), [(30, 30), (31, 33), (32, 33)])
def test_of_fewer_looks_what_was_told_last_holds_until_the_next(begins: int, told: int) -> None:
    made = clip(NEUTRAL, [0] * begins + [HAPPY] * (61 - begins))
    # At 30 Hz every third frame is looked at.
    seen = replace(made, stamps_ns=tuple(index * 33_333_333 for index in range(61)))
    answers = follow(seen, FewerLooks(FrameByFrame())).labels.tolist()
    assert answers == [0] * told + [HAPPY] * (61 - told)


def test_the_seed_of_the_command_is_that_of_the_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [smile(10, 20), clip(NEUTRAL, [0] * 10)]
    seeds = []

    def compose(*_: object, seed: int, **__: object) -> list[Composition]:
        seeds.append(seed)
        return clips

    monkeypatch.setattr(temporal, 'load_gallery', str)
    monkeypatch.setattr(temporal, 'compose', compose)
    for words in ([], ['--seed', '3']):
        assert command.main(['--npz', 'any.npz', '--json', *words]) == 0
    assert seeds == [temporal.SEED, 3]
