"""What a face does: action units, speech, evidence for each label, named states."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from fer_ros.recognition.action_units import ActionUnitReader
from fer_ros.recognition.emfacs import evidences
from fer_ros.recognition.speech import SpeechMeter, without_speech
from fer_ros.recognition.states import State, scores
from fer_ros.types import AlignedFace, Evidence, Expression, Face


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the action units say of an expression.

    :param evidence: one per label, in order.
    :param states: score of each named state, 0..1.
    :param speech: how surely the person speaks, 0..1.
    """

    evidence: tuple[Evidence, ...] = ()
    states: dict[str, float] = field(default_factory=dict)
    speech: float = 0.0


class FaceActions:
    """Adds action units to every face's expression and explains it by them."""

    def __init__(
        self, states: Sequence[State] = (), reader: ActionUnitReader | None = None
    ) -> None:
        """Take the named states to look for."""
        self._states = tuple(states)
        self._reader = reader or ActionUnitReader()
        self._meter = SpeechMeter()
        self._speech: dict[str, float] = {}

    @property
    def reader(self) -> ActionUnitReader:
        """What reads the action units."""
        return self._reader

    def add(self, face: Face, aligned: AlignedFace, expression: Expression) -> Expression:
        """Return one frame's expression with its action units, speech taken out of it."""
        read = self.renew(face, aligned, expression)
        return without_speech(read, self._speech[face.face_id])

    def renew(self, face: Face, aligned: AlignedFace, expression: Expression) -> Expression:
        """Return what was told of a face before, with this frame's action units."""
        shares = dict(zip(expression.labels, expression.probabilities.tolist()))
        units = self._reader.read(face, aligned, rest=shares.get('neutral', 0.0) ** 2)
        speech = self._meter.update(face.face_id, units, stamp_ns=face.stamp_ns)
        self._speech[face.face_id] = speech
        return replace(expression, action_units=units)

    def explain(self, face_id: str, expression: Expression) -> Explanation:
        """Return what the action units say of a face's expression, smoothed or not."""
        units = expression.action_units
        return Explanation(
            evidences(expression.labels, units),
            scores(self._states, units, expression.valence, expression.arousal),
            self._speech.get(face_id, 0.0),
        )

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop what is known of faces that left."""
        ids = tuple(face_ids)
        self._reader.forget(ids)
        self._meter.forget(ids)
        for face_id in ids:
            self._speech.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face."""
        self._reader.reset()
        self._meter.reset()
        self._speech.clear()
