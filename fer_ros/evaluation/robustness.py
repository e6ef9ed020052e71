"""How the static model bears what a camera does to a face, and whether it knows.

Each face of an npz is degraded, found anew by the mesh as the run time would find it, judged,
aligned and recognised. A face that the mesh misses then gets no message at run time: it counts as
abstained, and in accuracy and confidence it is used as its image shows it, as ``eval static``
does. Accuracy is that of protocol A8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment import Landmarker
from fer_ros.errors import DataError, ModelError
from fer_ros.evaluation.degrade import CLEAN, CONDITIONS, Condition
from fer_ros.evaluation.ferplus import VotedFaces, load_faces, majority
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.metrics import calibration_error
from fer_ros.evaluation.normalise import Normalise
from fer_ros.evaluation.seen import located, prepared
from fer_ros.evaluation.stills import locate_stills
from fer_ros.recognition import StaticRecogniser, TrustConfig, abstention
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import AlignedFace, Expression, Float32, Float64

FACES = 600
CONFIDENT = 0.8
GOALS = {'wrong_confident': 0.02}
NOT_FOUND = 'not_found'
_BATCH = 64

Progress = Callable[[Iterable[Condition]], Iterable[Condition]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of the faces of one condition, or of all; shares 0..1.

    :param accuracy: of all faces, vouched for or not.
    :param confidence: its mean.
    :param calibration_error: 15 bins, at the model's own temperature.
    :param wrong_confident: share of the faces with a wrong label and a confidence above 0.8 for
        which the run time vouches.
    :param wrong_confident_all: the same, abstentions and missed faces included.
    :param not_found: share that the mesh misses.
    :param abstained: share for which no label is vouched for, missed ones included.
    :param accuracy_vouched: of the rest; None where there is none.
    """

    n: int
    accuracy: float
    confidence: float
    calibration_error: float
    wrong_confident: float
    wrong_confident_all: float
    not_found: float
    abstained: float
    accuracy_vouched: float | None


@dataclass(frozen=True, slots=True)
class RobustnessReport:
    """Figures by condition and over all degraded faces.

    :param faces: of each condition.
    """

    model: str
    faces: int
    seed: int
    conditions: dict[str, Figures]
    degraded: Figures

    def confidence_lead(self, name: str) -> float:
        """Return by how much more confidence has fallen than accuracy, from the clean faces."""
        clean, found = self.conditions[CLEAN.name], self.conditions[name]
        return (clean.confidence - found.confidence) - (clean.accuracy - found.accuracy)

    def shortfalls(self) -> list[str]:
        """Return the goals that were missed, each with its number."""
        goal = GOALS['wrong_confident']
        if self.degraded.wrong_confident <= goal:
            return []
        return [f'wrong_confident: {self.degraded.wrong_confident:.4f} > {goal:g}']

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        rows = {
            name: {**asdict(figures), 'confidence_lead': self.confidence_lead(name)}
            for name, figures in self.conditions.items()
        }
        return {
            'model': self.model,
            'faces': self.faces,
            'seed': self.seed,
            'conditions': rows,
            'degraded': asdict(self.degraded),
            'goals': GOALS,
            'shortfalls': self.shortfalls(),
        }

    def to_text(self) -> str:
        """Return a table for people."""
        head = (
            f'{"condition":14} accuracy confidence   lead  wrong>{CONFIDENT:g}  missed abstained '
            'accuracy of the rest'
        )
        rows = [
            _row(name, figures, f'{self.confidence_lead(name):+.3f}')
            for name, figures in self.conditions.items()
        ]
        return '\n'.join(
            [
                head,
                *rows,
                _row('degraded', self.degraded, ''),
                f'{self.model}, {self.faces} faces a condition, seed {self.seed}',
                *(f'missed: {line}' for line in self.shortfalls()),
            ]
        )


def _row(name: str, figures: Figures, lead: str) -> str:
    """Return a line of the table."""
    rest = figures.accuracy_vouched
    return (
        f'{name:14} {figures.accuracy:8.3f} {figures.confidence:10.3f} {lead:>6} '
        f'{figures.wrong_confident:10.4f} {figures.not_found:7.3f} {figures.abstained:9.3f} '
        + ('-' if rest is None else f'{rest:20.3f}')
    )


def evaluate_robustness(
    npz: Path,
    recogniser: StaticRecogniser,
    landmarker: Landmarker,
    *,
    trust: TrustConfig | None = None,
    faces: int = FACES,
    seed: int = 0,
    conditions: Sequence[Condition] = CONDITIONS,
    normalise: Normalise | None = None,
    progress: Progress | None = None,
) -> RobustnessReport:
    """Measure a model on degraded faces of an npz with ``images`` and ``votes``.

    :param faces: as many are drawn at random; all where there are fewer.
    :param conditions: the first is the one that the others are compared with.
    :param normalise: what to do to each crop before the net.
    :param progress: wraps the conditions, to show how far it is.
    :raises DataError: the file is not of that format, or no face in it can be scored.
    :raises ModelError: the model has other labels.
    """
    chosen, labels = drawn(npz, faces, seed)
    manifest = recogniser.engine.manifest
    if manifest.labels != EMOTIONS:
        raise ModelError(
            f"model '{manifest.id}': expected the labels {list(EMOTIONS)}, found "
            f'{list(manifest.labels)}; the votes have no others'
        )
    points = locate_stills(chosen.images, landmarker)
    outcomes = {}
    for index, condition in enumerate(progress(conditions) if progress else conditions):
        rng = np.random.default_rng([seed, index])
        images = [condition.apply(*pair, rng) for pair in zip(chosen.images, points)]
        found = points if condition is CLEAN else located(images, landmarker)
        outcomes[condition.name] = _Outcome.of(
            [
                prepared(image, row, manifest.input.width, normalise)
                for image, row in zip(images, found)
            ],
            labels,
            recogniser,
            trust or TrustConfig(),
        )
    first, *others = outcomes.values()
    return RobustnessReport(
        model=manifest.id,
        faces=len(labels),
        seed=seed,
        conditions={name: outcome.figures() for name, outcome in outcomes.items()},
        degraded=_Outcome.joined(others or [first]).figures(),
    )


def drawn(npz: Path, count: int, seed: int) -> tuple[VotedFaces, NDArray[np.int64]]:
    """Return some faces that protocol A8 scores, and their labels."""
    if count < 1:
        raise DataError(f'faces: expected one or more, found {count}')
    faces = load_faces(npz)
    rows = np.flatnonzero(majority(faces.votes) >= 0)
    if not len(rows):
        raise DataError(
            f'{npz}: expected faces with votes for an emotion, found {len(faces.votes)} faces '
            'without; check the order of the columns'
        )
    kept = np.zeros(len(faces.votes), bool)
    kept[np.random.default_rng(seed).permutation(rows)[:count]] = True
    chosen = framed(faces.take(kept))
    return chosen, majority(chosen.votes)


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """One row a face: distribution, confidence, right label, found or not, vouched for or not."""

    probabilities: Float32
    confidence: Float64
    labels: NDArray[np.int64]
    found: NDArray[np.bool_]
    vouched: NDArray[np.bool_]

    @classmethod
    def of(
        cls,
        faces: Sequence[tuple[AlignedFace, bool]],
        labels: NDArray[np.int64],
        recogniser: StaticRecogniser,
        trust: TrustConfig,
    ) -> _Outcome:
        """Recognise the faces of a condition."""
        expressions: list[Expression] = []
        for start in range(0, len(faces), _BATCH):
            batch = [face for face, _ in faces[start : start + _BATCH]]
            expressions += recogniser.recognise(batch)
        found = np.array([is_found for _, is_found in faces])
        vouched = [
            is_found and not abstention(expression, face.quality, trust)
            for expression, (face, is_found) in zip(expressions, faces)
        ]
        return cls(
            probabilities=np.stack([expression.probabilities for expression in expressions]),
            confidence=np.array([expression.confidence for expression in expressions]),
            labels=labels,
            found=found,
            vouched=np.array(vouched),
        )

    @classmethod
    def joined(cls, outcomes: Sequence[_Outcome]) -> _Outcome:
        """Put the faces of several conditions together."""
        return cls(
            np.concatenate([outcome.probabilities for outcome in outcomes]),
            np.concatenate([outcome.confidence for outcome in outcomes]),
            np.concatenate([outcome.labels for outcome in outcomes]),
            np.concatenate([outcome.found for outcome in outcomes]),
            np.concatenate([outcome.vouched for outcome in outcomes]),
        )

    def figures(self) -> Figures:
        """Return the shares."""
        right = self.probabilities.argmax(axis=1) == self.labels
        wrong = ~right & (self.confidence > CONFIDENT)
        vouched = self.vouched
        return Figures(
            n=len(right),
            accuracy=float(right.mean()),
            confidence=float(self.confidence.mean()),
            calibration_error=calibration_error(self.probabilities, self.labels),
            wrong_confident=float((wrong & vouched).mean()),
            wrong_confident_all=float(wrong.mean()),
            not_found=float(1.0 - self.found.mean()),
            abstained=float(1.0 - vouched.mean()),
            accuracy_vouched=float(right[vouched].mean()) if vouched.any() else None,
        )
