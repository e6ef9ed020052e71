"""What is recognised in a face: in one frame, and over time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from fer_ros.errors import DataError
from fer_ros.taxonomy import EventKind, Phase
from fer_ros.types.arrays import Float32, require_array, require_range, require_shares
from fer_ros.types.faces import Face


@dataclass(frozen=True, slots=True)
class ActionUnit:
    """One FACS action unit: intensity (strength) and confidence (certainty), both 0..1.

    :param left, right: intensity of each side of the face, None where the face has one.
    """

    intensity: float
    confidence: float
    left: float | None = None
    right: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        require_shares(
            'ActionUnit',
            intensity=self.intensity,
            confidence=self.confidence,
            left=0.0 if self.left is None else self.left,
            right=0.0 if self.right is None else self.right,
        )

    @property
    def asymmetry(self) -> float:
        """By how much one side is stronger, 0..1; 0 where the face has one."""
        return 0.0 if self.left is None or self.right is None else abs(self.left - self.right)


NO_ACTION_UNITS: Mapping[int, ActionUnit] = MappingProxyType({})
NO_STATES: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """What one face expresses.

    :param labels: names of the K classes.
    :param probabilities: (K,) float32, calibrated, sums to 1.
    :param valence: -1 (unpleasant) .. 1 (pleasant).
    :param arousal: -1 (calm) .. 1 (aroused).
    :param confidence: 0..1, how likely the dominant label is right.
    :param action_units: by FACS code; empty where none are estimated.
    :param embedding: (D,) float32 features for temporal models, or None.
    :param model_ids: the models that made it.
    :param novelty: how unlike the faces that the net learned from this one is, from 0 on; above
        1 it is out of their distribution. 0 where the model does not tell.
    """

    labels: tuple[str, ...]
    probabilities: Float32
    valence: float
    arousal: float
    confidence: float
    model_ids: tuple[str, ...]
    action_units: Mapping[int, ActionUnit] = field(default_factory=lambda: NO_ACTION_UNITS)
    embedding: Float32 | None = None
    novelty: float = 0.0

    def __post_init__(self) -> None:
        """Check distribution and ranges."""
        require_array(
            'Expression', 'probabilities', self.probabilities, (len(self.labels),), np.float32
        )
        shares = self.probabilities.tolist()
        total = sum(shares)
        if not abs(total - 1.0) < 1e-3 or min(shares) < 0.0:
            raise DataError(
                f'Expression.probabilities: expected a distribution (sum 1), found sum {total:g}'
            )
        require_range('Expression', 'valence', self.valence, -1.0, 1.0)
        require_range('Expression', 'arousal', self.arousal, -1.0, 1.0)
        require_range('Expression', 'confidence', self.confidence, 0.0, 1.0)
        require_range('Expression', 'novelty', self.novelty, 0.0, math.inf)

    @property
    def dominant(self) -> str:
        """The most probable label."""
        return self.labels[int(self.probabilities.argmax())]

    @property
    def entropy(self) -> float:
        """Entropy of the distribution as a share of its maximum, 0 (certain) .. 1 (uniform)."""
        shares: list[float] = self.probabilities.tolist()
        floored = [min(max(p, 1e-12), 1.0) for p in shares]
        spread = -sum(p * math.log(p) for p in floored)
        return spread / math.log(max(len(self.labels), 2))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the action units say of one label.

    :param speaks_for: FACS codes seen that belong to it, the strongest first.
    :param speaks_against: FACS codes seen that contradict it, the strongest first.
    :param support: -1 (contradicted) .. 1 (all of it is shown).
    """

    label: str
    speaks_for: tuple[int, ...]
    speaks_against: tuple[int, ...]
    support: float

    def __post_init__(self) -> None:
        """Check the range."""
        require_range('Evidence', 'support', self.support, -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Compound:
    """A second emotion beside the dominant one, and its share of the two, 0..0.5."""

    label: str
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class ClipExpression:
    """What a clip model says of a face's last moments.

    :param labels: names of the K classes, those of the model.
    :param probabilities: (K,) float32, sums to 1.
    :param stamp_ns: of the newest frame that it saw.
    :param start_ns: of the oldest.
    """

    labels: tuple[str, ...]
    probabilities: Float32
    stamp_ns: int
    start_ns: int

    def __post_init__(self) -> None:
        """Check the distribution."""
        shape = (len(self.labels),)
        require_array('ClipExpression', 'probabilities', self.probabilities, shape, np.float32)

    @property
    def dominant(self) -> str:
        """The most probable label."""
        return self.labels[int(self.probabilities.argmax())]


@dataclass(frozen=True, slots=True, eq=False)
class FaceState:
    """A face with its expression smoothed over time.

    :param label: the dominant label, with hysteresis: steadier than the distribution's argmax.
    :param intensity: 0..1, strength of the expression.
    :param phase_started_ns: when the phase began, interpolated between frames.
    :param abstained: why no label is vouched for, or '' where one is.
    :param evidence: which action units speak for and against each label.
    :param states: score of each named state, 0..1.
    :param speech: how surely the person speaks, 0..1.
    :param clip: what a clip model last said, where there is one and it has.
    """

    face: Face
    expression: Expression
    label: str
    intensity: float
    phase: Phase
    phase_started_ns: int
    compound: Compound | None
    abstained: str = ''
    evidence: tuple[Evidence, ...] = ()
    states: Mapping[str, float] = field(default_factory=lambda: NO_STATES)
    speech: float = 0.0
    clip: ClipExpression | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        require_range('FaceState', 'intensity', self.intensity, 0.0, 1.0)
        require_range('FaceState', 'speech', self.speech, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class ExpressionEvent:
    """A change of phase of one face's expression; stamps in ns, None what is not known yet.

    :param stamp_ns: of the frame that made it known, some frames after the change itself.
    :param label: what is expressed.
    :param peak: largest intensity so far, 0..1.
    :param onset_ns: when the expression began; like all that follow, interpolated between frames.
    :param apex_ns: when it was full.
    :param offset_ns: when it began to fade.
    :param end_ns: when it was over.
    """

    face_id: str
    stamp_ns: int
    kind: EventKind
    label: str
    peak: float
    onset_ns: int
    apex_ns: int | None = None
    offset_ns: int | None = None
    end_ns: int | None = None

    def __post_init__(self) -> None:
        """Check the peak and the order of stamps."""
        require_range('ExpressionEvent', 'peak', self.peak, 0.0, 1.0)
        told = (self.onset_ns, self.apex_ns, self.offset_ns, self.end_ns, self.stamp_ns)
        known = [stamp_ns for stamp_ns in told if stamp_ns is not None]
        if known != sorted(known):
            raise DataError(f'ExpressionEvent: expected stamps in order, found {known}')

    @property
    def duration_ns(self) -> int:
        """From the onset to the end, or to the frame at hand where it is not over."""
        return (self.stamp_ns if self.end_ns is None else self.end_ns) - self.onset_ns
