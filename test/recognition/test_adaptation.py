from __future__ import annotations

import math

import numpy as np
import pytest
from made_faces import expression

from fer_ros.errors import ConfigError
from fer_ros.recognition.adaptation import FLOOR, AdaptationConfig, Adapter, Reference, rest
from fer_ros.taxonomy import EMOTIONS

STEP_NS = 100_000_000
# Neutral people: nine tenths neutral, a tenth shared by two.
USUAL = expression(neutral=0.9, happiness=0.05, sadness=0.05).probabilities
RESTING = Reference.of(np.stack([USUAL] * 3), EMOTIONS)
FROWN = expression(neutral=0.5, anger=0.45, sadness=0.05)
TORN = expression(neutral=0.4, anger=0.45, sadness=0.15)


def adapter(**settings: object) -> Adapter:
    return Adapter(RESTING, AdaptationConfig(**settings))  # type: ignore[arg-type]


def shown(
    taken: Adapter, what: object, seconds: float, face_id: str = 'f1', start_ns: int = 0
) -> tuple[object, int]:
    """Show a face for some time at ten frames a second; return the last answer and its stamp."""
    answer = None
    stamp_ns = start_ns
    for _ in range(round(seconds * 10)):
        stamp_ns += STEP_NS
        answer = taken.adapt(face_id, what, stamp_ns=stamp_ns)  # type: ignore[arg-type]
    return answer, stamp_ns


def test_off_it_changes_nothing() -> None:
    taken = adapter()
    answer, _ = shown(taken, FROWN, 20)
    assert answer is FROWN


def test_how_much_a_face_seems_at_rest() -> None:
    assert rest(USUAL, EMOTIONS) == 1.0
    assert rest(expression(neutral=0.12, anger=0.88).probabilities, EMOTIONS) == 0.0
    half = expression(neutral=0.3, anger=0.6, sadness=0.1).probabilities
    assert rest(half, EMOTIONS) == pytest.approx((0.5 - 0.2) / 0.8)
    assert rest(np.ones(1, np.float32), ('anger',)) == 0.0


def test_a_resting_frown_is_learned_and_taken_off() -> None:
    taken = adapter(person=True, person_s=5.0, max_shift=3.0)
    learned, stamp_ns = shown(taken, FROWN, 5)
    # The first frame has no past: 4.9 s at rest, beside 5 s for the usual.
    excess = math.log(0.45) - math.log(FLOOR)  # other people's anger is below the floor
    shift = min(excess - 0.3, 3.0) * 4.9 / 9.9
    expected = np.array([0.5, 0.45 * math.exp(-shift), 0.05])
    expected /= expected.sum()
    assert learned.probabilities[EMOTIONS.index('neutral')] == pytest.approx(expected[0], rel=1e-3)
    assert learned.dominant == 'neutral'
    # A torn frame of this person is neutral now; of another person it is anger as before.
    assert taken.adapt('f1', TORN, stamp_ns=stamp_ns + STEP_NS).dominant == 'neutral'
    assert taken.adapt('f2', TORN, stamp_ns=stamp_ns + STEP_NS).dominant == 'anger'
    # Full anger stays anger.
    rage = expression(neutral=0.05, anger=0.95)
    assert taken.adapt('f1', rage, stamp_ns=stamp_ns + 2 * STEP_NS).dominant == 'anger'


def test_a_face_clearer_than_usual_is_left_alone() -> None:
    clear = expression(neutral=0.98, happiness=0.02)
    answer, _ = shown(adapter(person=True), clear, 30)
    np.testing.assert_allclose(answer.probabilities, clear.probabilities, atol=0.003)


def test_somebody_who_is_always_angry_stays_so() -> None:
    angry = expression(neutral=0.1, anger=0.9)
    answer, _ = shown(adapter(person=True), angry, 60)
    np.testing.assert_allclose(answer.probabilities, angry.probabilities, atol=1e-4)


@pytest.mark.parametrize('kind', ['person', 'room'])
def test_the_correction_is_bounded(kind: str) -> None:
    # Both move a log probability by 0.5 at most: a ratio of two changes by a factor of e at most.
    taken = adapter(**{kind: True}, max_shift=0.5, person_s=1.0, room_s=5.0)
    answer, _ = shown(taken, FROWN, 100)
    before = math.log(0.45 / 0.5)
    after = math.log(
        answer.probabilities[EMOTIONS.index('anger')]
        / answer.probabilities[EMOTIONS.index('neutral')]
    )
    assert 0.2 < abs(after - before) <= 1.0 + 1e-4


def test_a_room_full_of_smiles_tips_a_torn_answer() -> None:
    taken = adapter(room=True, room_s=60.0)
    torn = expression(neutral=0.55, happiness=0.45)
    assert taken.adapt('f0', torn, stamp_ns=0).dominant == 'neutral'
    _, stamp_ns = shown(taken, expression(happiness=0.95, neutral=0.05), 300)
    assert taken.adapt('f9', torn, stamp_ns=stamp_ns + STEP_NS).dominant == 'happiness'
    # EM beside 60 s of the usual: shares of about (60 * .05 + 300 * .95) / 360 and its like.
    here = 60 * RESTING.prior + 300 * np.array([0.03, 0.97, 0, 0, 0, 0, 0, 0])
    shift = np.clip(np.log(here / here.sum() / RESTING.prior), -1, 1)
    expected = np.array([0.55, 0.45]) * np.exp(shift[:2])
    found = taken.adapt('f9', torn, stamp_ns=stamp_ns + 2 * STEP_NS).probabilities[:2]
    np.testing.assert_allclose(found / found.sum(), expected / expected.sum(), atol=0.03)


def test_the_room_outlives_a_face_and_a_person_does_not() -> None:
    taken = adapter(person=True, room=True)
    shown(taken, FROWN, 60)
    taken.forget(['f1'])
    fresh = adapter(person=True, room=True)
    assert taken.adapt('f1', TORN, stamp_ns=0).probabilities[EMOTIONS.index('anger')] != (
        pytest.approx(fresh.adapt('f1', TORN, stamp_ns=0).probabilities[4], abs=1e-3)
    )
    taken.reset()
    np.testing.assert_allclose(
        taken.adapt('f1', TORN, stamp_ns=0).probabilities,
        adapter(person=True, room=True).adapt('f1', TORN, stamp_ns=0).probabilities,
    )


def test_what_is_switched_off_is_forgotten() -> None:
    taken = adapter(room=True)
    shown(taken, expression(happiness=0.95, neutral=0.05), 300)
    taken.config = AdaptationConfig()
    assert taken.adapt('f2', TORN, stamp_ns=0) is TORN
    taken.config = AdaptationConfig(room=True)
    np.testing.assert_allclose(
        taken.adapt('f2', TORN, stamp_ns=0).probabilities, TORN.probabilities, atol=1e-5
    )


def test_the_course_is_one_of_time_and_not_of_frames() -> None:
    slow, fast = adapter(person=True, room=True), adapter(person=True, room=True)
    for step in range(1, 101):
        last = slow.adapt('f', FROWN, stamp_ns=step * STEP_NS)
    for step in range(1, 201):
        same = fast.adapt('f', FROWN, stamp_ns=step * STEP_NS // 2)
    np.testing.assert_allclose(last.probabilities, same.probabilities, atol=0.01)


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        ({'max_shift': 4.0}, 'max_shift: expected a number in [0, 3], found 4.0'),
        ({'max_shift': math.nan}, 'max_shift: expected'),
        ({'person_s': 0.0}, 'person_s: expected a positive number, found 0.0'),
        ({'room_s': -1.0}, 'room_s: expected a positive number'),
    ],
)
def test_refuses_what_is_out_of_range(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        AdaptationConfig(**settings)  # type: ignore[arg-type]
    assert words in str(caught.value)


@pytest.mark.parametrize(
    'entry',
    [None, {}, {'prior': [0.125] * 8}, {'prior': [0.1] * 7, 'resting': [0.0] * 8},
     {'prior': [0.0] * 8, 'resting': [0.0] * 8}, {'prior': 'much', 'resting': [0.0] * 8}],
)  # fmt: skip
def test_a_manifest_without_a_reference_is_one_line(entry: object) -> None:
    with pytest.raises(ConfigError, match=r'adaptation\.(prior|resting): expected') as caught:
        Reference.from_options({'adaptation': entry}, EMOTIONS)
    assert '\n' not in str(caught.value)
