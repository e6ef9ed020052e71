from __future__ import annotations

import numpy as np
import pytest

from fer_ros.errors import ConfigError
from fer_ros.recognition.attention import Attention, AttentionConfig, Glance, has_moved
from fer_ros.taxonomy import Phase

MS = 1_000_000
REST = np.zeros((10, 2), np.float32)


def glance(stamp_ms: int, moved: float = 0.0, face_id: str = 'f1') -> Glance:
    return Glance(face_id, stamp_ms * MS, REST + np.float32(moved))


def settled(**settings: object) -> Attention:
    """Return an attention that has seen a calm, certain f1 at 0 ms."""
    attention = Attention(AttentionConfig(**settings))  # type: ignore[arg-type]
    assert attention.choose([glance(0)]) == [True]
    attention.saw('f1', Phase.NEUTRAL, 0.9)
    return attention


def test_not_adaptive_is_every_face_in_every_frame() -> None:
    attention = Attention(AttentionConfig(adaptive=False))
    for index in range(5):
        assert attention.choose([glance(index), glance(index, face_id='f2')]) == [True, True]
    assert attention.skipped == {'still': 0, 'budget': 0, 'short': 0}


def test_a_still_face_is_looked_at_again_after_a_while() -> None:
    attention = settled(max_skip_s=0.2)
    looks = [attention.choose([glance(stamp)])[0] for stamp in (33, 66, 100, 133, 166, 200, 233)]
    assert looks == [False] * 5 + [True, True]  # 233: not seen by anybody yet, so uncertain
    assert attention.skipped['still'] == 5


@pytest.mark.parametrize(
    ('rate_hz', 'frames_between'), [(10, 1), (15, 1), (25, 2), (30, 3), (60, 6)]
)
def test_looks_are_a_whole_number_of_frames_apart_though_stamps_tremble(
    rate_hz: int, frames_between: int
) -> None:
    attention = Attention()
    tremble = np.random.default_rng(0).uniform(-1e6, 1e6, 90).astype(int)
    looks = []
    for index, late_ns in enumerate(tremble):
        seen = Glance('f1', index * 1_000_000_000 // rate_hz + int(late_ns), REST)
        if attention.choose([seen])[0]:
            looks.append(index)
            attention.saw('f1', Phase.NEUTRAL, 0.9)
    assert set(np.diff(looks)) == {frames_between}


@pytest.mark.parametrize(('faces', 'most'), [(2, 1), (3, 1), (4, 2), (16, 6)])
def test_a_group_is_not_looked_at_all_in_one_frame(faces: int, most: int) -> None:
    attention, crowd = Attention(), [f'f{index}' for index in range(faces)]
    last_ms = dict.fromkeys(crowd, 0)
    counts = []
    for stamp_ms in range(0, 2000, 33):
        looked = attention.choose([glance(stamp_ms, face_id=one) for one in crowd])
        for face_id, look in zip(crowd, looked):
            if look:
                assert stamp_ms - last_ms[face_id] <= 100
                last_ms[face_id] = stamp_ms
                attention.saw(face_id, Phase.NEUTRAL, 0.9)
        counts.append(sum(looked))
    # All are new; then all are due at once, once.
    assert counts[:4] == [faces, 0, 0, faces]
    assert max(counts[4:]) == most
    # And they are not looked at more often for it: a third of the faces a frame.
    assert sum(counts[5:-1]) <= (len(counts) - 6) * faces / 3 + most


def test_what_moves_is_looked_at_at_once() -> None:
    attention = settled(still_motion=0.01)
    # Two tenths of a square's diagonal: 0.007 * sqrt(2) is just below, 0.0075 just above.
    assert attention.choose([glance(33, 0.007)]) == [False]
    assert attention.choose([glance(66, 0.0075)]) == [True]


@pytest.mark.parametrize(
    ('phase', 'certainty', 'looked'),
    [
        (Phase.NEUTRAL, 0.9, False), (Phase.APEX, 0.9, False),
        (Phase.ONSET, 0.9, True), (Phase.OFFSET, 0.9, True), (Phase.NEUTRAL, 0.5, True),
    ],
)  # fmt: skip
def test_onsets_offsets_and_doubt_at_full_rate(
    phase: Phase, certainty: float, looked: bool
) -> None:
    attention = settled()
    attention.saw('f1', phase, certainty)
    assert attention.choose([glance(33)]) == [looked]


def test_a_budget_takes_those_who_wait_longest() -> None:
    attention = Attention(AttentionConfig(adaptive=False, max_faces=2))
    crowd = ('f1', 'f2', 'f3')
    chosen = [
        attention.choose([glance(stamp, face_id=one) for one in crowd])
        for stamp in (0, 33, 66, 100)
    ]
    # All are new; then the first of equals and, by turns, one of the others.
    assert chosen == [[True, True, True], [True, True, False], [True, False, True]] + [
        [True, True, False]
    ]
    assert attention.skipped == {'still': 0, 'budget': 3, 'short': 0}


def test_forgets_but_keeps_counting() -> None:
    attention = settled()
    attention.choose([glance(33)])
    attention.forget(['f1', 'nobody'])
    assert attention._last == {}
    assert attention.choose([glance(66)]) == [True]
    attention.reset()
    assert attention.skipped['still'] == 1
    attention.saw('nobody', Phase.APEX, 1.0)
    assert attention._last == {}


def test_a_tenth_of_the_landmarks_may_jump() -> None:
    moved = REST.copy()
    moved[0] = 1.0
    assert not has_moved(REST, moved, 0.01)
    moved[1] = 1.0
    assert has_moved(REST, moved, 0.01)
    assert has_moved(REST, REST + np.float32(0.03), 0.042)
    assert not has_moved(REST, REST + np.float32(0.03), 0.043)


@pytest.mark.parametrize(
    'settings', [{'max_skip_s': -1.0}, {'still_motion': 1.5}, {'sure': 2.0}, {'max_faces': -1}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    (name,) = settings
    with pytest.raises(ConfigError, match=f'{name}: expected'):
        AttentionConfig(**settings)  # type: ignore[arg-type]
