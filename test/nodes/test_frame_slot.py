from __future__ import annotations

import threading

from fer_ros.nodes.frame_slot import FrameSlot

JOIN_S = 30.0  # only ends a test that would hang


def test_the_newest_wins_and_what_it_replaced_is_told() -> None:
    slot: FrameSlot[str] = FrameSlot()
    assert [slot.put(item) for item in ('one', 'two', 'three')] == [False, True, True]
    assert slot.take() == 'three'
    # Taken is not replaced.
    assert slot.put('four') is False
    assert slot.take() == 'four'


def test_a_closed_slot_gives_nothing() -> None:
    slot: FrameSlot[str] = FrameSlot()
    slot.put('one')
    slot.close()
    assert slot.take() is None
    slot.put('two')
    assert slot.take() is None


def test_closing_wakes_who_waits() -> None:
    slot: FrameSlot[str] = FrameSlot()
    taken: list[str | None] = []
    threads = [threading.Thread(target=lambda: taken.append(slot.take())) for _ in range(3)]
    for thread in threads:
        thread.start()
    slot.close()
    for thread in threads:
        thread.join(JOIN_S)
    assert taken == [None] * 3


def test_nothing_is_lost_or_doubled_between_threads() -> None:
    slot: FrameSlot[int] = FrameSlot()
    taken: list[int] = []

    def work() -> None:
        while (item := slot.take()) is not None:
            taken.append(item)

    worker = threading.Thread(target=work)
    worker.start()
    count = 5000
    replaced = sum(slot.put(index) for index in range(count))
    while slot._items and worker.is_alive():
        pass
    slot.close()
    worker.join(JOIN_S)
    assert not worker.is_alive()
    assert taken == sorted(set(taken))
    assert taken[-1] == count - 1
    assert len(taken) + replaced == count


def test_each_key_has_a_slot_of_its_own() -> None:
    slot: FrameSlot[str] = FrameSlot()
    assert [slot.put('a1', 'a'), slot.put('b1', 'b'), slot.put('a2', 'a')] == [False, False, True]
    # The newest of a, which waits longest, before b.
    assert [slot.take(), slot.take()] == ['a2', 'b1']
