"""A teacher that has seen other faces: what the features of the face mesh tell of an expression.

The mesh was trained on many more faces than FER+ has. Small heads on its landmarks and on inner
features of face, eyes and lips know less than a net that reads the face's pixels, but they err on
other faces. Each fold is answered by a head that has not learned from it, so that no answer merely
repeats the votes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
import torch
from rich.progress import track
from torch import Tensor, nn

from fer_ros.alignment import crop_face
from fer_ros.alignment.crop import ANCHORS
from fer_ros.inference.engine import to_batch
from fer_ros.inference.manifest import Manifest, Task
from fer_ros.inference.store import find_manifest
from fer_ros.roi import EXPANSION, roi_from_landmarks
from fer_ros.training.data import Split
from fer_ros.training.kept import kept
from fer_ros.types import Float32, RotatedRoi, UInt8

MODEL = 'facemesh-478'
# Inner tensors of the attention mesh and which of their channels: face trunk coarse to fine, then
# the branches of eyes, irises and lips, which run side by side, deep to shallow. Each is averaged
# over a grid of at most so many cells a side.
TAPS = (
    ('Add_116', slice(None)), ('Add_126', slice(None)), ('Add_97', slice(None)),
    ('Add_240', slice(0, 128)), ('Add_240', slice(640, 768)), ('Add_218', slice(None)),
    ('Add_263', slice(0, 32)), ('Add_263', slice(160, 192)),
    ('Add_269', slice(32, 64)), ('Add_269', slice(128, 160)),
    ('Add_269', slice(64, 96)), ('Add_269', slice(160, 192)),
)  # fmt: skip
_TAPPED = tuple(dict.fromkeys(name for name, _ in TAPS))
_GRID = {3: 3, 6: 3}
_FOLDS, _EPOCHS, _BATCH = 3, 8, 128


def mesh_answers(split: Split, cache: Path, seed: int) -> Float32:
    """Return distributions (N, 8) that heads on the mesh's features give faces new to them.

    :param cache: npz in which they are kept, since finding them takes minutes.
    :raises DataError: the cache is of another split, or can not be read.
    """

    def find() -> Float32:
        views = [_features(split, mirrored) for mirrored in (False, True)]
        return cross_fitted(views, split.targets, seed)

    return kept(cache, 'answers', split.targets.shape, find)


def _features(split: Split, mirrored: bool) -> Float32:
    """Return (N, F): landmarks about the anchors' mean, in units of their spread, and the taps."""
    manifest = find_manifest(MODEL, Task.FACE_LANDMARKS)
    session = _opened(manifest)
    names = [manifest.outputs[0], *_TAPPED]
    rows = []
    for batch in track(list(_crops(split, mirrored, manifest)), 'features of the mesh'):
        images = to_batch(batch, manifest.input)
        landmarks, *tapped = session.run(names, {manifest.input.name: images})
        found = dict(zip(_TAPPED, tapped))
        pooled = [_pooled(found[name][:, channels]) for name, channels in TAPS]
        rows.append(np.concatenate([_shape(landmarks), *pooled], axis=1).astype(np.float16))
    return np.concatenate(rows)


def _opened(manifest: Manifest) -> onnxruntime.InferenceSession:
    """Load the mesh with its inner tensors as outputs."""
    model = onnx.load(str(manifest.file))
    for name in _TAPPED:
        kind = onnx.TensorProto.FLOAT
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=['CPUExecutionProvider']
    )


def _crops(split: Split, mirrored: bool, manifest: Manifest) -> Iterator[list[UInt8]]:
    """Yield batches of the faces as the mesh reads them; a missed one as its image shows it."""
    images, side = split.faces.images, split.faces.images.shape[1]
    for start in range(0, len(images), 16):
        batch = []
        for image, points in zip(images[start : start + 16], split.landmarks_px[start:]):
            roi = RotatedRoi(side / 2, side / 2, EXPANSION * side, 0.0)
            if points.size and np.isfinite(points).all():
                roi = roi_from_landmarks(points)
            face = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB)
            if mirrored:
                face = np.ascontiguousarray(face[:, ::-1])
                roi = RotatedRoi(side - roi.centre_x, roi.centre_y, roi.size, -roi.rotation_rad)
            batch.append(crop_face(face, roi, manifest.input.width))
        yield batch


def _shape(landmarks: Float32) -> Float32:
    """Take place and size out of landmarks (N, L, 3) and return them flat."""
    centred = landmarks - landmarks[:, ANCHORS].mean(axis=1, keepdims=True)
    spread = np.sqrt((centred[:, ANCHORS] ** 2).sum(axis=(1, 2), keepdims=True))
    flat: Float32 = (centred / np.maximum(spread, 1e-6)).reshape(len(landmarks), -1)
    return flat


def _pooled(tap: Float32) -> Float32:
    """Average an inner tensor (N, C, S, S) over the cells of a coarse grid and return it flat."""
    count, channels, side, _ = tap.shape
    cells = _GRID.get(side, 2)
    step = side // cells
    parts = tap.reshape(count, channels, cells, step, cells, step)
    flat: Float32 = parts.mean(axis=(3, 5)).reshape(count, -1)
    return flat


def cross_fitted(views: list[Float32], targets: Float32, seed: int) -> Float32:
    """Fit a head for each fold on the other folds and return its answers (N, 8) to the fold.

    :param views: features (N, F) of the same faces seen differently; answers are their mean.
    """
    mean, spread = views[0].mean(axis=0, dtype=np.float64), views[0].std(axis=0, dtype=np.float64)
    scaled = [
        torch.from_numpy(((view - mean) / (spread + 1e-4)).astype(np.float16)) for view in views
    ]
    rng = np.random.default_rng(seed)
    fold = rng.integers(0, _FOLDS, len(targets))
    answers = np.zeros_like(targets)
    for index in track(range(_FOLDS), 'heads on the mesh'):
        torch.manual_seed(seed + index)
        learned, asked = (torch.from_numpy(np.flatnonzero(rows)) for rows in
                          (fold != index, fold == index))  # fmt: skip
        head = _fitted(scaled, torch.from_numpy(targets), learned, rng)
        with torch.inference_mode():
            logits = [head(view[asked].float()) for view in scaled]
        answers[asked.numpy()] = torch.softmax(torch.stack(logits).mean(dim=0), dim=1).numpy()
    return answers


def _fitted(
    views: list[Tensor], targets: Tensor, rows: Tensor, rng: np.random.Generator
) -> nn.Sequential:
    """Fit one head: two hidden layers, strongly regularised (AdamW, dropout, one cycle)."""
    head = _head(views[0].shape[1], targets.shape[1])
    steps = max(len(rows) // _BATCH, 1)
    optimiser = torch.optim.AdamW(head.parameters(), 1e-3, weight_decay=3e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=_EPOCHS * steps)
    for _ in range(_EPOCHS):
        order = rows[torch.from_numpy(rng.permutation(len(rows)))]
        for batch in order[: steps * _BATCH].split(_BATCH):
            view = views[int(rng.integers(len(views)))]
            loss = nn.functional.cross_entropy(head(view[batch].float()), targets[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return head.eval()


def _head(features: int, classes: int) -> nn.Sequential:
    """Return a head with random weights."""
    return nn.Sequential(
        nn.Dropout(0.3), nn.Linear(features, 384), nn.BatchNorm1d(384), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(384, 256), nn.BatchNorm1d(256), nn.ReLU(),
        nn.Dropout(0.5), nn.Linear(256, classes),
    )  # fmt: skip
