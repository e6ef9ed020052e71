"""The same frames give the same messages, to the last bit, however fast they come."""

from __future__ import annotations

import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from std_msgs.msg import Header

from fer_ros.nodes import conversions
from fer_ros.pipeline import Pipeline
from fer_ros.sources import open_source
from fer_ros.types import Frame

PERIOD_S = 1 / 30


def messages(frames: list[Frame], rate: float) -> list[Any]:
    """Return every message of a run at a speed against real time, 0 as fast as possible."""
    pipeline = Pipeline()
    told = []
    for frame in frames:
        started_s = time.monotonic()
        result = pipeline.process(frame)
        stamp = conversions.ns_to_stamp(frame.stamp_ns)
        header = Header(stamp=stamp, frame_id=frame.frame_id)
        for state in result.states:
            told += [
                conversions.face_expression_from(state, frame, pipeline.model_ids),
                conversions.landmarks_from(state, frame, header),
                conversions.facs_from(state, header),
                conversions.expression_from(state, 'neutral', 'skeptical', header),
            ]
        told += [conversions.event_from(event, header) for event in result.events]
        if rate:
            time.sleep(max(PERIOD_S / rate - (time.monotonic() - started_s), 0.0))
    # Not as bytes: what stands between two fields is as it comes on Fast DDS.
    return [conversions.as_json(message) for message in told]


@pytest.fixture(scope='module')
def frames(sample: Path) -> list[Frame]:
    with open_source(sample) as source:
        return list(islice(source, 15))


def test_at_half_speed_at_full_speed_and_as_fast_as_possible(frames: list[Frame]) -> None:
    slow, live, fast = (messages(frames, rate) for rate in (0.5, 1.0, 0.0))
    assert len(fast) >= 4 * len(frames) + 1  # the smile of the sample is an event
    assert slow == live == fast
