"""When the kernel gives the calling thread a processor."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

# Linux's number of sched_setattr, which glibc has no function for before 2.41.
SCHED_SETATTR = {'x86_64': 314, 'aarch64': 274, 'riscv64': 274}
SHORTEST_NS = 100_000  # shorter turns Linux does not give


def take_priority(priority: int) -> str:
    """Give the calling thread a real-time priority (SCHED_FIFO, 1 to 99), or none for 0.

    :return: why it could not be had, or ''.
    """
    if not hasattr(os, 'sched_setscheduler'):
        return '' if priority == 0 else f'expected Linux, found {sys.platform}'
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK if priority else os.SCHED_OTHER
    try:
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except PermissionError:
        return 'expected the right to it (rtprio in /etc/security/limits.conf), found none'
    return ''


def take_turns_of(length_ns: int) -> bool:
    """Let the calling thread have turns of a length on the processor: short ones come soon.

    A thread that wakes on a busy processor waits for the end of another one's turn, which the
    kernel looks for at its ticks: 4 ms on many machines. It does not wait for one whose turns are
    longer than its own, if its own share is not used up. Nobody needs a right to this. A thread
    with a priority is left as it is, and so is any before Linux 6.12; threads and processes that
    this one starts have what it has.

    :param length_ns: at least SHORTEST_NS; 0 is the system's own.
    :return: whether it has them.
    """
    number = SCHED_SETATTR.get(platform.machine())
    if sys.platform != 'linux' or number is None or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    # struct sched_attr: size, policy, flags, nice, priority, runtime, deadline, period.
    asked = struct.pack('=IIQiIQQQ', 48, os.SCHED_OTHER, 0, nice, 0, length_ns, 0, 0)
    return ctypes.CDLL(None).syscall(number, 0, asked, 0) == 0
