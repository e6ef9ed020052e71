"""The node's health as diagnostic_msgs."""

from __future__ import annotations

from collections.abc import Mapping

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from fer_ros.nodes.statistics import Snapshot


def health(
    snapshot: Snapshot,
    *,
    state: str,
    silent_s: float | None,
    cameras: int = 0,
    hint: str = '',
    camera_timeout_s: float,
    latency_warn_ms: float,
    latency_error_ms: float,
    device_failed: bool = False,
) -> tuple[bytes, str]:
    """Return level and message.

    :param silent_s: seconds since the last image, or None while the node is not active.
    :param cameras: how many publish the image topic.
    :param hint: what may be wrong where none does.
    """
    p50 = snapshot.latency_ms[0]
    if silent_s is None:
        return DiagnosticStatus.OK, f'{state}: not processing'
    if silent_s > camera_timeout_s:
        why = hint
        if cameras:
            so_far = 'any more' if snapshot.received else 'whole'
            why = (
                f'somebody publishes it, but nothing arrives {so_far}: try image_transport '
                'compressed, or give the middleware room: interfaces.md, Camera input'
            )
        return DiagnosticStatus.WARN, f'no image for {silent_s:.1f} s: {why}'
    if snapshot.refused_s > camera_timeout_s:
        return (
            DiagnosticStatus.WARN,
            f'every image of {snapshot.refused_s:.1f} s was refused: {snapshot.last_error}',
        )
    if device_failed:
        return DiagnosticStatus.WARN, 'the GPU failed, nets run on the CPU: see backend_reason'
    if p50 > latency_error_ms:
        return DiagnosticStatus.ERROR, f'latency {p50:.0f} ms is above {latency_error_ms:.0f} ms'
    if p50 > latency_warn_ms:
        return DiagnosticStatus.WARN, f'latency {p50:.0f} ms is above {latency_warn_ms:.0f} ms'
    return DiagnosticStatus.OK, f'{snapshot.fps:.1f} frames a second'


def diagnostics(
    name: str,
    snapshot: Snapshot,
    level: bytes,
    message: str,
    details: dict[str, str],
) -> DiagnosticArray:
    """Return the array that goes to /diagnostics, its header still to be stamped."""
    p50, p90, p99 = snapshot.latency_ms
    values = {
        'fps': f'{snapshot.fps:.1f}',
        'latency_ms_p50': f'{p50:.1f}',
        'latency_ms_p90': f'{p90:.1f}',
        'latency_ms_p99': f'{p99:.1f}',
        'inference_ms_p50': f'{snapshot.inference_ms:.1f}',
        'frames_received': str(snapshot.received),
        'frames_processed': str(snapshot.processed),
        **{f'drops_{reason}': str(count) for reason, count in snapshot.drops.items()},
        **details,
        'last_error': snapshot.last_error,
    }
    return status_of(name, level, message, values)


def status_of(name: str, level: bytes, message: str, values: Mapping[str, str]) -> DiagnosticArray:
    """Return one status; its header is the caller's to fill."""
    status = DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id='',
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
    return DiagnosticArray(status=[status])
