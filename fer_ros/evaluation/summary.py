"""A run in one dictionary: ``summary.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fer_ros.evaluation.results import FaceRow, FrameRow, Health, distributions, people, told
from fer_ros.types import ExpressionEvent

PERCENTILES = (50, 90, 99)


def summarise(
    rows: Sequence[FrameRow],
    health: Health,
    *,
    frames: int,
    events: Sequence[ExpressionEvent] = (),
) -> dict[str, Any]:
    """Return figures of a run.

    :param rows: one per processed frame, in order of time.
    :param frames: how many the source sent.
    :param events: all that were told; of each expression the last one counts.
    """
    seen_by_id = people(rows)
    return {
        'frames': frames,
        'frames_processed': len(rows),
        'drops': {**health.drops, 'unheard': _unheard(rows, health, frames)},
        'faces': len(seen_by_id),
        'people': {face_id: _person(seen, rows) for face_id, seen in seen_by_id.items()},
        'events': [_event(event, rows[0].stamp_ns) for event in told(events)] if rows else [],
        'latency_ms': _percentiles([row.latency_ms for row in rows]),
        'inference_ms': _percentiles([row.inference_ms for row in rows]),
        'fps': _rate(rows),
        'backend': health.backend,
        'models': list(health.models),
    }


def _unheard(rows: Sequence[FrameRow], health: Health, frames: int) -> int:
    """Return how many frames the node never received: lost on the way, or before it listened."""
    return max(frames - len(rows) - sum(health.drops.values()), 0)


def _person(seen: list[tuple[int, FaceRow]], rows: Sequence[FrameRow]) -> dict[str, Any]:
    faces = [face for _, face in seen]
    labels, probabilities = distributions(faces)
    mean = probabilities.mean(axis=0)
    start_ns = rows[0].stamp_ns
    return {
        'dominant': labels[int(mean.argmax())] if labels else '',
        'probabilities': {label: round(float(p), 4) for label, p in zip(labels, mean)},
        'frames': len(faces),
        'first_s': round((seen[0][0] - start_ns) / 1e9, 3),
        'last_s': round((seen[-1][0] - start_ns) / 1e9, 3),
        'mean_intensity': round(float(np.mean([face.intensity for face in faces])), 4),
        'abstained_share': round(float(np.mean([bool(face.abstained) for face in faces])), 4),
    }


def _event(event: ExpressionEvent, start_ns: int) -> dict[str, Any]:
    """Return when an expression came and went, in seconds of the run; null: not seen."""
    stamps = {
        'onset_s': event.onset_ns,
        'apex_s': event.apex_ns,
        'offset_s': event.offset_ns,
        'end_s': event.end_ns,
    }
    return {
        'face_id': event.face_id,
        'expression': event.label,
        **{
            name: None if stamp_ns is None else round((stamp_ns - start_ns) / 1e9, 3)
            for name, stamp_ns in stamps.items()
        },
        'peak': round(event.peak, 4),
    }


def _percentiles(values: Sequence[float]) -> dict[str, float | None]:
    """Return the percentiles by name; null where nothing was measured."""
    if not values:
        return {f'p{percent}': None for percent in PERCENTILES}
    found = np.percentile(values, PERCENTILES)
    return {f'p{percent}': round(float(value), 3) for percent, value in zip(PERCENTILES, found)}


def _rate(rows: Sequence[FrameRow]) -> float:
    """Return processed frames per second of the source's time."""
    span_ns = rows[-1].stamp_ns - rows[0].stamp_ns if len(rows) > 1 else 0
    return round((len(rows) - 1) * 1e9 / span_ns, 2) if span_ns > 0 else 0.0
