"""Nodes of this process and of others, in a graph that only this test run sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import rclpy
from rclpy.node import Node

ROOT = Path(__file__).resolve().parents[2]
PEER = Path(__file__).with_name('rosless_peer.py')
# Another interpreter for the other processes: one of a real ROS 2 tests both on one wire.
PEER_PYTHON = os.environ.get('FER_ROS_PEER_PYTHON', sys.executable)
PATIENCE_S = 30.0  # for a slow machine; nothing waits that long where all is well


class Peer:
    """A process that prints JSON lines."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [PEER_PYTHON, str(PEER), *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, 'PYTHONPATH': str(ROOT)},
        )

    def read(self) -> dict[str, Any]:
        """Return the next line; empty where the process has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found: dict[str, Any] = json.loads(line or '{}')
        return found

    def end(self, number: int | None = None) -> tuple[int, str, str]:
        """Send a signal, or wait for its own end; return status and what it wrote."""
        if number is not None:
            self.process.send_signal(number)
        try:
            out, err = self.process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return self.process.returncode, out, err


@pytest.fixture
def peer() -> Iterator[Callable[..., Peer]]:
    """Return what starts another process."""
    peers: list[Peer] = []

    def start(*words: str) -> Peer:
        peers.append(Peer(*words))
        return peers[-1]

    yield start
    for one in peers:
        one.process.kill()
        one.process.communicate()


@pytest.fixture
def context() -> Iterator[None]:
    """Join the graph, unless other tests of this process have."""
    ours = not rclpy.ok()
    if ours:
        rclpy.init(args=[])
    yield
    if ours:
        rclpy.try_shutdown()


@pytest.fixture
def node(context: None) -> Iterator[Node]:
    """Return a node of this process."""
    found = Node('tester', namespace='rosless')
    yield found
    found.destroy_node()


@pytest.fixture
def spin_until() -> Callable[[Node, Callable[[], Any], str], None]:
    """Return what serves a node until something is the case."""

    def spin(node: Node, done: Callable[[], Any], what: str) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < deadline_s, f'waited in vain for {what}'
            rclpy.spin_once(node, timeout_sec=0.05)

    return spin
