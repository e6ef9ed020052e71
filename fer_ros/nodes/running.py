"""How a lifecycle node of ours runs as a process."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from typing import Any

import rclpy
from rclpy.duration import Duration
from rclpy.exceptions import ParameterException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.signals import SignalHandlerOptions

from fer_ros.errors import FerError
from fer_ros.nodes import signals


def run(
    make: Callable[[], Any], name: str, args: list[str] | None = None, *, autostart: bool = False
) -> int:
    """Spin a node until it is told to stop.

    :param make: makes the node.
    :param name: what errors begin with.
    :param autostart: configure and activate at once, for use without a launch file.
    :return: the process's exit status.
    """
    signals.listen()
    try:
        # rclpy's own handlers leave the graph before a node can say or do anything more.
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # what rcl says of a command line that it can not read
        print(f'{name}: {error}', file=sys.stderr)
        return 2
    node = None
    try:
        node = make()
        if autostart and not _start(node):
            return 0 if signals.told_to_end() else 1
        gc.freeze()  # what is there now stays: not to be looked through again and again
        _spin(node)
    except ExternalShutdownException:
        pass
    except (FerError, ParameterException) as error:
        # Humble's parameter exceptions name the parameter once more, behind the text.
        print(f'{name}: {error.args[0]}', file=sys.stderr)
        return 2
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
        signals.ignore()
    return 0


def ok() -> bool:
    """Tell whether messages may still be sent."""
    return bool(rclpy.ok())


def let_arrive(publishers: Iterable[Any], patience_s: float) -> None:
    """Give who listens reliably the last messages: on Fast DDS, what is on its way to them is lost
    with its publisher.

    :param patience_s: the longest wait for each publisher.
    """
    for publisher in publishers:
        if ok():
            publisher.wait_for_all_acked(Duration(seconds=patience_s))


def _start(node: Any) -> bool:
    """Configure and activate; return whether both went well, and nobody has said to end."""
    for transition in (node.trigger_configure, node.trigger_activate):
        if transition() != TransitionCallbackReturn.SUCCESS or signals.told_to_end():
            return False
    return True


def _spin(node: Any) -> None:
    """Serve a node until the process is told to end."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    # Something to do: rclpy's executor wakes for less, but goes on to wait.
    with signals.waking(lambda: executor.create_task(signals.told_to_end)):
        while not signals.told_to_end():
            executor.spin_once()
    executor.shutdown()
