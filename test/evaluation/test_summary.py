from __future__ import annotations

import json

import pytest
from run_rows import START_NS, face, frame

from fer_ros.evaluation.results import NO_HEALTH, Health
from fer_ros.evaluation.summary import summarise
from fer_ros.taxonomy import EventKind
from fer_ros.types import ExpressionEvent

HEALTH = Health({'replaced': 2, 'stale': 1}, 'onnxruntime-cpu fp32', ('a', 'b'))


def test_a_run_by_hand():
    rows = [
        frame(0, face(probabilities=(0.6, 0.3, 0.1)), latency_ms=10.0),
        frame(1, face(probabilities=(0.1, 0.8, 0.1), abstained='blur'), latency_ms=20.0),
        frame(2, latency_ms=30.0),
        frame(4, face(probabilities=(0.2, 0.7, 0.1)), face('ben'), latency_ms=40.0),
    ]
    summary = summarise(rows, HEALTH, frames=8)
    assert summary['frames'] == 8
    assert summary['frames_processed'] == 4
    # 8 sent, 4 processed, 3 dropped with a reason: one never arrived.
    assert summary['drops'] == {'replaced': 2, 'stale': 1, 'unheard': 1}
    assert summary['faces'] == 2
    anna = summary['people']['anna']
    assert anna['dominant'] == 'happiness'  # means .3, .6, .1
    assert anna['probabilities'] == {'neutral': 0.3, 'happiness': 0.6, 'fear': 0.1}
    assert (anna['frames'], anna['first_s'], anna['last_s']) == (3, 0.0, 0.4)
    assert anna['abstained_share'] == pytest.approx(1 / 3, abs=1e-4)
    assert summary['people']['ben']['first_s'] == 0.4
    # Linear between ranks: 3 steps of 10 over the ranks 0..3.
    assert summary['latency_ms'] == {'p50': 25.0, 'p90': 37.0, 'p99': 39.7}
    assert summary['fps'] == 7.5  # 3 steps in 0.4 s
    assert summary['backend'] == 'onnxruntime-cpu fp32'
    assert summary['models'] == ['a', 'b']
    json.dumps(summary, allow_nan=False)


def test_the_mean_decides_not_the_most_frames():
    rows = [frame(i, face(probabilities=(0.51, 0.49, 0.0))) for i in range(3)]
    rows.append(frame(3, face(probabilities=(0.0, 1.0, 0.0))))
    assert summarise(rows, NO_HEALTH, frames=4)['people']['anna']['dominant'] == 'happiness'


def test_a_model_with_other_labels_may_take_over():
    other = face(labels=('happiness', 'awe'), probabilities=(0.5, 0.5), expression='awe')
    rows = [frame(0, face(probabilities=(0.2, 0.7, 0.1))), frame(1, other)]
    anna = summarise(rows, NO_HEALTH, frames=2)['people']['anna']
    assert anna['probabilities'] == {
        'neutral': 0.1, 'happiness': 0.6, 'fear': 0.05, 'awe': 0.25,
    }  # fmt: skip
    assert anna['dominant'] == 'happiness'


def test_nothing_happened():
    summary = summarise([], NO_HEALTH, frames=0)
    assert summary['faces'] == 0
    assert summary['fps'] == 0.0
    assert summary['latency_ms'] == {'p50': None, 'p90': None, 'p99': None}
    json.dumps(summary, allow_nan=False)


def test_an_expression_is_told_once_as_it_was_last_known() -> None:
    first, second, third = (START_NS + index * 100_000_000 for index in range(3))
    shared = {'face_id': 'anna', 'label': 'happiness', 'peak': 0.75, 'onset_ns': first}
    events = [
        ExpressionEvent(**shared, stamp_ns=second, kind=EventKind.ONSET),
        ExpressionEvent(**shared, stamp_ns=third, kind=EventKind.APEX, apex_ns=second),
    ]
    rows = [frame(0, face()), frame(2, face())]
    assert summarise(rows, NO_HEALTH, frames=2, events=events)['events'] == [
        {
            'face_id': 'anna',
            'expression': 'happiness',
            'onset_s': 0.0,
            'apex_s': 0.1,
            'offset_s': None,
            'end_s': None,
            'peak': 0.75,
        }
    ]
