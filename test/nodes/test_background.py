from __future__ import annotations

import threading

import pytest

from fer_ros.nodes import background as background_module
from fer_ros.nodes.background import Background


def test_what_is_asked_for_is_done_elsewhere_and_before_the_end() -> None:
    done: list[threading.Thread] = []

    def work() -> None:
        done.append(threading.current_thread())

    background = Background(work, failed=print)
    for _ in range(3):
        background.ask()
    background.stop()
    assert len(done) == 3
    assert set(done) != {threading.current_thread()}
    assert not done[0].is_alive()


def test_a_failure_is_told_and_followed_by_others() -> None:
    done: list[int] = []
    errors: list[Exception] = []

    def work() -> None:
        done.append(len(done))
        if len(done) == 2:
            raise ValueError('no')

    background = Background(work, failed=errors.append)
    for _ in range(4):
        background.ask()
    background.stop()
    assert len(done) == 4
    assert [str(error) for error in errors] == ['no']


def test_it_is_done_again_when_it_is_time() -> None:
    done = threading.Event()
    times: list[float | None] = [0.001, 0.001, None]

    def work() -> float | None:
        again_s = times.pop(0)
        if again_s is None:
            done.set()
        return again_s

    background = Background(work, failed=print)
    background.ask()
    assert done.wait(30.0)
    assert background.stop()
    assert not times


def test_work_that_never_ends_does_not_hold_who_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background_module, 'STUCK_S', 0.01)
    leave = threading.Event()
    background = Background(lambda: leave.wait(30.0) and None, failed=print)
    background.ask()
    assert not background.stop()
    leave.set()
    monkeypatch.undo()
    assert background.stop()
