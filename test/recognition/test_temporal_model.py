"""The model's bookkeeping with a net that only adds, and the shipped net on made courses."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
from made_faces import expression

from fer_ros.errors import ConfigError, DataError, ModelError
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Colour, InputSpec, Manifest, Task
from fer_ros.recognition.temporal import Observation, TemporalConfig, TemporalState
from fer_ros.recognition.temporal_model import TemporalModel
from fer_ros.taxonomy import EMOTIONS, EventKind, Phase
from fer_ros.types import Expression, Float32

MS = 1_000_000
TWO = ('neutral', 'happiness')


class Adder:
    """State: how many steps there were, and how many of them had a frame."""

    backend = 'made'

    def __init__(self, **options: object) -> None:
        self.calls: list[int] = []
        self.manifest = Manifest(
            id='adder',
            task=Task.TEMPORAL_EXPRESSION,
            file=Path('adder.onnx'),
            sha256='0' * 64,
            licence='Apache-2.0',
            source='made',
            input=InputSpec('rows', 6, 1, Colour.GRAY, (0.0,), (1.0,)),
            outputs=('logits', 'intensity', 'state'),
            labels=TWO,
            temperature=1.0,
            options={'step_ms': 40, 'max_gap_ms': 400, **options},
        )

    def run(self, batch: Float32) -> tuple[Float32, ...]:
        assert batch.shape[1:] == (1, 1, 6)
        self.calls.append(len(batch))
        features, state = batch[:, 0, 0, :4], batch[:, 0, 0, 4:]
        after = state + np.stack([np.ones(len(batch)), features[:, 3]], axis=1)
        return features[:, :2], after[:, 1:] / 100, after.astype(np.float32)


def seen(stamp_ms: int, face_id: str = 'f1', happiness: float = 0.5) -> Observation:
    return Observation(face_id, expression(TWO, happiness=happiness), 1.0, stamp_ms * MS)


def steps(model: TemporalModel, face_id: str = 'f1') -> list[float]:
    """Return how many steps a face's state has seen, and how many with a frame."""
    return model._memories[face_id].after.tolist()


def test_a_frame_a_step_is_a_step_a_frame() -> None:
    model = TemporalModel(Adder())
    for index in range(5):
        model.update_all([seen(40 * index)])
    assert steps(model) == [5.0, 5.0]


def test_two_frames_of_one_step_are_one_step() -> None:
    engine = Adder()
    model = TemporalModel(engine)
    for stamp_ms in (0, 16, 33, 50, 66, 83):  # steps 0, 0, 0, 1, 1, 2
        model.update_all([seen(stamp_ms)])
    assert steps(model) == [3.0, 3.0]
    assert engine.calls == [1] * 6


def test_steps_without_a_frame_pass_too() -> None:
    model = TemporalModel(Adder())
    for stamp_ms in (0, 100, 200):  # steps 0, 2, 5
        model.update_all([seen(stamp_ms)])
    assert steps(model) == [6.0, 3.0]


class Doubter(Adder):
    """Says even odds, whatever is seen."""

    def run(self, batch: Float32) -> tuple[Float32, ...]:
        logits, intensity, state = super().run(batch)
        return np.full_like(logits, 3.0), intensity, state


def test_of_a_new_face_what_is_seen_counts_and_fades() -> None:
    model = TemporalModel(Doubter())
    odds = {}
    for stamp_ms in range(0, 4001, 40):
        (state,) = model.update_all([seen(stamp_ms, happiness=0.9)])
        neutral, happiness = state.expression.probabilities.tolist()
        odds[stamp_ms] = happiness / neutral
    assert odds[0] == pytest.approx(9.0, rel=1e-4)
    assert odds[80] == pytest.approx(9.0 ** np.exp(-0.8), rel=1e-4)
    assert odds[4000] == pytest.approx(1.0, rel=1e-4)
    (state,) = model.update_all([seen(4500, happiness=0.9)])  # a gap: it begins anew
    assert state.expression.probabilities[1] == pytest.approx(0.9, rel=1e-4)


def test_after_a_long_gap_it_begins_anew() -> None:
    model = TemporalModel(Adder())
    model.update_all([seen(0)])
    model.update_all([seen(400)])
    assert steps(model) == [11.0, 2.0]
    model.update_all([seen(841)])
    assert steps(model) == [1.0, 1.0]


def test_all_faces_in_one_call_and_none_mixes() -> None:
    engine = Adder()
    model = TemporalModel(engine)
    model.update_all([seen(0), seen(0, 'f2')])
    model.update_all([seen(40)])
    model.update_all([seen(120), seen(120, 'f2')])
    # Both at once; f1; then the steps that they missed: f1 one, f2 two of them; both again.
    assert engine.calls == [2, 1, 2, 1, 2]
    assert steps(model) == [4.0, 3.0]
    assert steps(model, 'f2') == [4.0, 2.0]


def test_no_face_is_no_call() -> None:
    engine = Adder()
    assert TemporalModel(engine).update_all([]) == []
    assert engine.calls == []


@pytest.mark.parametrize('stamp_ms', [40, 39, -5])
def test_time_never_goes_back(stamp_ms: int) -> None:
    model = TemporalModel(Adder())
    model.update_all([seen(40)])
    before = steps(model)
    with pytest.raises(DataError, match=f'expected a stamp after {40 * MS}, found'):
        model.update_all([seen(80, 'f2'), seen(stamp_ms)])
    # Nothing was changed, and it goes on.
    assert set(model._memories) == {'f1'}
    assert steps(model) == before
    model.update_all([seen(80)])


def test_two_faces_with_one_id_are_refused_by_name() -> None:
    model = TemporalModel(Adder())
    with pytest.raises(DataError, match='expected each id once a frame, found f1 more than once'):
        model.update_all([seen(0), seen(0, 'f2'), seen(0)])
    assert model._memories == {}


def test_a_face_that_ends_is_forgotten() -> None:
    model = TemporalModel(Adder())
    model.update_all([seen(0, happiness=0.9), seen(0, 'f2')])
    model.forget(['f1', 'nobody'])
    assert set(model._memories) == {'f2'}
    model.reset()
    assert model._memories == {}


def test_memory_of_a_face_is_small_and_does_not_grow() -> None:
    model = TemporalModel(load_engine('fer-temporal-r2', Task.TEMPORAL_EXPRESSION))
    for index in range(300):
        model.update_all([emotion(index * 10, 0.3)])
    memory = model._memories['f1']
    arrays = (memory.before, memory.after, memory.step.logarithms)
    assert sum(array.nbytes for array in arrays) < 1000
    assert len(model._courses._phases['f1']._past) <= 180


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ({'step_ms': 0}, 'expected the option step_ms, a positive number, found 0'),
        ({'step_ms': None}, 'expected the option step_ms'),
        ({'max_gap_ms': 20}, 'expected a step, a longer gap'),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        TemporalModel(Adder(**options))


def test_other_labels_are_refused() -> None:
    other = Observation('f1', expression(('neutral', 'awe'), awe=0.5), 1.0, 0)
    with pytest.raises(ConfigError, match='temporal_model: expected the labels'):
        TemporalModel(Adder()).update_all([other])


# The shipped net


def emotion(stamp_ms: float, happiness: float, face_id: str = 'f1') -> Observation:
    shown: Expression = expression(EMOTIONS, happiness=happiness)
    return Observation(face_id, shown, 1.0, round(stamp_ms * MS))


def smile(rate_hz: float) -> list[TemporalState]:
    """Follow a smile from 1.0 to 2.5 s of 3.5, rising and falling within 0.2 s."""
    model = TemporalModel(load_engine('fer-temporal-r2', Task.TEMPORAL_EXPRESSION))
    states = []
    for index in range(round(3.5 * rate_hz)):
        seconds = index / rate_hz
        share = float(np.interp(seconds, (1.0, 1.2, 2.5, 2.7), (0.02, 0.95, 0.95, 0.02)))
        states += model.update_all([emotion(seconds * 1000, share)])
    return states


@pytest.mark.parametrize('rate_hz', [8, 10, 15, 25, 30, 60])
def test_one_smile_is_one_event_at_any_rate(rate_hz: float) -> None:
    states = smile(rate_hz)
    events = [event for state in states for event in state.events]
    assert [event.kind for event in events] == list(EventKind)
    assert {event.label for event in events} == {'happiness'}
    end = events[-1]
    # As exact as frames that are this far apart allow.
    assert end.onset_ns == pytest.approx(1.05e9, abs=0.1e9 + 1e9 / rate_hz)
    assert end.offset_ns == pytest.approx(2.55e9, abs=0.1e9 + 1e9 / rate_hz)
    phases = [state.phase for state in states]
    assert sorted(set(phases), key=phases.index) == list(Phase)
    told = [state.label for state in states]
    assert told[0] == told[-1] == 'neutral'
    assert len(list(groupby(told))) == 3


def test_a_face_that_stays_as_it_is_says_the_same_for_minutes() -> None:
    model = TemporalModel(load_engine('fer-temporal-r2', Task.TEMPORAL_EXPRESSION))
    told = [model.update_all([emotion(index * 40, 0.9)])[0] for index in range(3000)]
    assert {state.label for state in told[10:]} == {'happiness'}
    assert {state.phase for state in told[40:]} == {Phase.APEX}
    assert told[-1].intensity == pytest.approx(told[100].intensity, abs=0.1)


def test_the_same_frames_give_the_same_numbers() -> None:
    one, other = smile(30), smile(30)
    for state, again in zip(one, other):
        assert state.expression.probabilities.tobytes() == again.expression.probabilities.tobytes()
        assert (state.intensity, state.phase_started_ns) == (
            again.intensity, again.phase_started_ns
        )  # fmt: skip


def test_settings_hold_from_the_next_frame() -> None:
    model = TemporalModel(Adder(), TemporalConfig(onset_intensity=0.4))
    model.update_all([seen(0)])
    model.config = TemporalConfig(onset_intensity=0.02, offset_intensity=0.01)
    (state,) = model.update_all([seen(40)])
    assert state.phase is Phase.ONSET
