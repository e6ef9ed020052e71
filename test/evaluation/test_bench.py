from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import cv2
import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.evaluation.bench import beside, rooms
from fer_ros.evaluation.bench.peers import open_peers
from fer_ros.evaluation.bench.rooms import Stopwatch, measured, room_of
from fer_ros.evaluation.bench.scenes import SIZES, scene
from fer_ros.pipeline import Pipeline
from fer_ros.pipeline import expressions as second_half
from fer_ros.pipeline import pipeline as first_half
from fer_ros.sources import open_source
from fer_ros.types import Frame


@pytest.fixture
def clock(monkeypatch):
    """A clock that only moves when told to."""
    now = SimpleNamespace(s=0.0)
    for module in (rooms, beside):
        monkeypatch.setattr(
            module,
            'time',
            SimpleNamespace(perf_counter=lambda: now.s, process_time=lambda: now.s / 2),
        )
    return now


def test_an_inner_room_is_not_counted_for_the_outer_one(clock):
    watch = Stopwatch()
    with watch.inside('outer'):
        clock.s += 1.0
        with watch.inside('inner'):
            clock.s += 10.0
        clock.s += 100.0
    clock.s += 1000.0
    assert dict(watch.spent_s) == {'outer': 101.0, 'inner': 10.0}


def test_an_error_leaves_its_room(clock):
    watch = Stopwatch()

    def fail() -> None:
        clock.s += 1.0
        raise ValueError

    with watch.inside('outer'):
        with pytest.raises(ValueError):
            watch.wrap(fail, 'inner')()
        clock.s += 2.0
    assert dict(watch.spent_s) == {'outer': 2.0, 'inner': 1.0}


def test_every_room_of_the_pipeline_has_doors(sample):
    pipeline = Pipeline()
    before = first_half.describe, second_half.align
    with open_source(sample) as source:
        frames = [frame for frame, _ in zip(source, range(2))]
    with measured(pipeline) as watch:
        states = [pipeline.process(frame).states for frame in frames]
    assert [len(one) for one in states] == [1, 1]
    assert {room.partition('.')[0] for room in watch.spent_s} == {
        'detection', 'alignment', 'recognition',
    }  # fmt: skip
    assert min(watch.spent_s.values()) >= 0.0
    # Afterwards all is as it was.
    assert (first_half.describe, second_half.align) == before
    assert room_of(type(pipeline._detector)) == 'detection.detector'
    assert pipeline.process(Frame(10**18 * 2, 'cam', 9, frames[0].pixels)).states


def test_runs_take_turns_and_warm_up_is_left_out(clock):
    order = []

    def takes(name: str, seconds: float):
        def one(frame: Frame) -> int:
            order.append((name, frame.sequence))
            clock.s += seconds * (10 if frame.sequence == 0 else 1)
            return frame.sequence

        return one

    pixels = np.zeros((2, 2, 3), np.uint8)
    frames = (Frame(index, 'cam', index, pixels) for index in range(3))
    found = beside.in_turn(frames, {'a': takes('a', 0.25), 'b': takes('b', 0.5)}, warm_up=1)
    assert order == [('a', 0), ('b', 0), ('a', 1), ('b', 1), ('a', 2), ('b', 2)]
    assert (found['a'].wall_ms, found['b'].wall_ms) == ([250.0] * 2, [500.0] * 2)
    assert found['a'].figures() == {
        'p50': 250.0, 'p90': 250.0, 'p99': 250.0, 'mean': 250.0, 'cpu_ms_per_frame': 125.0,
        'faces_seen': 2,
    }  # fmt: skip


def test_ratios_are_our_time_over_theirs():
    ours, mesh = beside.Times([10, 20, 60], [4], 1), beside.Times([5, 10, 105], [2], 1)
    every = beside.Times([20, 30, 70], [6], 1)
    found = beside.ratios(
        {
            '1face': {'chain': ours, 'facemesh': mesh},
            '1face_every_frame': {'chain': every, 'facemesh': mesh},
        }
    )
    assert found['ratio_to_facemesh_1face'] == 2.0
    assert found['mean_ratio_to_facemesh_1face'] == 0.75
    assert found['cpu_ratio_to_facemesh_1face'] == 2.0
    assert found['ratio_to_facemesh_1face_every_frame'] == 3.0
    assert found['mean_ratio_to_facemesh_1face_every_frame'] == 1.0
    assert found['ratio_to_fer_1face'] is None
    assert found['ratio_to_facemesh_4faces_every_frame'] is None
    assert next(iter(found)) == 'ratio_to_facemesh_1face'


def test_the_chain_runs_twice_once_with_every_face_looked_at(monkeypatch, sample):
    made = []

    def remember(pipeline: Pipeline):
        made.append(pipeline)
        return run_of(pipeline)

    run_of = beside.run_of
    monkeypatch.setattr(beside, 'run_of', remember)
    found = beside.beside_peers_on(sample, 10, lambda _: None, peers=False)
    assert {name: one['chain'].faces for name, one in found.items()} == {
        'clip': 1, 'clip_every_frame': 1,
    }  # fmt: skip
    still = [pipeline.skipped['still'] for pipeline in made]
    assert still[0] > 0
    assert still[1] == 0
    with pytest.raises(DataError, match='expected more than 1000 frames, found'):
        beside.beside_peers_on(sample, 1000, lambda _: None, peers=False)


@pytest.mark.parametrize('faces', [1, 4, 16])
@pytest.mark.parametrize('size', list(SIZES))
def test_scenes_have_their_size_and_faces_apart(size, faces):
    portrait = np.full((200, 200, 3), 255, np.uint8)
    portrait[60:140, 60:140] = 0
    frames = list(scene(portrait, size, faces, 2))
    assert [frame.stamp_ns for frame in frames] == [0, 33_333_333]
    for frame in frames:
        assert (frame.width, frame.height) == SIZES[size]
        # Dark centres in a light ground: as many spots as faces.
        dark = (frame.pixels[:, :, 0] < 20).astype(np.uint8)
        assert cv2.connectedComponents(dark)[0] - 1 == faces


def test_a_peer_that_is_not_here_is_named(monkeypatch):
    broken = ModuleType('fer.fer')
    monkeypatch.setitem(sys.modules, 'fer', ModuleType('fer'))
    monkeypatch.setitem(sys.modules, 'fer.fer', broken)

    def refuse(**_: object) -> None:
        raise RuntimeError('two\nlines')

    broken.FER = refuse
    found, absent = open_peers(1)
    assert 'fer' not in found
    assert absent['fer'] == 'RuntimeError: two'
