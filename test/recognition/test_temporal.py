from __future__ import annotations

import math

import numpy as np
import pytest
from made_faces import expression

from fer_ros.errors import ConfigError, DataError
from fer_ros.recognition.temporal import TemporalConfig, TemporalFilter, TemporalState
from fer_ros.taxonomy import Phase
from fer_ros.types import Expression

NS = 1_000_000_000
SLOW = TemporalConfig(smoothing_s=0.2)


def two(happiness: float) -> Expression:
    """Return an expression between neutral and happiness."""
    return expression(('neutral', 'happiness'), happiness=happiness)


def share(state: TemporalState) -> float:
    return float(state.expression.probabilities[1])


def run(
    filter_: TemporalFilter, shares: list[float], *, step_ns: int = NS // 10, weight: float = 1.0
) -> list[TemporalState]:
    return [
        filter_.update('f1', two(value), weight=weight, stamp_ns=index * step_ns)
        for index, value in enumerate(shares)
    ]


def phases(*shares: float, config: TemporalConfig | None = None) -> list[Phase]:
    config = config or TemporalConfig(smoothing_s=0.0)
    return [state.phase for state in run(TemporalFilter(config), list(shares))]


def test_the_first_frame_is_taken_as_it_is() -> None:
    (state,) = run(TemporalFilter(SLOW), [0.75])
    assert share(state) == 0.75
    assert state.label == 'happiness'
    assert state.phase is Phase.ONSET
    assert state.phase_started_ns == 0


def test_one_step_by_hand() -> None:
    # From 0.5 to 0.6 the change is 0.1: the time constant is 0.2 s * 0.9^2 = 0.162 s, so 0.1 s
    # later 1 - e^(-0.1 / 0.162) = 0.46061 of the way is done.
    states = run(TemporalFilter(SLOW), [0.5, 0.6])
    assert share(states[1]) == pytest.approx(0.5 + 0.1 * (1 - math.exp(-0.1 / 0.162)), abs=1e-6)
    assert share(states[1]) == pytest.approx(0.546061, abs=1e-5)


def test_a_doubtful_frame_counts_less() -> None:
    # Half the weight is twice the time constant.
    states = run(TemporalFilter(SLOW), [0.5, 0.6], weight=0.5)
    assert share(states[1]) == pytest.approx(0.5 + 0.1 * (1 - math.exp(-0.1 / 0.324)), abs=1e-6)


def test_a_useless_frame_still_lets_the_past_fade() -> None:
    # Weights end at 0.05: a time constant of 0.162 s / 0.05 = 3.24 s.
    states = run(TemporalFilter(SLOW), [0.5, 0.6], weight=0.0)
    assert share(states[1]) == pytest.approx(0.5 + 0.1 * (1 - math.exp(-0.1 / 3.24)), abs=1e-6)


@pytest.mark.parametrize('rate', [5, 10, 15, 30, 60, 120])
def test_same_course_at_any_rate(rate: int) -> None:
    # Towards 0.55 for 0.6 s: at most 5 % of change, so the time constant is about 0.19 s.
    shares = [0.5, *[0.55] * round(0.6 * rate)]
    states = run(TemporalFilter(SLOW), shares, step_ns=NS // rate)
    assert share(states[-1]) == pytest.approx(0.55 - 0.05 * math.exp(-0.6 / 0.19), abs=5e-4)


def test_same_course_when_frames_drop() -> None:
    whole, dropped = TemporalFilter(SLOW), TemporalFilter(SLOW)
    course = [0.5 + 0.05 * min(index, 10) / 10 for index in range(61)]
    for index, value in enumerate(course):
        stamp_ns = index * NS // 60
        state = whole.update('f1', two(value), weight=1.0, stamp_ns=stamp_ns)
        if index == 0 or (index > 20 and index % 7 == 0) or index == 60:
            other = dropped.update('f1', two(value), weight=1.0, stamp_ns=stamp_ns)
    assert share(other) == pytest.approx(share(state), abs=1e-3)


def test_yields_to_a_large_certain_change() -> None:
    # Nothing in common: 0.2 s * 0.01^2 is no time at all.
    assert share(run(TemporalFilter(SLOW), [0.0, 1.0], step_ns=NS // 30)[1]) > 0.999
    # A small change of the same kind is smoothed away.
    assert share(run(TemporalFilter(SLOW), [0.0, 0.1], step_ns=NS // 30)[1]) < 0.03


def test_noise_is_damped() -> None:
    rng = np.random.default_rng(0)
    noisy = np.clip(0.6 + rng.normal(0.0, 0.05, 300), 0.0, 1.0).tolist()
    states = run(TemporalFilter(SLOW), noisy, step_ns=NS // 30)
    assert np.std([share(state) for state in states[60:]]) < 0.5 * np.std(noisy[60:])


def test_without_smoothing_every_frame_is_its_own() -> None:
    states = run(TemporalFilter(TemporalConfig(smoothing_s=0.0)), [0.5, 0.55, 0.125])
    assert [share(state) for state in states] == pytest.approx([0.5, 0.55, 0.125])


def test_a_label_is_kept_until_a_rival_leads_by_the_margin() -> None:
    config = TemporalConfig(smoothing_s=0.0, label_margin=0.05)
    states = run(TemporalFilter(config), [0.48, 0.51, 0.52, 0.53, 0.49, 0.48, 0.47])
    # Leads of happiness: -4, 2, 4, 6 %; then of neutral: 2, 4, 6 %.
    happy = [state.label == 'happiness' for state in states]
    assert happy == [False, False, False, True, True, True, False]
    # Confidence is that of the label that is told, not of the largest.
    assert states[1].expression.confidence == pytest.approx(0.49)


def test_a_rival_that_leads_for_long_takes_over() -> None:
    config = TemporalConfig(smoothing_s=0.0, label_margin=0.35)
    states = run(TemporalFilter(config), [0.4, *[0.6] * 8])
    # It leads by 0.2 from 0.1 s on, and for half a second at 0.6 s.
    assert [state.label == 'happiness' for state in states] == [False] * 6 + [True] * 3
    # Who falls back in between begins anew.
    states = run(TemporalFilter(config), [0.4, 0.6, 0.6, 0.6, 0.4, 0.6, 0.6, 0.6, 0.6])
    assert {state.label for state in states} == {'neutral'}


def test_valence_follows_the_smoothed_distribution() -> None:
    states = run(TemporalFilter(SLOW), [0.5, 0.6])
    assert states[1].expression.valence == pytest.approx(0.76 * share(states[1]))
    assert states[1].expression.arousal == pytest.approx(0.48 * share(states[1]))
    assert states[1].expression.probabilities.sum() == pytest.approx(1.0)


def test_course_of_an_episode() -> None:
    # It begins at 0.4, is at its apex from 0.85 of its peak of 0.9 (0.765), and over below 0.25.
    shares = (0.0, 0.3, 0.45, 0.7, 0.9, 0.9, 0.8, 0.76, 0.5, 0.26, 0.2, 0.3)
    N, ON, A, OFF = Phase
    assert phases(*shares) == [N, N, ON, ON, ON, A, A, OFF, OFF, OFF, N, N]


def test_rises_again_before_it_is_over() -> None:
    N, ON, A, OFF = Phase
    # The second peak is its own: 0.55 is the apex of 0.6, though not of 0.9.
    shares = (0.0, 0.9, 0.9, 0.5, 0.6, 0.6, 0.55, 0.4)
    assert phases(*shares) == [N, ON, A, OFF, ON, A, A, OFF]
    # A rise below the onset's limit is none.
    assert phases(0.0, 0.9, 0.9, 0.3, 0.35) == [N, ON, A, OFF, OFF]


def test_a_phase_knows_when_it_began() -> None:
    states = run(TemporalFilter(TemporalConfig(smoothing_s=0.0)), [0.0, 0.5, 0.7, 0.9, 0.9, 0.0])
    began = [round(state.phase_started_ns * 100 / NS) for state in states]
    # A fifth of the way from 0 to 0.5; 0.81 between 0.7 and 0.9; a fifth of the way down to 0.
    assert began == [0, 2, 2, 2, 26, 42]


def test_intensity_is_what_is_beyond_rest() -> None:
    filter_ = TemporalFilter()
    shown = expression(neutral=0.25, happiness=0.5, surprise=0.25)
    # Of a stranger's rest, 0.12 is expected: (0.75 - 0.12) / (1 - 0.12).
    state = filter_.update('f1', shown, weight=1.0, stamp_ns=0)
    assert state.intensity == pytest.approx(0.63 / 0.88, abs=1e-4)
    bare = expression(('anger', 'fear'), fear=0.5)
    assert filter_.update('f2', bare, weight=1.0, stamp_ns=0).intensity == 1.0


@pytest.mark.parametrize('stamp_ns', [NS, NS - 1, 0, -5])
def test_time_never_goes_back(stamp_ns: int) -> None:
    filter_ = TemporalFilter()
    filter_.update('f1', two(0.5), weight=1.0, stamp_ns=NS)
    with pytest.raises(DataError, match=f'expected a stamp after {NS}, found {stamp_ns}'):
        filter_.update('f1', two(0.5), weight=1.0, stamp_ns=stamp_ns)


def test_faces_do_not_mix() -> None:
    filter_ = TemporalFilter(SLOW)
    filter_.update('f1', two(0.0), weight=1.0, stamp_ns=0)
    state = filter_.update('f2', two(0.1), weight=1.0, stamp_ns=1)
    assert share(state) == pytest.approx(0.1)


def test_forgets_faces_and_everything() -> None:
    filter_ = TemporalFilter(SLOW)
    for face_id in ('f1', 'f2', 'f3'):
        filter_.update(face_id, two(0.0), weight=1.0, stamp_ns=NS)
    filter_.forget(['f1', 'nobody'])
    # Who comes back after that is somebody new, and may be older than the one before.
    assert share(filter_.update('f1', two(0.1), weight=1.0, stamp_ns=0)) == pytest.approx(0.1)
    assert share(filter_.update('f2', two(0.1), weight=1.0, stamp_ns=NS + 1)) < 0.001
    filter_.reset()
    assert share(filter_.update('f3', two(0.1), weight=1.0, stamp_ns=0)) == pytest.approx(0.1)


def test_memory_is_bounded_by_forgetting() -> None:
    filter_ = TemporalFilter()
    for index in range(200):
        filter_.update(f'f{index}', two(0.5), weight=1.0, stamp_ns=index)
        filter_.forget([f'f{index - 3}'])
    assert set(filter_._memories) == {'f197', 'f198', 'f199'}


def test_new_settings_hold_from_the_next_frame() -> None:
    filter_ = TemporalFilter(SLOW)
    run(filter_, [0.5])
    filter_.config = TemporalConfig(smoothing_s=0.0)
    state = filter_.update('f1', two(0.6), weight=1.0, stamp_ns=1)
    assert share(state) == pytest.approx(0.6)


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        ({'smoothing_s': -0.1}, 'smoothing_s: expected seconds in [0, 10], found -0.1'),
        ({'smoothing_s': math.nan}, 'smoothing_s: expected seconds in [0, 10], found nan'),
        ({'label_margin': 1.1}, 'label_margin: expected a number in [0, 1], found 1.1'),
        ({'apex_share': -1.0}, 'apex_share: expected a number in [0, 1], found -1.0'),
        (
            {'onset_intensity': 0.2, 'offset_intensity': 0.3},
            'offset_intensity: expected at most onset_intensity (0.2), found 0.3',
        ),
    ],
)
def test_refuses_what_is_out_of_range(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TemporalConfig(**settings)
    assert str(caught.value) == words
