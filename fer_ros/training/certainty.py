"""Fits how much less certain a model has to be of faces that are hard to read.

On Valid, degraded at random: the weights of :mod:`fer_ros.recognition.certainty` with the least
cross-entropy against the label that most annotators chose, beside the temperature, which stays.
What is fitted goes into the model's manifest, beside what the model says of the faces as they
are, from which :mod:`fer_ros.recognition.adaptation` starts. NumPy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from fer_ros.alignment import Landmarker
from fer_ros.config import load_yaml
from fer_ros.errors import DataError, ModelError
from fer_ros.evaluation.degrade import CLEAN, random_condition
from fer_ros.evaluation.ferplus import VotedFaces, majority
from fer_ros.evaluation.seen import located, prepared
from fer_ros.evaluation.stills import locate_stills
from fer_ros.inference.manifest import load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import verify
from fer_ros.recognition import Reference, StaticRecogniser
from fer_ros.recognition.certainty import HARDSHIPS, Certainty, hardships
from fer_ros.recognition.static import softmax
from fer_ros.types import Float32, Float64, UInt8

DRAWS = 2
LEAST_FACES = 200  # a run on fewer does not fit so many weights
# Too sure is worse than too shy: so many times does a wrong answer count. With 2, 2.3 % of all
# degraded faces are given a wrong label with more than 0.8, with 3, 1.7 %, with this 1.5 %.
CAUTION = 3.5
STRANGE = 0.01  # share of good faces that count as out of distribution
_BATCH = 64
_STEPS, _RATE, _RIDGE = 400, 0.05, 1e-3

Progress = Callable[[Iterable[UInt8]], Iterable[UInt8]]


@dataclass(frozen=True, slots=True, eq=False)
class HardFaces:
    """Faces as they are and degraded, as the run time sees them, whatever the model.

    :param crops: (N, S, S) uint8.
    :param hardships: (N, H).
    :param faces: (N,) which of the faces each is.
    :param clean: (N,) whether it is as it was.
    """

    crops: UInt8
    hardships: Float64
    faces: NDArray[np.int64]
    clean: NDArray[np.bool_]


def add_certainty(
    manifest_path: Path,
    faces: VotedFaces,
    landmarker: Landmarker,
    *,
    cache: Path | None = None,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Certainty:
    """Fit a model's certainty on voted faces and write it into its manifest.

    Its int8 form, which answers the same within its tolerance, gets the same numbers.

    :param cache: npz in which the degraded faces are kept, for the next model.
    :param draws: how often each face is degraded.
    :param progress: wraps the images while they are degraded, to show how far it is.
    :raises DataError: no face can be scored, or the cache is not one.
    :raises ModelError: the model's file is not the one that its manifest describes.
    """
    manifest = load_manifest(manifest_path)
    verify(manifest)
    forms = forms_of(manifest_path)
    readable = majority(faces.votes) >= 0
    if not readable.any():
        raise DataError(
            f'faces: expected some with votes for an emotion, found {len(readable)} without'
        )
    scored = faces.take(readable)
    size_px = manifest.input.width
    recogniser = StaticRecogniser(OnnxRuntimeEngine(manifest))
    hard = _known(cache, size_px) if cache is not None and cache.is_file() else None
    if hard is None:
        hard = degraded(scored, landmarker, size_px, draws=draws, seed=seed, progress=progress)
        if cache is not None:
            _keep(cache, hard)
    labels = majority(scored.votes)
    if hard.faces.max(initial=0) >= len(labels):
        raise DataError(
            f'{cache}: expected degraded faces of these {len(labels)}, found others; delete it'
        )
    logits, embeddings = _answers(hard.crops, recogniser)
    certainty = Certainty(
        heat=fit_heat(logits / manifest.temperature, hard.hardships, labels[hard.faces]),
        least_norm=least_norm(embeddings[hard.clean]),
    )
    heat = np.exp(hard.hardships[hard.clean] @ np.array(certainty.heat))
    usual = softmax(logits[hard.clean], manifest.temperature * heat)
    reference = Reference.of(usual, manifest.labels)
    for path in forms:
        _write(path, certainty, reference)
    return certainty


def forms_of(manifest_path: Path) -> tuple[Path, ...]:
    """Return the manifests of a model and of its int8 form, where that is there.

    :raises ModelError: one can not be read, or is no form of the other.
    """
    manifest = load_manifest(manifest_path)
    if manifest.int8 is None or not manifest.int8.is_file():
        return (manifest_path,)
    int8 = load_manifest(manifest.int8)
    if (int8.labels, int8.temperature) != (manifest.labels, manifest.temperature):
        raise ModelError(
            f'{manifest.int8}: expected labels and temperature of {manifest_path.name}, found '
            'others; make it again with fer-ros models quantise'
        )
    return manifest_path, manifest.int8


def degraded(
    faces: VotedFaces,
    landmarker: Landmarker,
    size_px: int,
    *,
    draws: int = DRAWS,
    seed: int = 0,
    progress: Progress | None = None,
) -> HardFaces:
    """Take each face as it is and degraded so many times, whether or not the mesh finds it."""
    rng = np.random.default_rng(seed)
    crops, hards, rows, clean = [], [], [], []
    for index, image in enumerate(progress(faces.images) if progress else faces.images):
        points = locate_stills(image[None], landmarker)[0]
        for condition in (CLEAN, *(random_condition(rng) for _ in range(draws))):
            shown = condition.apply(image, points, rng)
            seen = points if condition is CLEAN else located([shown], landmarker)[0]
            face, _ = prepared(shown, seen, size_px)
            crops.append(face.pixels[:, :, 0])
            hards.append(hardships(face.quality))
            rows.append(index)
            clean.append(condition is CLEAN)
    return HardFaces(
        np.stack(crops), np.array(hards), np.array(rows, np.int64), np.array(clean, bool)
    )


def fit_heat(
    scaled_logits: Float32,
    hard: Float64,
    labels: NDArray[np.int64],
    *,
    caution: float = CAUTION,
) -> tuple[float, ...]:
    """Return the weights of the hardships, none negative, with the least cross-entropy.

    :param scaled_logits: (N, K) at the model's temperature.
    :param hard: (N, H) hardships.
    :param labels: (N,) right answers.
    :param caution: by how much an answer that is wrong counts more than one that is right.
    """
    counts = np.where(scaled_logits.argmax(axis=1) == labels, 1.0, caution)
    counts /= counts.sum()
    weights = np.zeros(hard.shape[1])
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    each = np.arange(len(labels))
    for step in range(1, _STEPS + 1):  # Adam (Kingma & Ba 2015), projected
        heat = np.exp(hard @ weights)
        cooled = scaled_logits / heat[:, None]
        # d(-log p[y]) / d log T = z[y] - sum p z
        slope = cooled[each, labels] - (softmax(scaled_logits, heat) * cooled).sum(axis=1)
        gradient = hard.T @ (counts * slope) + _RIDGE * weights
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        unbiased = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        weights = np.maximum(weights - _RATE * first / (1 - 0.9**step) / unbiased, 0.0)
    return tuple(round(float(weight), 4) for weight in weights)


def least_norm(embeddings: Float32) -> float:
    """Return the length that all but a few of the embeddings (N, D) exceed; 0 without any."""
    if not len(embeddings):
        return 0.0
    return round(float(np.quantile(np.linalg.norm(embeddings, axis=1), STRANGE)), 4)


def _answers(crops: UInt8, recogniser: StaticRecogniser) -> tuple[Float32, Float32]:
    """Return (N, K) logits and (N, D) embeddings of grey crops."""
    answers = [
        recogniser.logits(list(np.repeat(crops[start : start + _BATCH, :, :, None], 3, axis=3)))
        for start in range(0, len(crops), _BATCH)
    ]
    logits, embeddings = zip(*answers)
    return np.concatenate(logits), np.concatenate(embeddings)


def _write(manifest_path: Path, certainty: Certainty, reference: Reference) -> None:
    """Put the numbers into the manifest's options; the rest stays."""
    entries = load_yaml(manifest_path)
    options = entries.get('options') or {}
    options['certainty'] = {
        'heat': {name: weight for name, weight in zip(HARDSHIPS, certainty.heat) if weight},
        'least_norm': certainty.least_norm,
    }
    options['adaptation'] = {
        name: [round(value, 4) for value in getattr(reference, name).tolist()]
        for name in Reference.__slots__
    }
    entries['options'] = options
    partial = manifest_path.with_suffix('.part')
    partial.write_text(yaml.safe_dump(entries, sort_keys=False, width=99), encoding='utf-8')
    partial.replace(manifest_path)


def _keep(cache: Path, hard: HardFaces) -> None:
    """Keep degraded faces for the next model."""
    partial = cache.with_suffix('.part.npz')
    np.savez(partial, **{name: getattr(hard, name) for name in HardFaces.__slots__})
    partial.replace(cache)


def _known(cache: Path, size_px: int) -> HardFaces:
    """Read the degraded faces of an earlier run."""
    try:
        with np.load(cache, allow_pickle=False) as archive:
            found = HardFaces(*(archive[name] for name in HardFaces.__slots__))
    except Exception as error:  # what zipfile, zlib and NumPy raise for a broken file is no family
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise DataError(
            f'{cache}: expected degraded faces of an earlier run, found none that can be read: '
            f'{reason}; delete this file'
        ) from None
    shapes = tuple(getattr(found, name).shape for name in HardFaces.__slots__)
    count = len(found.crops)
    wanted = ((count, size_px, size_px), (count, len(HARDSHIPS)), (count,), (count,))
    if shapes != wanted:
        raise DataError(
            f'{cache}: expected degraded faces of {size_px} px, found {shapes}; delete this file'
        )
    return found
