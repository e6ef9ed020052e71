"""The health of the robot's face as diagnostic_msgs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from fer_ros.nodes.diagnostics import status_of


def regularity(sent_ns: Sequence[int], planned_s: Sequence[float]) -> dict[str, str]:
    """Return rate and jitter of ticks, and how long it took to make some, in words.

    :param sent_ns: when each of the last ones was sent.
    :param planned_s: durations.
    """
    if len(sent_ns) < 2 or not planned_s:
        return {}
    periods = np.diff(sent_ns) / 1e9
    jitter = np.abs(periods - np.median(periods))
    return {
        'rate_hz': f'{1.0 / periods.mean():.1f}',
        'jitter_ms_p95': f'{np.percentile(jitter, 95) * 1e3:.2f}',
        'plan_ms_p50': f'{np.percentile(planned_s, 50) * 1e3:.2f}',
        'plan_ms_p95': f'{np.percentile(planned_s, 95) * 1e3:.2f}',
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
        **regularity(*runner.times()),
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
