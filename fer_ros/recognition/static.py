"""Static expression: one aligned face in, one calibrated distribution out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import ConfigError, ModelError
from fer_ros.inference.engine import Engine, to_batch
from fer_ros.recognition.certainty import Certainty
from fer_ros.recognition.circumplex import circumplex_of, valence_arousal
from fer_ros.types import AlignedFace, Expression, Float32, Float64, UInt8

# A second look gains where the first is torn: docs/evaluation.md. Most faces need none.
MIRROR_BELOW = 0.6


def softmax(logits: Float32, temperature: float | Float64 = 1.0) -> Float32:
    """Return (N, K) probabilities of (N, K) logits, flattened by a temperature above 1.

    Temperature scaling is Guo et al. 2017, "On calibration of modern neural networks".

    :param temperature: of all, or (N,) of each.
    """
    scaled = logits.astype(np.float64) / np.reshape(temperature, (-1, 1))
    scaled -= scaled.max(axis=1, keepdims=True)
    weights = np.exp(scaled)
    probabilities: Float32 = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def torn_faces(logits: Float32, temperature: float, mirror_below: float) -> NDArray[np.bool_]:
    """Return (N,) which faces of (N, K) logits are worth a look at their mirror image.

    :param mirror_below: the likeliest emotion has less than this; 0: no face, 1: every face.
    """
    if mirror_below in (0.0, 1.0):
        return np.full(len(logits), bool(mirror_below))
    behind = logits - logits.max(axis=1, keepdims=True)
    # The likeliest has 1 / sum(e^behind).
    torn: NDArray[np.bool_] = np.exp(behind / temperature).sum(axis=1) * mirror_below > 1.0
    return torn


class StaticRecogniser:
    """Recognises the expression of each aligned face by itself, all faces in one batch."""

    def __init__(self, engine: Engine, *, mirror_below: float = MIRROR_BELOW) -> None:
        """Take a net whose manifest names its labels and temperature.

        :param mirror_below: a face whose likeliest emotion is given less than this is looked at
            again as its mirror image, which shows the same emotion, and both answers are averaged;
            0: no face, 1: every face.
        """
        self._engine = engine
        self._coordinates = circumplex_of(engine.manifest.labels)
        self._mirror_below = _share_of(mirror_below)
        try:
            self._certainty = Certainty.from_options(engine.manifest.options)
        except ConfigError as error:
            raise ModelError(f"model '{engine.manifest.id}': options.{error}") from None

    @property
    def engine(self) -> Engine:
        """The net in use."""
        return self._engine

    @property
    def mirror_below(self) -> float:
        """Below which probability a face is looked at again as its mirror image."""
        return self._mirror_below

    def recognise(self, faces: Sequence[AlignedFace]) -> list[Expression]:
        """Return one expression per face, in order."""
        if not faces:
            return []
        manifest = self._engine.manifest
        logits, embeddings = self.logits([face.pixels for face in faces])
        heat = np.array([self._certainty.temperature(face.quality) for face in faces])
        return [
            self._expression(row, embedding)
            for row, embedding in zip(softmax(logits, manifest.temperature * heat), embeddings)
        ]

    def logits(self, crops: Sequence[UInt8]) -> tuple[Float32, Float32]:
        """Return (N, K) logits and (N, D) embeddings of N RGB crops of the net's input size."""
        batch = to_batch(crops, self._engine.manifest.input)
        logits, embeddings = self._engine.run(batch)
        torn = torn_faces(logits, self._engine.manifest.temperature, self._mirror_below)
        if torn.any():
            both = zip((logits, embeddings), self._engine.run(_mirrored(batch[torn])))
            logits, embeddings = (_averaged(seen, torn, again) for seen, again in both)
        return logits, embeddings

    def _expression(self, probabilities: Float32, embedding: Float32) -> Expression:
        valence, arousal = valence_arousal(probabilities, self._coordinates)
        return Expression(
            labels=self._engine.manifest.labels,
            probabilities=probabilities,
            valence=valence,
            arousal=arousal,
            confidence=float(probabilities.max()),
            model_ids=(self._engine.manifest.id,),
            embedding=embedding,
            novelty=self._certainty.novelty(embedding),
        )


def _mirrored(batch: Float32) -> Float32:
    """Turn left and right of (N, C, H, W) around."""
    return np.ascontiguousarray(batch[..., ::-1])


def _averaged(seen: Float32, torn: NDArray[np.bool_], again: Float32) -> Float32:
    """Return (N, K) with the mean of both looks where there was a second."""
    both: Float32 = seen.copy()
    both[torn] = (seen[torn] + again) / 2
    return both


def _share_of(mirror_below: float) -> float:
    """Refuse what is no probability."""
    if not 0.0 <= mirror_below <= 1.0:
        raise ConfigError(
            f'mirror_below: expected a probability 0 .. 1, found {mirror_below}; 0 turns it off'
        )
    return float(mirror_below)
