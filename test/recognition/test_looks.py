from __future__ import annotations

import numpy as np
import pytest

from fer_ros.errors import ConfigError
from fer_ros.recognition.attention import Attention, AttentionConfig, Glance, motion
from fer_ros.taxonomy import Phase

MS = 1_000_000
REST = np.zeros((10, 2), np.float32)


def glance(stamp_ms: int, moved: float = 0.0, face_id: str = 'f1') -> Glance:
    return Glance(face_id, stamp_ms * MS, REST + np.float32(moved))


def settled(**settings: object) -> Attention:
    """Return an attention that has seen a calm, certain f1 at 0 ms."""
    attention = Attention(AttentionConfig(adaptive=True, **settings))  # type: ignore[arg-type]
    assert attention.choose([glance(0)]) == [True]
    attention.saw('f1', Phase.NEUTRAL, 0.9)
    return attention


def test_by_default_every_face_is_looked_at() -> None:
    attention = Attention()
    for index in range(5):
        assert attention.choose([glance(index), glance(index, face_id='f2')]) == [True, True]
    assert attention.skipped == {'still': 0, 'budget': 0, 'short': 0}


def test_a_still_face_is_looked_at_again_after_a_while() -> None:
    attention = settled(max_skip_s=0.2)
    looks = [attention.choose([glance(stamp)])[0] for stamp in (33, 66, 100, 133, 166, 200, 233)]
    assert looks == [False] * 5 + [True, True]  # 233: not seen by anybody yet, so uncertain
    assert attention.skipped['still'] == 5


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
    attention = Attention(AttentionConfig(max_faces=2))
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
    assert motion(REST, moved) < 0.2
    assert motion(REST, REST + np.float32(0.03)) == pytest.approx(0.03 * 2**0.5)


@pytest.mark.parametrize(
    'settings', [{'max_skip_s': -1.0}, {'still_motion': 1.5}, {'sure': 2.0}, {'max_faces': -1}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, float]) -> None:
    (name,) = settings
    with pytest.raises(ConfigError, match=f'{name}: expected'):
        AttentionConfig(**settings)  # type: ignore[arg-type]
