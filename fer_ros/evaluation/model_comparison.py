"""Whether one of two models is better: the same faces, a paired test and an interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_ros.alignment import Landmarker
from fer_ros.evaluation.ferplus import absolute_majority, majority
from fer_ros.evaluation.metrics import (
    Difference,
    Labels,
    McNemar,
    accuracy,
    answers_of,
    mcnemar,
    mean_recall,
    paired_difference,
)
from fer_ros.evaluation.plain import to_plain
from fer_ros.evaluation.static import (
    logits_of,
    require_emotions,
    scored_faces,
    without_contempt,
)
from fer_ros.evaluation.stills import Progress, aligned, alignments, locate_stills
from fer_ros.recognition import StaticRecogniser
from fer_ros.taxonomy import EMOTIONS

LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Compared:
    """Two models on the faces that one protocol scores.

    :param accuracy, uar: of A, of B, and B minus A with its 95 % interval.
    :param mcnemar: the test of the accuracies.
    """

    faces: int
    accuracy: Difference
    uar: Difference
    mcnemar: McNemar

    @property
    def verdict(self) -> str:
        """Which is better in accuracy, as far as this can be told."""
        if self.mcnemar.p_mid >= LEVEL or not self.accuracy.is_clear:
            return 'no difference shown'
        return 'B is better' if self.accuracy.b_minus_a.value > 0 else 'A is better'


@dataclass(frozen=True, slots=True)
class ModelComparison:
    """Two models by protocol: A8, B8, A7 and B7 of FER+, or end to end and aligned alone."""

    a: str
    b: str
    protocols: Mapping[str, Compared]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; accuracies are shares."""
        return {
            'a': self.a,
            'b': self.b,
            'protocols': {
                name: {'verdict': one.verdict, **to_plain(one)}
                for name, one in self.protocols.items()
            },
        }

    def to_text(self) -> str:
        """Return a table for people, in percent."""
        rows = [f'A: {self.a}', f'B: {self.b}']
        for name, one in self.protocols.items():
            test = one.mcnemar
            rows += [
                f'{name} on {one.faces} faces: {one.verdict} (McNemar mid-p {test.p_mid:.4f}, '
                f'exact {test.p_exact:.4f}; right in A alone {test.only_a}, in B alone '
                f'{test.only_b})',
                f'  WAR {_text(one.accuracy)}',
                f'  UAR {_text(one.uar)}',
            ]
        return '\n'.join(rows)


def compare_models(
    npz: Path,
    a: StaticRecogniser,
    b: StaticRecogniser,
    landmarker: Landmarker,
    progress: Progress | None = None,
) -> ModelComparison:
    """Measure two models on an npz of voted faces; their landmarks are found once.

    :raises DataError: the file is not of that format, or no face in it can be scored.
    :raises ModelError: a model has other labels.
    """
    faces = scored_faces(npz, progress)
    for recogniser in (a, b):
        require_emotions(recogniser)
    landmarks = locate_stills(faces.images, landmarker, progress=progress)
    found = []
    for recogniser in (a, b):
        size_px = recogniser.engine.manifest.input.width
        matrices = alignments(landmarks, faces.images.shape[1], size_px)
        found.append(logits_of(aligned(faces.images, matrices, size_px), recogniser))
    protocols = {}
    for letter, labels in (
        ('A', majority(faces.votes)),
        ('B', absolute_majority(faces.votes)),
    ):
        (seven_a, kept), (seven_b, _) = (without_contempt(one, labels) for one in found)
        eights = answers_of(found[0]), answers_of(found[1])
        protocols[f'{letter}8'] = compared(*eights, labels, len(EMOTIONS))
        protocols[f'{letter}7'] = compared(seven_a, seven_b, kept, len(EMOTIONS) - 1)
    return ModelComparison(a.engine.manifest.id, b.engine.manifest.id, protocols)


def compared(
    a: Labels, b: Labels, labels: Labels, classes: int, people: Sequence[str] | None = None
) -> Compared:
    """Compare the answers of two models on faces of which those with a label (>= 0) count.

    :param people: who each face is: then the intervals draw whole people.
    """
    scored = labels >= 0
    a, b, labels = a[scored], b[scored], labels[scored]
    clusters = None if people is None else [who for who, kept in zip(people, scored) if kept]

    def uar(answers: Labels, wanted: Labels) -> float:
        return mean_recall(answers, wanted, classes)

    return Compared(
        faces=len(labels),
        accuracy=paired_difference(accuracy, a, b, labels, clusters=clusters),
        uar=paired_difference(uar, a, b, labels, clusters=clusters),
        mcnemar=mcnemar(a, b, labels),
    )


def _text(found: Difference) -> str:
    change = found.b_minus_a
    return (
        f'{100 * found.a:.2f} -> {100 * found.b:.2f}: {100 * change.value:+.2f} points '
        f'[{100 * change.low:+.2f}, {100 * change.high:+.2f}]'
    )
