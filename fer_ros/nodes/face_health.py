"""The health of the robot's face as diagnostic_msgs."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from fer_ros.nodes.diagnostics import status_of

WINDOW = 500  # ticks: five seconds at 100 Hz


class TickTimes:
    """How regularly a face ticks, and how long each tick takes."""

    def __init__(self) -> None:
        """Start without any."""
        self._begun: deque[float] = deque(maxlen=WINDOW)
        self._took: deque[float] = deque(maxlen=WINDOW)

    def add(self, begun_s: float, ended_s: float) -> None:
        """Note a tick."""
        self._begun.append(begun_s)
        self._took.append(ended_s - begun_s)

    def summary(self) -> dict[str, str]:
        """Return rate, jitter of the period and duration, in words of diagnostics."""
        if len(self._took) < 2:
            return {}
        begun, took = list(self._begun), list(self._took)  # the ticks go on meanwhile
        periods = np.diff(begun)
        jitter = np.abs(periods - np.median(periods))
        return {
            'rate_hz': f'{1.0 / periods.mean():.1f}',
            'jitter_ms_p95': f'{np.percentile(jitter, 95) * 1e3:.2f}',
            'tick_ms_p50': f'{np.percentile(took, 50) * 1e3:.2f}',
            'tick_ms_p95': f'{np.percentile(took, 95) * 1e3:.2f}',
        }


def face_diagnostics(name: str, idle: str, runner: Any) -> DiagnosticArray:
    """Return the array that goes to /diagnostics, its header still to be stamped.

    :param idle: the node's state where it has no runner.
    :param runner: the FaceRunner of an active node, or None.
    """
    if runner is None:
        return status_of(name, DiagnosticStatus.OK, f'{idle}: not moving', {'state': idle})
    with runner.lock:
        return _active(name, runner)


def _active(name: str, runner: Any) -> DiagnosticArray:
    """Return the array of an active node, whose runner holds still."""
    level = DiagnosticStatus.OK
    face, aim = runner.face, runner.director.aim
    message = f'{aim.expression} ({aim.source})'
    values = {
        'state': 'active',
        **runner.times.summary(),
        'expression': aim.expression,
        'source': aim.source,
        'rigs': ', '.join(guard.rig.name for guard in face.guards),
        **{
            f'intervention {kind}': str(count)
            for kind, count in sorted(face.interventions.counts.items())
        },
        'last_error': runner.last_error,
    }
    if runner.silent:
        level, message = DiagnosticStatus.WARN, 'nothing is seen: does perception run?'
    if face.stopped is not None:
        level, message = DiagnosticStatus.WARN, f'estop: {face.stopped.value}'
    if runner.waiting:
        level, message = DiagnosticStatus.ERROR, runner.waiting
    return status_of(name, level, message, values)
