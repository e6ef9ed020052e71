"""Beats on a clock of the test: it goes on when somebody sleeps, or when a beat takes its time."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from fer_ros.nodes import metronome
from fer_ros.nodes.metronome import Metronome

MS = 1_000_000


class Clock:
    """Stands in for the module ``time``."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.longest_s = 0.0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.longest_s = max(self.longest_s, seconds)
        self.now_ns += round(seconds * 1e9)


class Band:
    """Notes when it is called, and ends the music after some beats."""

    def __init__(self, clock: Clock, beats: int) -> None:
        self.clock, self.left = clock, beats
        self.at_ms: list[float] = []
        self.threads: list[threading.Thread] = []
        self.errors: list[Exception] = []
        self.over = threading.Event()
        self.takes_ms: dict[int, int] = {}

    def begin(self) -> None:
        self.threads.append(threading.current_thread())

    def beat(self) -> None:
        if self.over.is_set():
            return
        number = len(self.at_ms)
        self.at_ms.append(self.clock.now_ns / MS)
        self.threads.append(threading.current_thread())
        self.clock.now_ns += self.takes_ms.get(number, 0) * MS
        self.left -= 1
        if self.left <= 0:
            self.over.set()
            self.clock.sleep = threading.Event().wait  # type: ignore[method-assign]

    def play(self, period_s: float, beat: Callable[[], None] | None = None) -> None:
        """Play to the end, then stop."""
        playing = Metronome(
            period_s, beat or self.beat, begin=self.begin, failed=self.errors.append
        )
        assert self.over.wait(30.0)
        playing.stop()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(metronome, 'time', made)
    return made


def test_beats_are_at_multiples_of_the_period(clock: Clock) -> None:
    band = Band(clock, 6)
    band.takes_ms = {0: 3, 2: 25}  # the third one misses two others
    band.play(0.01)
    assert band.at_ms == [10, 20, 30, 60, 70, 80]


def test_a_long_period_is_slept_in_pieces(clock: Clock) -> None:
    band = Band(clock, 2)
    band.play(2.5)
    assert band.at_ms == [2500, 5000]
    assert clock.longest_s <= metronome.PATIENCE_NS / 1e9


def test_all_of_it_is_in_a_thread_of_its_own(clock: Clock) -> None:
    band = Band(clock, 3)
    band.play(0.01)
    assert len(band.threads) == 4
    assert len(set(band.threads)) == 1
    assert threading.current_thread() not in band.threads
    assert not band.threads[0].is_alive()  # stop has waited for it


def test_a_beat_that_fails_is_told_and_followed_by_others(clock: Clock) -> None:
    band = Band(clock, 4)

    def beat() -> None:
        band.beat()
        if len(band.at_ms) == 2:
            raise ValueError('out of tune')

    band.play(0.01, beat)
    assert band.at_ms == [10, 20, 30, 40]
    assert [str(error) for error in band.errors] == ['out of tune']


def test_no_beat_comes_after_stop(clock: Clock) -> None:
    entered, leave = threading.Event(), threading.Event()
    heard: list[str] = []

    def beat() -> None:
        heard.append('begun')
        entered.set()
        leave.wait(30.0)
        heard.append('done')

    playing = Metronome(0.01, beat, failed=pytest.fail)
    assert entered.wait(30.0)
    threading.Timer(0.05, leave.set).start()
    playing.stop()
    assert heard == ['begun', 'done']


def test_a_beat_that_never_ends_does_not_hold_who_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metronome, 'STUCK_S', 0.01)
    entered, leave = threading.Event(), threading.Event()

    def beat() -> None:
        entered.set()
        leave.wait(30.0)

    playing = Metronome(0.01, beat, failed=pytest.fail)
    assert entered.wait(30.0)
    assert not playing.stop()
    leave.set()
    monkeypatch.undo()
    assert playing.stop()
