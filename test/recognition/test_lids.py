"""A blink is told from closed eyes by its course."""

from fer_ros.recognition.lids import LidCourse

MS = 1_000_000


def course(*frames: tuple[int, float]) -> list[tuple[float, float]]:
    lids = LidCourse()
    return [lids.update('a', closure, stamp_ns=ms * MS) for ms, closure in frames]


def test_lids_that_close_and_open_fast_blink() -> None:
    found = course((0, 0.0), (66, 0.3), (133, 0.9), (200, 0.5), (266, 0.0))
    assert found == [(0.0, 0.0), (0.0, 0.3), (0.0, 0.9), (0.0, 0.5), (0.0, 0.0)]


def test_lids_that_stay_down_for_half_a_second_are_closed() -> None:
    found = course((0, 0.0), (100, 0.9), (400, 0.9), (600, 0.9), (900, 0.9))
    assert found == [(0.0, 0.0), (0.0, 0.9), (0.0, 0.9), (0.9, 0.0), (0.9, 0.0)]


def test_lids_that_sink_slowly_are_closed_at_once() -> None:
    found = course((0, 0.0), (500, 0.3), (1000, 0.6))
    assert found == [(0.0, 0.0), (0.3, 0.0), (0.6, 0.0)]


def test_eyes_that_are_closed_when_first_seen_do_not_blink() -> None:
    assert course((0, 0.8), (33, 0.8)) == [(0.8, 0.0), (0.8, 0.0)]


def test_forgets() -> None:
    lids = LidCourse()
    lids.update('a', 0.0, stamp_ns=0)
    lids.forget(['a'])
    assert lids.update('a', 0.9, stamp_ns=50 * MS) == (0.9, 0.0)
