"""A run in one dictionary: ``summary.json``."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer_ros.evaluation.results import FaceRow, FrameRow, Health, told
from fer_ros.types import ExpressionEvent

PERCENTILES = (50, 90, 99)


class Tally:
    """Counts rows as they come, so that a run of any length fits: 8 bytes a frame are kept."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.frames = 0
        self._first_ns = 0
        self._last_ns = 0
        self._latency_ms = array('f')
        self._inference_ms = array('f')
        self._people: dict[str, _Person] = {}

    def add(self, row: FrameRow) -> None:
        """Count a processed frame; they come in order of time."""
        if not self.frames:
            self._first_ns = row.stamp_ns
        self.frames += 1
        self._last_ns = row.stamp_ns
        self._latency_ms.append(row.latency_ms)
        self._inference_ms.append(row.inference_ms)
        for face in row.faces:
            if face.face_id not in self._people:
                self._people[face.face_id] = _Person(row.stamp_ns)
            self._people[face.face_id].add(row.stamp_ns, face)

    @property
    def people_seen(self) -> int:
        """How many ids were given."""
        return len(self._people)

    def summary(
        self, health: Health, *, frames: int, events: Sequence[ExpressionEvent] = ()
    ) -> dict[str, Any]:
        """Return the figures.

        :param frames: how many the source sent.
        :param events: all that were told; of each expression the last one counts.
        """
        dropped = sum(health.drops.values())
        return {
            'frames': frames,
            'frames_processed': self.frames,
            # Those that the node never received: lost on the way, or before it listened.
            'drops': {**health.drops, 'unheard': max(frames - self.frames - dropped, 0)},
            'faces': len(self._people),
            'people': {
                face_id: person.figures(self._first_ns) for face_id, person in self._people.items()
            },
            'events': [_event(event, self._first_ns) for event in told(events)],
            'latency_ms': percentiles(self._latency_ms),
            'inference_ms': percentiles(self._inference_ms),
            'fps': self._rate(),
            'backend': health.backend,
            'models': list(health.models),
        }

    def _rate(self) -> float:
        """Return processed frames per second of the source's time."""
        span_ns = self._last_ns - self._first_ns
        return round((self.frames - 1) * 1e9 / span_ns, 2) if span_ns > 0 else 0.0


class _Person:
    """Sums of one person."""

    def __init__(self, first_ns: int) -> None:
        self._first_ns = first_ns
        self._last_ns = first_ns
        self._frames = 0
        self._probabilities: dict[str, float] = {}
        self._intensity = 0.0
        self._abstained = 0

    def add(self, stamp_ns: int, face: FaceRow) -> None:
        self._last_ns = stamp_ns
        self._frames += 1
        for label, probability in zip(face.labels, face.probabilities):
            self._probabilities[label] = self._probabilities.get(label, 0.0) + probability
        self._intensity += face.intensity
        self._abstained += bool(face.abstained)

    def figures(self, start_ns: int) -> dict[str, Any]:
        means = {label: total / self._frames for label, total in self._probabilities.items()}
        return {
            'dominant': max(means, key=means.__getitem__, default=''),
            'probabilities': {label: round(mean, 4) for label, mean in means.items()},
            'frames': self._frames,
            'first_s': round((self._first_ns - start_ns) / 1e9, 3),
            'last_s': round((self._last_ns - start_ns) / 1e9, 3),
            'mean_intensity': round(self._intensity / self._frames, 4),
            'abstained_share': round(self._abstained / self._frames, 4),
        }


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
    tally = Tally()
    for row in rows:
        tally.add(row)
    return tally.summary(health, frames=frames, events=events)


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


def percentiles(values: Sequence[float]) -> Mapping[str, float | None]:
    """Return the percentiles by name; null where nothing was measured."""
    if not len(values):
        return {f'p{percent}': None for percent in PERCENTILES}
    found = np.percentile(np.asarray(values, np.float64), PERCENTILES)
    return {f'p{percent}': round(float(value), 3) for percent, value in zip(PERCENTILES, found)}
