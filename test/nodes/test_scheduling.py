from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from fer_ros.nodes import scheduling

pytestmark = pytest.mark.skipif(
    sys.platform != 'linux' or platform.machine() not in scheduling.SCHED_SETATTR,
    reason='needs Linux on a machine whose system calls are known',
)
KERNEL = tuple(map(int, platform.release().split('-')[0].split('.')[:2]))


def own_attributes() -> tuple[int, ...]:
    """Return sched_attr of the calling thread: sched_getattr is the call behind sched_setattr."""
    found = ctypes.create_string_buffer(48)
    number = scheduling.SCHED_SETATTR[platform.machine()] + 1
    assert ctypes.CDLL(None).syscall(number, 0, found, 48, 0) == 0
    return struct.unpack('=IIQiIQQQ', found.raw)


def test_short_turns_are_the_threads_own_and_nothing_else_changes() -> None:
    before = own_attributes()

    def ask() -> tuple[bool, tuple[int, ...]]:
        taken = scheduling.take_turns_of(scheduling.SHORTEST_NS), own_attributes()
        assert scheduling.take_turns_of(0)
        assert own_attributes() == before
        return taken

    with ThreadPoolExecutor(1) as pool:
        taken, found = pool.submit(ask).result()
    assert taken
    assert found[1:5] == before[1:5]  # policy, flags, nice, priority
    if KERNEL >= (6, 12):
        assert found[5] == scheduling.SHORTEST_NS
    assert own_attributes() == before


def test_a_thread_with_a_priority_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, 'sched_getscheduler', lambda _: os.SCHED_FIFO)
    monkeypatch.setattr(ctypes, 'CDLL', pytest.fail)
    assert not scheduling.take_turns_of(scheduling.SHORTEST_NS)


def test_a_machine_whose_calls_are_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, 'machine', lambda: 'pdp11')
    monkeypatch.setattr(ctypes, 'CDLL', pytest.fail)
    assert not scheduling.take_turns_of(scheduling.SHORTEST_NS)


def test_a_priority_without_the_right_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, 'sched_setscheduler', refuse)
    assert 'rtprio' in scheduling.take_priority(50)
