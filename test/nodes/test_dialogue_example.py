"""The example for dialogue managers, as its page runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from listener import Listener, start
from said import of_ours

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.xdist_group('dds')


def test_it_tells_of_the_smile(listener: Listener, perception: None) -> None:
    command = [sys.executable, str(ROOT / 'examples' / 'dialogue.py')]
    example = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert example.stdout is not None
    listener.spin_until(lambda: listener.count_subscribers('/fer/events') == 2, 'the example')
    player = start('play', str(ROOT / 'samples' / 'astronaut.mcap'), '--quiet')
    try:
        lines = [example.stdout.readline() for _ in range(3)]
    finally:
        player.terminate()
        example.send_signal(signal.SIGINT)
        rest, said = example.communicate(timeout=20)
        player.communicate(timeout=20)
    face_id = lines[0].partition(' ')[0]
    # Two topics: which of them is heard first is not said.
    told = ''.join(lines) + rest
    assert f'{face_id} has come\n' in told
    assert f'{face_id}: happiness, 0.' in told
    assert f'{face_id} begins to show happiness\n' in told
    assert (example.returncode, of_ours(said)) == (0, '')
