"""Fit the occlusion net: ``python -m fer_ros.training.fit_occlusion --data FERPLUS --out FILE``.

NumPy alone, minutes on one core, seeded. Trains on FER+ Training and reports on its Valid split:
faces as they are against the same faces with drawn occluders, both through the mesh.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment.landmarker import Landmarker
from fer_ros.alignment.occlusion import FEATURES, PATCH_PX, OcclusionNet, gradient_features
from fer_ros.alignment.quality import face_patch
from fer_ros.inference.manifest import Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest
from fer_ros.roi import roi_from_landmarks
from fer_ros.training.occluders import Half, occlude
from fer_ros.types import Float32, Frame, Landmarks, RotatedRoi, UInt8

_SCALE, _MARGIN_PX, _GREY = 4, 48, 128
_UNITS, _NETS = 24, 3


def main() -> None:
    """Fit, report and write."""
    parser = argparse.ArgumentParser(description='Fit the occlusion net on FER+.')
    parser.add_argument('--data', type=Path, required=True, help='folder of ferplus_*.npz')
    parser.add_argument('--out', type=Path, required=True, help='weights to write (.npz)')
    parser.add_argument('--faces', type=int, default=14000, help='training faces')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    maker = PatchMaker(rng)
    x, y = maker.make(_faces(options.data / 'ferplus_train.npz', options.faces, rng))
    fit_rng = np.random.default_rng(options.seed)
    net = join([fit(x, y, fit_rng) for _ in range(_NETS)])
    x, y = maker.make(_faces(options.data / 'ferplus_valid.npz', 2000, rng))
    print(json.dumps(report(net, x, y), indent=1))
    np.savez(options.out, **{name: getattr(net, name) for name in OcclusionNet.__slots__})


def _faces(path: Path, count: int, rng: np.random.Generator) -> UInt8:
    """Return up to ``count`` faces (N, 48, 48) that annotators took for one."""
    with np.load(path) as arrays:
        faces: UInt8 = arrays['images'][arrays['votes'].argmax(axis=1) < 8]
    return faces[rng.permutation(len(faces))[:count]]


class PatchMaker:
    """Turns FER+ images into patches, untouched, upper half hidden, lower half hidden."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Load the mesh."""
        manifest = find_manifest('facemesh-478', Task.FACE_LANDMARKS)
        self._landmarker = Landmarker(OnnxRuntimeEngine(manifest))
        self._rng = rng

    def make(self, faces: UInt8) -> tuple[UInt8, Float32]:
        """Return patches (M, 32, 32) and what is hidden (M, 2); faces without a mesh are left."""
        patches: list[UInt8] = []
        hidden: list[tuple[float, float]] = []
        for face in faces:
            image = self._degraded(_enlarged(face))
            found = self._mesh(image, RotatedRoi(144.0, 144.0, 288.0, 0.0))
            if found.presence < 0.5:
                continue
            patches.append(_patch(image, found))
            hidden.append((0.0, 0.0))
            half = Half.UPPER if self._rng.random() < 0.5 else Half.LOWER
            covered = occlude(image, found.points_px, half, self._rng, faces)
            again = self._mesh(covered, roi_from_landmarks(found.points_px))
            patches.append(_patch(covered, again))
            hidden.append((float(half is Half.UPPER), float(half is Half.LOWER)))
        return np.stack(patches), np.array(hidden, np.float32)

    def _mesh(self, image: UInt8, roi: RotatedRoi) -> Landmarks:
        """Return landmarks from the second look."""
        frame = Frame(0, 'camera', 0, image)
        first = self._landmarker.locate(frame, [roi])[0]
        return self._landmarker.locate(frame, [roi_from_landmarks(first.points_px)])[0]

    def _degraded(self, image: UInt8) -> UInt8:
        """Return every second image with blur, noise and other light: that hides nothing."""
        rng = self._rng
        if rng.random() < 0.5:
            return image
        blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 5.0)).astype(np.float32)
        blurred = 255.0 * (blurred / 255.0) ** rng.uniform(0.6, 1.8) * rng.uniform(0.4, 1.1)
        noisy = blurred + rng.normal(0, rng.uniform(0, 10), (*image.shape[:2], 1))
        result: UInt8 = np.clip(noisy, 0, 255).astype(np.uint8)
        return result


def _enlarged(face: UInt8) -> UInt8:
    """Return (288, 288, 3): the mesh finds a face better with a margin around it."""
    large = cv2.resize(face, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
    edges = (_MARGIN_PX,) * 4
    framed = cv2.copyMakeBorder(large, *edges, cv2.BORDER_CONSTANT, value=_GREY)
    return np.asarray(cv2.cvtColor(framed, cv2.COLOR_GRAY2RGB), np.uint8)


def _patch(image: UInt8, found: Landmarks) -> UInt8:
    """Return what the quality room would look at."""
    patch = face_patch(image, found.points_px)
    return np.asarray(cv2.resize(patch, (PATCH_PX,) * 2, interpolation=cv2.INTER_AREA), np.uint8)


def join(nets: list[OcclusionNet]) -> OcclusionNet:
    """Return one net that answers with the mean of the nets' logits."""
    return OcclusionNet(
        np.concatenate([net.hidden for net in nets], axis=1),
        np.concatenate([net.hidden_bias for net in nets]),
        np.concatenate([net.out for net in nets]) / np.float32(len(nets)),
        np.mean([net.out_bias for net in nets], axis=0, dtype=np.float32),
    )


def fit(
    patches: UInt8, hidden: Float32, rng: np.random.Generator, epochs: int = 40
) -> OcclusionNet:
    """Fit by Adam (Kingma & Ba 2015) on the patches and their mirror images."""
    x = np.stack(
        [gradient_features(p) for p in (*patches, *np.ascontiguousarray(patches[:, :, ::-1]))]
    )
    y = np.concatenate([hidden, hidden])
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-3
    x = (x - mean) / scale
    weights = [
        rng.normal(0, FEATURES**-0.5, (FEATURES, _UNITS)).astype(np.float32),
        np.zeros(_UNITS, np.float32),
        rng.normal(0, _UNITS**-0.5, (_UNITS, 2)).astype(np.float32),
        np.zeros(2, np.float32),
    ]
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    step = 0
    for epoch in range(epochs):
        rate = 2e-3 * (1 + np.cos(np.pi * epoch / epochs)) / 2
        order = rng.permutation(len(x))
        for start in range(0, len(x), 256):
            rows = order[start : start + 256]
            noisy = x[rows] + 0.1 * rng.standard_normal((len(rows), FEATURES), dtype=np.float32)
            step += 1
            for w, grad, m, v in zip(
                weights, _gradients(weights, noisy, y[rows], rng), first, second
            ):
                m += 0.1 * (grad - m)
                v += 0.001 * (grad**2 - v)
                w -= rate * (m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8))
                if w.ndim == 2:
                    w -= rate * 0.05 * w
    # The features' scale goes into the first layer: nothing is left to do at run time.
    hidden_weights = (weights[0] / scale[:, None]).astype(np.float32)
    bias = (weights[1] - mean @ hidden_weights).astype(np.float32)
    return OcclusionNet(hidden_weights, bias, weights[2], weights[3])


def _gradients(
    weights: list[Float32], x: Float32, y: Float32, rng: np.random.Generator
) -> list[Float32]:
    """Return the gradients of the mean cross-entropy, with a third of the units dropped."""
    kept = (rng.random((len(x), _UNITS)) < 0.7).astype(np.float32) / 0.7
    raw = x @ weights[0] + weights[1]
    units = np.maximum(raw, 0.0) * kept
    error = (1.0 / (1.0 + np.exp(-(units @ weights[2] + weights[3]))) - y) / len(x)
    back = (error @ weights[2].T) * kept * (raw > 0)
    return [x.T @ back, back.sum(axis=0), units.T @ error, error.sum(axis=0)]


def predict(net: OcclusionNet, patches: UInt8) -> Float32:
    """Return (N, 2) probabilities."""
    x = np.stack([gradient_features(patch) for patch in patches])
    units = np.maximum(x @ net.hidden + net.hidden_bias, 0.0)
    return np.asarray(1.0 / (1.0 + np.exp(-(units @ net.out + net.out_bias))), np.float32)


def report(net: OcclusionNet, patches: UInt8, hidden: Float32) -> dict[str, dict[str, float]]:
    """Return, for each half, the area under the ROC curve and rates at some thresholds."""
    found = predict(net, patches)
    clean = hidden.sum(axis=1) == 0
    table: dict[str, dict[str, float]] = {}
    for column, half in enumerate(Half):
        covered, other = hidden[:, column] == 1, hidden[:, 1 - column] == 1
        row = {'auc': _auc(found[clean, column], found[covered, column])}
        for limit in (0.5, 0.7, 0.9):
            row[f'hits@{limit}'] = _rate(found[covered, column] > limit)
            row[f'false@{limit}'] = _rate(found[clean, column] > limit)
            row[f'wrong_half@{limit}'] = _rate(found[other, column] > limit)
        table[half.value] = row
    return table


def _auc(negative: Float32, positive: Float32) -> float:
    """Return the area under the ROC curve (Mann-Whitney)."""
    ranks = np.concatenate([negative, positive]).argsort().argsort()[len(negative) :]
    below = float(ranks.sum()) - len(positive) * (len(positive) - 1) / 2
    return round(below / (len(negative) * len(positive)), 4)


def _rate(flags: NDArray[np.bool_]) -> float:
    """Return the share that is true."""
    return round(float(flags.mean()), 4)


if __name__ == '__main__':
    main()
