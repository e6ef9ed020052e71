"""Adapts a model to a room: a new linear head, learned from crops of uncertain faces.

Crops come from the recorder of the perception node. A crop whose label a person has filled in
counts fully; of the others those are taken for which the face and its mirror image agree and the
best answer leads the second by a margin (pseudo-labels, Lee 2013). The head stays close to the
shipped one, and close to what it said of ordinary faces where an npz of those is given (learning
without forgetting, Li & Hoiem 2016). Nothing is written where the new head is not better on
labelled crops that were kept back, or is worse on ordinary faces. The net below the head is not
touched: on a few hundred crops it would learn the people, not the room. NumPy and onnx alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import yaml
from numpy.typing import NDArray
from onnx import numpy_helper

from fer_ros.config import load_yaml
from fer_ros.errors import ConfigError, DataError, ModelError
from fer_ros.inference.manifest import Manifest, load_manifest
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import verify
from fer_ros.recognition import StaticRecogniser
from fer_ros.recognition.static import softmax
from fer_ros.types import Float32, Float64, UInt8

_STEPS, _RATE = 300, 0.01
_BATCH = 64
ENOUGH_TO_JUDGE = 40  # labelled crops


@dataclass(frozen=True, slots=True)
class AdaptConfig:
    """How much the crops may change.

    :param margin: by which the best answer leads the second in a pseudo-label, 0..1.
    :param anchor: weight of the head's distance from the shipped one.
    :param rehearsal: weight of what the shipped head says of ordinary faces.
    :param tolerance: loss of accuracy on ordinary faces beyond which nothing is written, 0..1.
    """

    margin: float = 0.2
    anchor: float = 0.3
    rehearsal: float = 1.0
    tolerance: float = 0.005

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, high in (
            ('margin', 1.0),
            ('tolerance', 1.0),
            ('anchor', 1e6),
            ('rehearsal', 1e6),
        ):
            value = getattr(self, name)
            if not 0.0 <= value <= high:
                raise ConfigError(f'{name}: expected a number in [0, {high:g}], found {value!r}')


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Aligned faces and what people called them.

    :param images: (N, S, S, 3) uint8 RGB.
    :param labels: (N,) -1 where nobody has filled one in.
    """

    images: UInt8
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear layer: embeddings (N, D) to logits (N, K)."""

    weight: Float64  # (D, K)
    bias: Float64  # (K,)

    def __call__(self, embeddings: Float32) -> Float32:
        """Return logits."""
        logits: Float32 = (embeddings @ self.weight + self.bias).astype(np.float32)
        return logits


@dataclass(frozen=True, slots=True)
class Adapted:
    """What an adaptation did.

    :param labelled, pseudo: crops that were learned from.
    :param left_out: crops whose answer was not sure enough.
    :param before, after: accuracy (A8) on ordinary faces, None without any.
    """

    manifest: Path
    labelled: int
    pseudo: int
    left_out: int
    before: float | None
    after: float | None


def load_crops(folder: Path, labels: Sequence[str], size_px: int) -> Crops:
    """Read a folder of ``*.png`` with a ``*.json`` each, as the recorder leaves it.

    :raises DataError: no crops, one that is no picture, or a label that the model has not.
    """
    paths = sorted(folder.glob('*.png')) if folder.is_dir() else []
    if not paths:
        raise DataError(f'{folder}: expected crops (*.png) of the recorder, found none')
    images, found = [], []
    for path in paths:
        pixels = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if pixels is None:
            raise DataError(f'{path}: expected a picture, found none that can be read; delete it')
        shrinks = pixels.shape[0] > size_px
        how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
        scaled = cv2.resize(pixels, (size_px, size_px), interpolation=how)
        images.append(cv2.cvtColor(scaled, cv2.COLOR_BGR2RGB))
        found.append(_label(path.with_suffix('.json'), labels))
    return Crops(np.stack(images), np.array(found, np.int64))


def _label(path: Path, labels: Sequence[str]) -> int:
    """Return the label that a person has filled in, -1 where none."""
    if not path.is_file():
        return -1
    try:
        told = json.loads(path.read_text(encoding='utf-8'))
        label = told.get('label')
    except (ValueError, AttributeError) as error:
        raise DataError(f'{path}: expected an object in JSON, found none: {error}') from None
    if label is None:
        return -1
    if label not in labels:
        raise DataError(f'{path}: label: expected one of {", ".join(labels)}, found {label!r}')
    return list(labels).index(label)


def pseudo_labels(plain: Float32, mirrored: Float32, margin: float) -> NDArray[np.int64]:
    """Return (N,) labels, -1 where the answer is not sure enough.

    :param plain, mirrored: (N, K) distributions of faces and of their mirror images.
    """
    mean = 0.5 * (plain + mirrored)
    second, best = np.sort(mean, axis=1)[:, -2:].T
    agree = plain.argmax(axis=1) == mirrored.argmax(axis=1)
    sure = agree & (best - second >= margin)
    return np.where(sure, mean.argmax(axis=1), -1).astype(np.int64)


def fit_head(
    head: Head,
    embeddings: Float32,
    labels: NDArray[np.int64],
    ordinary: Float32,
    temperature: float,
    config: AdaptConfig,
) -> Head:
    """Return a head that gives the labels and stays close to the old one.

    :param embeddings: (N, D) of the crops.
    :param ordinary: (M, D) of faces of which the new head shall say what the old one does.
    """
    targets = np.eye(len(head.bias))[labels]
    kept = softmax(head(ordinary), temperature)
    start = np.concatenate([head.weight, head.bias[None]])
    weights = start.copy()
    x, held = (np.column_stack([rows, np.ones(len(rows))]) for rows in (embeddings, ordinary))
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _STEPS + 1):  # Adam (Kingma & Ba 2015)
        gradient = config.anchor * (weights - start) + _slope(x, weights, targets, temperature)
        if len(held):
            gradient += config.rehearsal * _slope(held, weights, kept, temperature)
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        unbiased = np.sqrt(second / (1 - 0.999**step)) + 1e-8
        rate = _RATE * (1 + np.cos(np.pi * step / _STEPS)) / 2
        weights -= rate * first / (1 - 0.9**step) / unbiased
    return Head(weights[:-1], weights[-1])


def _slope(
    rows: Float64, weights: Float64, targets: NDArray[np.floating], temperature: float
) -> Float64:
    """Return the gradient of the mean cross-entropy of (N, D) rows."""
    error = softmax((rows @ weights).astype(np.float32), temperature) - targets
    slope: Float64 = rows.T @ error / (len(rows) * temperature)
    return slope


def adapt_static(
    manifest_path: Path,
    folder: Path,
    out_dir: Path,
    *,
    ordinary: Crops | None = None,
    config: AdaptConfig | None = None,
) -> Adapted:
    """Learn a new head from a folder of crops and write model and manifest.

    :param ordinary: faces with labels, on which nothing may get worse: not those of the room.
    :raises DataError: no crops, or none sure enough.
    :raises ModelError: not a net with a linear head, or the new one is not better on labelled
        crops or worse on ordinary faces; nothing is written then.
    """
    config = config or AdaptConfig()
    manifest = load_manifest(manifest_path)
    verify(manifest)
    model, head = read_head(manifest)
    recogniser = StaticRecogniser(OnnxRuntimeEngine(manifest), mirror_below=0.0)
    crops = load_crops(folder, manifest.labels, manifest.input.width)
    plain, embeddings = answers(recogniser, crops.images)
    mirrored, _ = answers(recogniser, np.ascontiguousarray(crops.images[:, :, ::-1]))
    guessed = pseudo_labels(
        softmax(plain, manifest.temperature),
        softmax(mirrored, manifest.temperature),
        config.margin,
    )
    labels = np.where(crops.labels >= 0, crops.labels, guessed)
    taken = labels >= 0
    if not taken.any():
        raise DataError(
            f'{folder}: expected crops with a label or a lead of {config.margin:g}, found '
            f'{len(labels)} without; fill in labels or lower the margin'
        )
    held = np.empty((0, embeddings.shape[1]), np.float32)
    if ordinary is not None:
        _, held = answers(recogniser, ordinary.images)

    def fit(rows: NDArray[np.bool_]) -> Head:
        return fit_head(head, embeddings[rows], labels[rows], held, manifest.temperature, config)

    _refuse_a_worse(head, fit, embeddings, crops.labels, taken, folder)
    fitted = fit(taken)
    before, after = (_accuracy(one, held, ordinary) for one in (head, fitted))
    if before is not None and after is not None and after < before - config.tolerance:
        raise ModelError(
            f'{folder}: expected an accuracy on ordinary faces of at least '
            f'{before - config.tolerance:.4f}, found {after:.4f}; nothing is written, check the '
            'labels or raise the margin'
        )
    path = write_head(manifest, manifest_path, model, fitted, out_dir)
    return Adapted(
        manifest=path,
        labelled=int((crops.labels >= 0).sum()),
        pseudo=int((taken & (crops.labels < 0)).sum()),
        left_out=int((~taken).sum()),
        before=before,
        after=after,
    )


def _refuse_a_worse(
    head: Head,
    fit: Callable[[NDArray[np.bool_]], Head],
    embeddings: Float32,
    labels: NDArray[np.int64],
    taken: NDArray[np.bool_],
    folder: Path,
) -> None:
    """Keep every fourth labelled crop back, where there are enough, and see who is right there."""
    labelled = np.flatnonzero(labels >= 0)
    if len(labelled) < ENOUGH_TO_JUDGE:
        return
    kept = labelled[::4]
    rest = taken.copy()
    rest[kept] = False
    before, after = (
        int((one(embeddings[kept]).argmax(axis=1) == labels[kept]).sum())
        for one in (head, fit(rest))
    )
    if after <= before:
        raise ModelError(
            f'{folder}: expected a new head that is right more often than {before} of '
            f'{len(kept)} labelled crops that were kept back, found {after}; nothing is written, '
            'the model is better as it is'
        )


def answers(recogniser: StaticRecogniser, images: UInt8) -> tuple[Float32, Float32]:
    """Return (N, K) logits and (N, D) embeddings of (N, S, S, 3) crops."""
    rows = [
        recogniser.logits(list(images[start : start + _BATCH]))
        for start in range(0, len(images), _BATCH)
    ]
    logits, embeddings = zip(*rows)
    return np.concatenate(logits), np.concatenate(embeddings)


def _accuracy(head: Head, embeddings: Float32, faces: Crops | None) -> float | None:
    """Return the share of right answers among faces with a label."""
    if faces is None:
        return None
    scored = faces.labels >= 0
    return float((head(embeddings[scored]).argmax(axis=1) == faces.labels[scored]).mean())


def read_head(manifest: Manifest) -> tuple[onnx.ModelProto, Head]:
    """Read a net and its last layer.

    :raises ModelError: its logits are no linear function of its embedding.
    """
    model = onnx.load(str(manifest.file))
    node, weight, bias = _head_of(model, manifest)
    transposed = any(entry.name == 'transB' and entry.i for entry in node.attribute)
    matrix = numpy_helper.to_array(weight).astype(np.float64)
    return model, Head(
        matrix.T if transposed else matrix, numpy_helper.to_array(bias).astype(np.float64)
    )


def _head_of(
    model: onnx.ModelProto, manifest: Manifest
) -> tuple[onnx.NodeProto, onnx.TensorProto, onnx.TensorProto]:
    """Return the node that makes logits of the embedding, its weight and its bias."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if 'logits' not in node.output or node.op_type != 'Gemm':
            continue
        source, *names = node.input
        if source == 'embedding' and len(names) == 2 and set(names) <= set(stored):
            return node, stored[names[0]], stored[names[1]]
    raise ModelError(
        f"model '{manifest.id}': expected logits that are a linear layer of the embedding, found "
        'another end; adapt a net that fer-ros train static has exported'
    )


def write_head(
    manifest: Manifest, manifest_path: Path, model: onnx.ModelProto, head: Head, out_dir: Path
) -> Path:
    """Write the net with another head, and a manifest for it; return the manifest's path."""
    node, weight, bias = _head_of(model, manifest)
    transposed = any(entry.name == 'transB' and entry.i for entry in node.attribute)
    for tensor, values in (
        (weight, head.weight.T if transposed else head.weight),
        (bias, head.bias),
    ):
        kind = numpy_helper.to_array(tensor).dtype
        fresh = numpy_helper.from_array(np.ascontiguousarray(values).astype(kind), tensor.name)
        tensor.CopyFrom(fresh)
    content = model.SerializeToString()
    entries: dict[str, Any] = load_yaml(manifest_path)
    entries.pop('int8', None)  # that form has the old head
    name = f'{manifest.id}-adapted'
    options = {**(entries.get('options') or {}), 'adapted_from': manifest.sha256}
    entries |= {
        'id': name,
        'file': f'{name}.onnx',
        'sha256': hashlib.sha256(content).hexdigest(),
        'options': options,
    }
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        path = out_dir / f'{name}.yaml'
        for target, data in (
            (out_dir / f'{name}.onnx', content),
            (path, yaml.safe_dump(entries, sort_keys=False, width=99).encode()),
        ):
            partial = target.with_suffix('.part')
            partial.write_bytes(data)
            partial.replace(target)
    except OSError as error:
        raise ConfigError(
            f'{out_dir}: expected a folder that can be written, found: {error.strerror}; '
            'choose another output folder'
        ) from None
    return path
