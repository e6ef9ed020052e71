"""Does another backend or precision say the same as float32 on the CPU?

Asked when a GPU engine is loaded, on one stored face, and by ``fer-ros models parity`` on many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.engine import Engine, to_batch
from fer_ros.inference.manifest import Manifest, Task, Tolerance
from fer_ros.inference.store import model_dir
from fer_ros.types import Float32, UInt8

# What there is a comparison for.
TASKS = (Task.FACE_DETECTION, Task.FACE_LANDMARKS, Task.STATIC_EXPRESSION)
# What holds no face has no landmarks and no box to compare.
_FACE = 0.5


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two engines are apart; None where the task has no such figure.

    Fields are those of :class:`Tolerance`.
    """

    landmark_px: float | None = None
    box_px: float | None = None
    score: float | None = None
    probability: float | None = None
    label_agreement: float | None = None

    def excess(self, tolerance: Tolerance) -> str:
        """Return what is beyond the tolerance, or '' where nothing is."""
        for name in ('landmark_px', 'box_px', 'score', 'probability'):
            found, limit = getattr(self, name), getattr(tolerance, name)
            # Written so that NaN is beyond it.
            if found is not None and not found <= limit:
                return f'{name} differs by {found:.3g}, tolerance {limit:g}'
        agreed, least = self.label_agreement, tolerance.label_agreement
        if agreed is not None and not agreed >= least:
            return f'labels agree in {agreed:.2%}, tolerance {least:.2%}'
        return ''


def compare(manifest: Manifest, wanted: Sequence[Float32], found: Sequence[Float32]) -> Parity:
    """Compare the outputs of one net, in the manifest's order, on the same input."""
    for name, one, other in zip(manifest.outputs, wanted, found):
        if one.shape != other.shape:
            raise ModelError(
                f"model '{manifest.id}': expected {name} of {one.shape}, found {other.shape}"
            )
    if manifest.task is Task.FACE_LANDMARKS:
        return _compare_landmarks(*wanted[:2], *found[:2])
    if manifest.task is Task.FACE_DETECTION:
        return _compare_boxes(*wanted[:2], *found[:2])
    return _compare_classes(wanted[0], found[0], manifest.temperature)


def check(engine: Engine, reference: Engine) -> Parity:
    """Compare an engine with a reference on the stored face.

    :raises ModelError: it is beyond the manifest's tolerance.
    """
    manifest = engine.manifest
    batch = stored_batch(manifest)
    parity = compare(manifest, reference.run(batch), engine.run(batch))
    excess = parity.excess(manifest.tolerance)
    if excess:
        raise ModelError(
            f"model '{manifest.id}': {engine.backend} is not what {reference.backend} is: {excess}"
        )
    return parity


def stored_batch(manifest: Manifest) -> Float32:
    """Return the stored face as a net's input: as it is, mirrored, dark, and far away."""
    path = model_dir() / 'data' / 'parity.png'
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ModelError(f'{path}: expected a picture, not readable; install the package again')
    spec = manifest.input
    face = cv2.cvtColor(cv2.resize(image, (spec.width, spec.height)), cv2.COLOR_BGR2RGB)
    far = np.full_like(face, 128)
    half = cv2.resize(face, (spec.width // 2, spec.height // 2), interpolation=cv2.INTER_AREA)
    top, left = spec.height // 4, spec.width // 4
    far[top : top + half.shape[0], left : left + half.shape[1]] = half
    crops: list[UInt8] = [face, np.ascontiguousarray(face[:, ::-1]), face // 3, far]
    return to_batch(crops, spec)


def _compare_landmarks(
    points: Float32, presence: Float32, other: Float32, other_presence: Float32
) -> Parity:
    faces = presence.reshape(-1) > _FACE
    apart = np.linalg.norm(points[..., :2] - other[..., :2], axis=-1)[faces]
    return Parity(landmark_px=_largest(apart), score=_largest(np.abs(presence - other_presence)))


def _compare_boxes(
    boxes: Float32, logits: Float32, other: Float32, other_logits: Float32
) -> Parity:
    scores, other_scores = _sigmoid(logits), _sigmoid(other_logits)
    faces = scores > _FACE
    # Centre, width and height in pixels of the input: a corner moves by both.
    apart = np.abs(boxes[faces][:, :4] - other[faces][:, :4])
    corner = apart[:, :2] + apart[:, 2:] / 2
    return Parity(box_px=_largest(corner), score=_largest(np.abs(scores - other_scores)))


def _compare_classes(logits: Float32, other: Float32, temperature: float) -> Parity:
    probabilities, others = (_softmax(one / temperature) for one in (logits, other))
    agreed = logits.argmax(axis=-1) == other.argmax(axis=-1)
    return Parity(
        probability=_largest(np.abs(probabilities - others)),
        label_agreement=float(agreed.mean()),
    )


def _largest(values: Float32) -> float:
    return float(values.max()) if values.size else 0.0


def _sigmoid(logits: Float32) -> Float32:
    return np.asarray(1.0 / (1.0 + np.exp(-logits.clip(-80.0, 80.0))), np.float32)


def _softmax(logits: Float32) -> Float32:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), np.float32)
