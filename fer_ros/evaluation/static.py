"""How good and how honest the static model is on any npz of voted faces."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.alignment import Landmarker
from fer_ros.errors import DataError, ModelError
from fer_ros.evaluation.ferplus import (
    CONTEMPT,
    VotedFaces,
    absolute_majority,
    load_faces,
    majority,
)
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.metrics import (
    Labels,
    accuracy,
    answers_of,
    cross_fitted_error,
    mean_known,
    mean_recall,
    recall,
)
from fer_ros.evaluation.plain import to_plain
from fer_ros.evaluation.stills import Progress, aligned, alignments, locate_stills
from fer_ros.recognition.static import StaticRecogniser
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Float32, UInt8

_BATCH = 64
_TIMED = 50


@dataclass(frozen=True, slots=True)
class StaticReport:
    """Figures of one npz, all shares 0..1; the names are those of the protocols.

    :param n: faces that protocol A8 scores.
    :param A8, A7: accuracy against most of the ten votes, contempt left out in A7.
    :param B8, B7: accuracy where one emotion has over half of the votes.
    :param UAR_A7, UAR_A8: mean recall of the classes that occur.
    :param A7, B7, B8, UAR_A7: NaN where no face is scored so.
    :param ECE: expected calibration error, its temperature fitted on the other half of the faces.
    :param per_class_recall: by emotion, on A8; NaN where none is labelled so.
    :param params: weights of the net, where its manifest says how many.
    :param ms_per_face_1core: of the net alone, one face at a time.
    """

    n: int
    A8: float
    B8: float
    A7: float
    B7: float
    UAR_A7: float
    UAR_A8: float
    ECE: float
    per_class_recall: Mapping[str, float]
    params: int | None
    ms_per_face_1core: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; accuracies in percent, as the field reports them."""
        found = asdict(self)
        for name in ('A8', 'B8', 'A7', 'B7'):
            found[name] *= 100.0
        plain: dict[str, Any] = to_plain(found, None)
        return plain


def evaluate_static(
    npz: Path,
    recogniser: StaticRecogniser,
    landmarker: Landmarker,
    progress: Progress | None = None,
) -> StaticReport:
    """Measure a model on an npz with ``images`` (N, S, S) and ``votes`` (N, 10).

    :param progress: wraps the images while their landmarks are found, to show how far it is.
    :raises DataError: the file is not of that format, or no face in it can be scored.
    :raises ModelError: the model has other labels.
    """
    faces = scored_faces(npz, progress)
    landmarks = locate_stills(faces.images, landmarker, progress=progress)
    size = recogniser.engine.manifest.input.width
    matrices = alignments(landmarks, faces.images.shape[1], size)
    return report(faces, aligned(faces.images, matrices, size), recogniser)


def report(faces: VotedFaces, crops: UInt8, recogniser: StaticRecogniser) -> StaticReport:
    """Measure a model on faces and their aligned grey crops (N, S, S)."""
    require_emotions(recogniser)
    logits = logits_of(crops, recogniser)
    most, decided = majority(faces.votes), absolute_majority(faces.votes)
    recalls = recall(answers_of(logits), most, len(EMOTIONS))
    params = recogniser.engine.manifest.options.get('parameters')
    return StaticReport(
        n=int((most >= 0).sum()),
        A8=accuracy(answers_of(logits), most),
        B8=_known(accuracy, answers_of(logits), decided),
        A7=_known(accuracy, *without_contempt(logits, most)),
        B7=_known(accuracy, *without_contempt(logits, decided)),
        UAR_A7=_known(_mean_recall_7, *without_contempt(logits, most)),
        UAR_A8=mean_known(recalls),
        ECE=cross_fitted_error(logits, most),
        per_class_recall=dict(zip(EMOTIONS, recalls.tolist())),
        params=None if params is None else int(params),
        ms_per_face_1core=milliseconds_a_face(crops, recogniser),
    )


def _known(figure: Callable[[Labels, Labels], float], answers: Labels, labels: Labels) -> float:
    """Return a figure, NaN where no face has a label."""
    return figure(answers, labels) if (labels >= 0).any() else math.nan


def _mean_recall_7(answers: Labels, labels: Labels) -> float:
    return mean_recall(answers, labels, len(EMOTIONS) - 1)


def scored_faces(npz: Path, progress: Progress | None = None) -> VotedFaces:
    """Read an npz without what no protocol scores, framed as FER+ is.

    A face that B8 scores is scored by A8 too.

    :param progress: wraps the images where they are framed anew.
    """
    faces = load_faces(npz)
    rows = (majority(faces.votes) >= 0) | (absolute_majority(faces.votes) >= 0)
    if not rows.any():
        raise DataError(
            f'{npz}: expected faces with votes for an emotion, found {len(rows)} faces without; '
            'check the order of the columns'
        )
    return framed(faces.take(rows), progress)


def require_emotions(recogniser: StaticRecogniser) -> None:
    """Refuse a model with other classes than the votes have."""
    manifest = recogniser.engine.manifest
    if manifest.labels != EMOTIONS:
        raise ModelError(
            f"model '{manifest.id}': expected the labels {list(EMOTIONS)}, found "
            f'{list(manifest.labels)}; the votes have no others'
        )


def logits_of(crops: UInt8, recogniser: StaticRecogniser) -> Float32:
    """Return (N, K) logits of grey crops (N, S, S), as the pipeline computes them."""
    rows = []
    for start in range(0, len(crops), _BATCH):
        colour = np.repeat(crops[start : start + _BATCH, :, :, None], 3, axis=3)
        rows.append(recogniser.logits(list(colour))[0])
    return np.concatenate(rows)


def without_contempt(logits: Float32, labels: Labels) -> tuple[Labels, Labels]:
    """Return answers and labels of protocols A7 and B7: contempt is neither."""
    keep = [index for index in range(logits.shape[1]) if index != CONTEMPT]
    place = np.full(logits.shape[1] + 1, -1)  # the last place is that of -1
    place[keep] = np.arange(len(keep))
    return answers_of(logits[:, keep]), place[labels]


def milliseconds_a_face(crops: UInt8, recogniser: StaticRecogniser) -> float:
    """Return the mean time of a face, the best of three each, second looks included."""
    times = []
    for crop in crops[:_TIMED]:
        colour = [np.repeat(crop[:, :, None], 3, axis=2)]
        times.append(min(_seconds(recogniser, colour) for _ in range(3)))
    return float(np.mean(times) * 1e3)


def _seconds(recogniser: StaticRecogniser, crops: list[UInt8]) -> float:
    """Return how long the net takes for some crops."""
    began = time.perf_counter()
    recogniser.logits(crops)
    return time.perf_counter() - began
