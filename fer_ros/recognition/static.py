"""Static expression: one aligned face in, one calibrated distribution out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.errors import ConfigError, ModelError
from fer_ros.inference.engine import Engine, to_batch
from fer_ros.recognition.certainty import Certainty
from fer_ros.recognition.circumplex import circumplex_of, valence_arousal
from fer_ros.types import AlignedFace, Expression, Float32, Float64, UInt8


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


class StaticRecogniser:
    """Recognises the expression of each aligned face by itself, all faces in one batch."""

    def __init__(self, engine: Engine, *, mirror: bool | None = None) -> None:
        """Take a net whose manifest names its labels and temperature.

        :param mirror: average each face with its mirror image, which shows the same emotion: a
            little more accurate for twice the time. None: as the manifest says.
        """
        self._engine = engine
        self._coordinates = circumplex_of(engine.manifest.labels)
        told = bool(engine.manifest.options.get('flip_average', False))
        self._mirror = told if mirror is None else mirror
        try:
            self._certainty = Certainty.from_options(engine.manifest.options)
        except ConfigError as error:
            raise ModelError(f"model '{engine.manifest.id}': options.{error}") from None

    @property
    def engine(self) -> Engine:
        """The net in use."""
        return self._engine

    @property
    def mirror(self) -> bool:
        """Whether each face is averaged with its mirror image."""
        return self._mirror

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
        if self._mirror:
            batch = np.concatenate([batch, batch[:, :, :, ::-1]])
        logits, embeddings = self._engine.run(batch)
        if self._mirror:
            count = len(crops)
            logits = logits.reshape(2, count, -1).mean(axis=0)
            embeddings = embeddings.reshape(2, count, -1).mean(axis=0)
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
