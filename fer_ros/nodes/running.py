"""How a lifecycle node of ours runs as a process."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import TransitionCallbackReturn

from fer_ros.errors import FerError


def run(
    make: Callable[[], Any], name: str, args: list[str] | None = None, *, autostart: bool = False
) -> int:
    """Spin a node until it is told to stop.

    :param make: makes the node.
    :param name: what errors begin with.
    :param autostart: configure and activate at once, for use without a launch file.
    :return: the process's exit status.
    """
    try:
        rclpy.init(args=args)
    except RuntimeError as error:  # what rcl says of a command line that it can not read
        print(f'{name}: {error}', file=sys.stderr)
        return 2
    node = None
    try:
        node = make()
        if autostart and not _start(node):
            return 1
        gc.freeze()  # what is there now stays: not to be looked through again and again
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except (FerError, ParameterException) as error:
        print(f'{name}: {error}', file=sys.stderr)
        return 2
    except Exception:
        if rclpy.ok():  # else an interrupt closed a publisher that a callback was using
            raise
    finally:
        _ignore_interrupts()
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def ok() -> bool:
    """Tell whether messages may still be sent."""
    return bool(rclpy.ok())


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


def _ignore_interrupts() -> None:
    """Let the process end in order: on Ctrl-C, ros2 launch interrupts its nodes a second time."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _start(node: Any) -> bool:
    """Configure and activate; return whether both went well."""
    success = TransitionCallbackReturn.SUCCESS
    return node.trigger_configure() == success and node.trigger_activate() == success
