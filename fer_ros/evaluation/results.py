"""What a run published, read back as plain rows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.errors import DataError
from fer_ros.recognition.au_filters import OBLIQUE
from fer_ros.sources.bag_reader import open_bag
from fer_ros.taxonomy import EventKind, Phase
from fer_ros.types import ExpressionEvent, Float64

NS_PER_S = 1_000_000_000
EXPRESSIONS = 'fer_msgs/msg/FaceExpressionArray'
DIAGNOSTICS = 'diagnostic_msgs/msg/DiagnosticArray'
EVENTS = 'fer_msgs/msg/ExpressionEvent'
KINDS = frozenset({EXPRESSIONS, DIAGNOSTICS})


@dataclass(frozen=True, slots=True)
class FaceRow:
    """One face in one frame, as fer_msgs/FaceExpression tells it.

    :param abstained: why no label is vouched for, or '' where one is.
    :param roi: xmin, ymin, xmax, ymax in shares of the image.
    :param action_units: (intensity, confidence) by FACS code.
    :param head_rad: yaw, pitch, roll; NaN where unknown.
    :param evidence: FACS codes for and against the expression, the strongest first.
    :param states: score of each named state.
    """

    face_id: str
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    expression: str
    confidence: float
    intensity: float
    phase: Phase
    valence: float
    arousal: float
    abstained: str
    roi: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    action_units: Mapping[int, tuple[float, float]] = field(default_factory=dict)
    head_rad: tuple[float, float, float] = (math.nan, math.nan, math.nan)
    quality: float = math.nan
    quality_flags: int = 0
    evidence: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    states: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FrameRow:
    """One processed frame, as fer_msgs/FaceExpressionArray tells it."""

    stamp_ns: int
    latency_ms: float
    inference_ms: float
    frames_processed: int
    frames_dropped: int
    faces: tuple[FaceRow, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """What the last diagnostics said: drops by reason, backend and models."""

    drops: dict[str, int]
    backend: str
    models: tuple[str, ...]


NO_HEALTH = Health({}, '', ())


def code_name(code: int) -> str:
    """Return how people write an action unit: the one that is ours is no number of FACS."""
    return '1+4' if code == OBLIQUE else str(code)


def frame_row(message: Any) -> FrameRow:
    """Return a FaceExpressionArray as a row: the same whether it was sent yet or not."""
    stamp = message.header.stamp
    latency_ms, inference_ms = _singles(message.latency_ms, message.inference_ms)
    return FrameRow(
        stamp_ns=stamp.sec * NS_PER_S + stamp.nanosec,
        latency_ms=latency_ms,
        inference_ms=inference_ms,
        frames_processed=int(message.frames_processed),
        frames_dropped=int(message.frames_dropped),
        faces=tuple(map(_face_row, message.faces)),
    )


def _singles(*numbers: float) -> tuple[float, ...]:
    """Return numbers with the digits that the messages' float32 fields keep of them."""
    return tuple(np.array(numbers, np.float32).tolist())


def _face_row(face: Any) -> FaceRow:
    units = face.action_units
    strengths = _singles(*(unit.intensity for unit in units))
    certainties = _singles(*(unit.confidence for unit in units))
    confidence, intensity, valence, arousal, quality, *places = _singles(
        face.confidence, face.intensity, face.valence, face.arousal, face.quality,
        face.roi_xmin, face.roi_ymin, face.roi_xmax, face.roi_ymax,
        face.head_yaw_rad, face.head_pitch_rad, face.head_roll_rad,
    )  # fmt: skip
    left, top, right, bottom, yaw, pitch, roll = places
    return FaceRow(
        face_id=face.face_id,
        labels=tuple(face.labels),
        probabilities=_singles(*face.probabilities),
        expression=face.expression,
        confidence=confidence,
        intensity=intensity,
        phase=Phase(face.phase),
        valence=valence,
        arousal=arousal,
        abstained=face.abstained_reason or ('abstained' if face.abstained else ''),
        roi=(left, top, right, bottom),
        action_units={
            int(unit.code): pair for unit, pair in zip(units, zip(strengths, certainties))
        },
        head_rad=(yaw, pitch, roll),
        quality=quality,
        quality_flags=int(face.quality_flags),
        evidence=_evidence(face),
        states=dict(zip(face.states, _singles(*face.state_scores))),
    )


def _evidence(face: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what speaks for and against the expression."""
    for item in face.evidence:
        if item.label == face.expression:
            return tuple(map(int, item.units_for)), tuple(map(int, item.units_against))
    return (), ()


def event_row(message: Any) -> ExpressionEvent:
    """Return an ExpressionEvent message as an event."""
    stamp_ns = _stamp_ns(message.header.stamp)
    apex_ns, offset_ns, end_ns = (
        _stamp_ns(stamp) or None for stamp in (message.apex, message.offset, message.end)
    )
    return ExpressionEvent(
        face_id=message.face_id,
        stamp_ns=stamp_ns,
        kind=EventKind(message.kind),
        label=message.expression,
        peak=_singles(message.peak)[0],
        onset_ns=_stamp_ns(message.onset),
        apex_ns=apex_ns,
        offset_ns=offset_ns,
        end_ns=end_ns,
    )


def _stamp_ns(stamp: Any) -> int:
    return int(stamp.sec * NS_PER_S + stamp.nanosec)


def told(events: Iterable[ExpressionEvent]) -> list[ExpressionEvent]:
    """Return each expression once, as it was last told, by the time of its onset."""
    last = {(event.face_id, event.onset_ns): event for event in events}
    return sorted(last.values(), key=lambda event: event.onset_ns)


def people(rows: Sequence[FrameRow]) -> dict[str, list[tuple[int, FaceRow]]]:
    """Return each person's rows with their stamps, the first seen first."""
    found: dict[str, list[tuple[int, FaceRow]]] = {}
    for row in rows:
        for face in row.faces:
            found.setdefault(face.face_id, []).append((row.stamp_ns, face))
    return found


def distributions(faces: Sequence[FaceRow]) -> tuple[tuple[str, ...], Float64]:
    """Return the labels of faces and (N, K) probabilities.

    Models may change while a node runs, and their labels with them: a label that a face does not
    have is 0 for it.
    """
    labels = tuple(dict.fromkeys(label for face in faces for label in face.labels))
    rows = (dict(zip(face.labels, face.probabilities)) for face in faces)
    table = [[row.get(label, 0.0) for label in labels] for row in rows]
    return labels, np.array(table, np.float64).reshape(len(faces), len(labels))


def health(message: Any) -> Health | None:
    """Return what a DiagnosticArray says of perception, None where it is of something else."""
    for status in message.status:
        if status.name.endswith(': perception'):
            values = {item.key: item.value for item in status.values}
            return Health(
                drops={
                    key.removeprefix('drops_'): int(value)
                    for key, value in values.items()
                    if key.startswith('drops_')
                },
                backend=values.get('backend', ''),
                models=tuple(filter(None, values.get('models', '').split(', '))),
            )
    return None


def read_results(path: Path) -> tuple[list[FrameRow], Health]:
    """Read the file that a run wrote; of one that was cut off, what is whole.

    :raises SourceError: it is no bag.
    :raises DataError: its messages are not those of fer_ros.
    """
    bag = open_bag(path)
    try:
        wanted = [name for name, topic in bag.topics.items() if topic.type in KINDS]
        return _collect((item.type, bag.decode(item)) for item in bag.messages(wanted))
    except DataError:
        raise
    except (AttributeError, ValueError) as error:
        raise DataError(
            f'{path}: expected results of fer_ros, found: {error}; were they recorded by another '
            'version?'
        ) from None
    finally:
        bag.close()


def _collect(messages: Iterable[tuple[str, Any]]) -> tuple[list[FrameRow], Health]:
    rows: list[FrameRow] = []
    last = NO_HEALTH
    for kind, message in messages:
        if kind == EXPRESSIONS:
            rows.append(frame_row(message))
        else:
            last = health(message) or last
    return rows, last
