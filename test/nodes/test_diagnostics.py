from __future__ import annotations

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from fer_ros.nodes.diagnostics import diagnostics, health
from fer_ros.nodes.statistics import Snapshot

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


def snapshot(p50: float, received: int = 12, refused_s: float = 0.0) -> Snapshot:
    return Snapshot(
        received=received,
        processed=9,
        drops={'stale': 1, 'replaced': 2},
        fps=29.97,
        latency_ms=(p50, 120.0, 600.0),
        inference_ms=8.25,
        last_image_ns=1,
        last_error='too old',
        refused_s=refused_s,
    )


@pytest.mark.parametrize(
    ('silent_s', 'p50', 'level', 'words'),
    [
        (0.1, 20.0, OK, '30.0 frames a second'),
        (2.0, 100.0, OK, '30.0 frames a second'),
        (0.1, 100.1, WARN, 'latency 100 ms is above 100 ms'),
        (0.1, 500.0, WARN, 'latency 500 ms is above 100 ms'),
        (0.1, 501.0, ERROR, 'latency 501 ms is above 500 ms'),
        (2.5, 20.0, WARN, 'no image for 2.5 s'),
        # A camera that is silent explains a latency of the past.
        (2.5, 900.0, WARN, 'no image for 2.5 s'),
        (None, 900.0, OK, 'inactive: not processing'),
    ],
)
def test_level(silent_s: float | None, p50: float, level: bytes, words: str) -> None:
    found, message = health(
        snapshot(p50),
        state='inactive',
        silent_s=silent_s,
        camera_timeout_s=2.0,
        latency_warn_ms=100.0,
        latency_error_ms=500.0,
    )
    assert found == level
    assert message.startswith(words)


@pytest.mark.parametrize(
    ('cameras', 'received', 'words'),
    [
        (0, 12, 'does the camera run'),
        (1, 0, 'nothing arrives whole'),
        (1, 12, 'nothing arrives any more'),
    ],
)
def test_a_silent_camera_and_one_that_is_not_heard(
    cameras: int, received: int, words: str
) -> None:
    found, message = health(
        snapshot(20.0, received), state='active', silent_s=9.0, cameras=cameras,
        camera_timeout_s=2.0, hint='does the camera run?', latency_warn_ms=100.0,
        latency_error_ms=500.0,
    )  # fmt: skip
    assert found == WARN
    assert words in message


@pytest.mark.parametrize(
    ('refused_s', 'level', 'text'),
    [
        (2.0, OK, '30.0 frames a second'),
        (2.1, WARN, 'every image of 2.1 s was refused: too old'),
    ],
)
def test_images_of_which_none_can_be_used(refused_s: float, level: bytes, text: str) -> None:
    assert health(
        snapshot(20.0, refused_s=refused_s), state='active', silent_s=0.1, camera_timeout_s=2.0,
        latency_warn_ms=100.0, latency_error_ms=500.0,
    ) == (level, text)  # fmt: skip


def test_levels_differ() -> None:
    assert len({OK, WARN, ERROR}) == 3


def test_values() -> None:
    message = diagnostics('fer: perception', snapshot(20.0), WARN, 'slow', {'device': 'cpu'})
    (status,) = message.status
    assert (status.name, status.level, status.message) == ('fer: perception', WARN, 'slow')
    assert {item.key: item.value for item in status.values} == {
        'fps': '30.0',
        'latency_ms_p50': '20.0',
        'latency_ms_p90': '120.0',
        'latency_ms_p99': '600.0',
        'inference_ms_p50': '8.2',
        'frames_received': '12',
        'frames_processed': '9',
        'drops_stale': '1',
        'drops_replaced': '2',
        'device': 'cpu',
        'last_error': 'too old',
    }
