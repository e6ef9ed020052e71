import math

import pytest

from fer_ros.errors import DataError
from fer_ros.generation.requests import MAX_WAITING, Arbiter, Request, RequestState

S = 1_000_000_000
DONE, ACTIVE, PREEMPTED = RequestState.DONE, RequestState.ACTIVE, RequestState.PREEMPTED


def states(changes: list) -> list[tuple[str, RequestState]]:  # type: ignore[type-arg]
    return [(change.request.request_id, change.state) for change in changes]


def ask(arbiter: Arbiter, name: str, at_s: float, **fields: object) -> list:  # type: ignore[type-arg]
    request = Request(expression='happy', request_id=name, **fields)  # type: ignore[arg-type]
    return states(arbiter.submit(request, 2.0, round(at_s * S)))


def test_a_request_lasts_as_long_as_it_says_or_the_library_does() -> None:
    arbiter = Arbiter()
    assert ask(arbiter, 'a', 0.0, duration_s=3.0) == [('a', ACTIVE)]
    assert arbiter.update(round(2.9 * S)) == []
    assert states(arbiter.update(3 * S)) == [('a', DONE)]
    assert arbiter.active is None
    ask(arbiter, 'b', 4.0)
    assert arbiter.next_ns == 6 * S


def test_a_higher_one_preempts_and_gives_back() -> None:
    arbiter = Arbiter()
    ask(arbiter, 'low', 0.0, priority=10, duration_s=5.0)
    assert ask(arbiter, 'high', 1.0, priority=20, duration_s=1.0) == [
        ('low', PREEMPTED), ('high', ACTIVE)
    ]  # fmt: skip
    assert states(arbiter.update(2 * S)) == [('high', DONE), ('low', ACTIVE)]
    assert states(arbiter.update(5 * S)) == [('low', DONE)]


def test_one_that_is_out_of_time_does_not_come_back() -> None:
    arbiter = Arbiter()
    ask(arbiter, 'low', 0.0, priority=10, duration_s=1.5)
    ask(arbiter, 'high', 1.0, priority=20, duration_s=1.0)
    assert states(arbiter.update(2 * S)) == [('low', DONE), ('high', DONE)]


def test_a_lower_one_waits() -> None:
    arbiter = Arbiter()
    ask(arbiter, 'high', 0.0, priority=20, duration_s=1.0)
    assert ask(arbiter, 'low', 0.5, priority=10) == [('low', RequestState.WAITING)]
    assert states(arbiter.update(1 * S)) == [('high', DONE), ('low', ACTIVE)]


def test_an_equal_one_replaces_or_queues() -> None:
    arbiter = Arbiter()
    ask(arbiter, 'a', 0.0)
    assert ask(arbiter, 'b', 0.5) == [('a', DONE), ('b', ACTIVE)]
    assert ask(arbiter, 'c', 0.6, queue=True) == [('c', RequestState.WAITING)]
    assert ask(arbiter, 'd', 0.7, queue=True) == [('d', RequestState.WAITING)]
    # Each queued one has its whole time.
    assert states(arbiter.update(round(2.5 * S))) == [('b', DONE), ('c', ACTIVE)]
    assert states(arbiter.update(round(4.5 * S))) == [('c', DONE), ('d', ACTIVE)]
    assert states(arbiter.update(round(6.5 * S))) == [('d', DONE)]


def test_the_same_id_takes_its_own_place() -> None:
    arbiter = Arbiter()
    ask(arbiter, 'a', 0.0, priority=5, duration_s=100.0)
    ask(arbiter, 'a', 1.0, priority=7, duration_s=1.0)
    arbiter.update(2 * S)
    assert arbiter.active is None


def test_a_crowd_of_lower_ones_does_not_shut_out_a_higher_one() -> None:
    arbiter = Arbiter()
    for number in range(MAX_WAITING):
        ask(arbiter, f'n{number}', 0.0, priority=5 + number, duration_s=9.0)
    assert ask(arbiter, 'low', 0.1, priority=1) == [('low', RequestState.REFUSED)]
    # An equal one takes the place of its equal, a higher one that of the least.
    assert ask(arbiter, 'same', 0.2, priority=9)[0] == ('n4', DONE)
    assert ask(arbiter, 'high', 0.3, priority=200) == [
        ('n0', RequestState.REFUSED), ('n31', PREEMPTED), ('high', ACTIVE)
    ]  # fmt: skip


def test_too_many_are_refused() -> None:
    arbiter = Arbiter()
    for number in range(MAX_WAITING):
        ask(arbiter, str(number), 0.0, queue=True)
    assert ask(arbiter, 'one more', 0.0, queue=True) == [('one more', RequestState.REFUSED)]
    assert len(arbiter.cancel(0)) == MAX_WAITING


@pytest.mark.parametrize(
    ('field', 'value'),
    [
        ('duration_s', 1e9),
        ('duration_s', math.nan),
        ('duration_s', -1.0),
        ('intensity', 1.5),
        ('valence', math.nan),
        ('arousal', math.inf),
        ('priority', 256),
        ('share', -0.1),
    ],
)
def test_numbers_that_make_no_sense_are_refused(field: str, value: float) -> None:
    with pytest.raises(DataError, match=f'request: {field}: expected a number in'):
        Request(expression='happy', **{field: value})  # type: ignore[arg-type]
