"""BlazeFace: one look at a square of the frame.

Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs". Anchors,
scales and clipping come from the model's manifest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fer_ros.detection.squares import Pyramid, Square
from fer_ros.errors import ModelError
from fer_ros.inference.engine import Engine, to_batch
from fer_ros.types import Float32


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Faces before suppression.

    :param boxes: (N, 4) float32: left, top, right, bottom in pixels of the frame.
    :param keypoints: (N, 6, 2) float32 in pixels of the frame.
    :param scores: (N,) float32, 0..1.
    """

    boxes: Float32
    keypoints: Float32
    scores: Float32

    def take(self, rows: NDArray[np.bool_]) -> Candidates:
        """Return the candidates of a mask (N,)."""
        return Candidates(self.boxes[rows], self.keypoints[rows], self.scores[rows])

    @classmethod
    def join(cls, parts: Sequence[Candidates]) -> Candidates:
        """Put the candidates of several looks together."""
        return cls(
            np.concatenate([part.boxes for part in parts]),
            np.concatenate([part.keypoints for part in parts]),
            np.concatenate([part.scores for part in parts]),
        )


class BlazeFace:
    """One detector net and what decodes its output."""

    def __init__(self, engine: Engine) -> None:
        """Take a net whose manifest says where its anchors are."""
        self._engine = engine
        spec, options = engine.manifest.input, engine.manifest.options
        try:
            self._anchors = anchor_centres(
                spec.width, options['strides'], options['anchors_per_cell']
            )
            self._scale = float(options['box_scale'])
            self._clip = float(options['score_clip'])
            wanted = int(options['anchors'])
        except KeyError as error:
            raise ModelError(
                f"model '{engine.manifest.id}': expected the option {error}, found none; "
                'correct the manifest'
            ) from None
        if len(self._anchors) != wanted:
            raise ModelError(
                f"model '{engine.manifest.id}': expected {wanted} anchors, its strides make "
                f'{len(self._anchors)}; correct the manifest'
            )

    @property
    def engine(self) -> Engine:
        """The net in use."""
        return self._engine

    def look(self, frame: Pyramid, squares: Sequence[Square], min_score: float) -> Candidates:
        """Return the candidates in squares of a frame, all in one batch."""
        spec = self._engine.manifest.input
        crops = [frame.cut(square, spec.width) for square in squares]
        boxes, scores = self._engine.run(to_batch(crops, spec))
        found = [
            self.decode(raw, logits, square, min_score)
            for raw, logits, square in zip(boxes, scores, squares)
        ]
        whole = [uncut(one, square, *frame.size) for one, square in zip(found, squares)]
        return Candidates.join(whole)

    def decode(
        self, raw: Float32, logits: Float32, square: Square, min_score: float
    ) -> Candidates:
        """Turn the raw output of one square into candidates in pixels of the frame.

        :param raw: (A, 16) offsets from the anchors: centre, width, height, six key points.
        :param logits: (A,) scores before the sigmoid.
        """
        # The net is float32, which overflows beyond exp(88).
        clip = min(self._clip, 80.0)
        scores = 1.0 / (1.0 + np.exp(-logits.clip(-clip, clip)))
        keep = (scores >= min_score) & (raw[:, 2] > 0) & (raw[:, 3] > 0)
        centre = self._anchors[keep]
        points = raw[keep].reshape(-1, 8, 2) / self._scale
        middle, half = points[:, 0] + centre, points[:, 1] / 2
        corners = np.concatenate([middle - half, middle + half], axis=1)
        keypoints = points[:, 2:] + centre[:, None]
        origin = np.array([square.x, square.y], np.float32)
        return Candidates(
            (corners * square.side + np.tile(origin, 2)).astype(np.float32),
            (keypoints * square.side + origin).astype(np.float32),
            scores[keep].astype(np.float32),
        )


def anchor_centres(size: int, strides: Sequence[int], per_cell: Sequence[int]) -> Float32:
    """Return (A, 2) centres of the anchors in shares of the input's side, row by row."""
    layers = []
    for stride, count in zip(strides, per_cell):
        cells = (np.arange(size // stride, dtype=np.float32) + 0.5) * stride / size
        x, y = np.meshgrid(cells, cells)
        layers.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0))
    return np.concatenate(layers)


def uncut(found: Candidates, square: Square, width: int, height: int) -> Candidates:
    """Drop what a square cuts off inside the frame: another square shows the whole face."""
    boxes = found.boxes
    cut = np.zeros(len(boxes), bool)
    for axis, (start, length) in enumerate(((square.x, width), (square.y, height))):
        if start > 0:
            cut |= boxes[:, axis] < start
        if start + square.side < length:
            cut |= boxes[:, axis + 2] > start + square.side
    return found.take(~cut)


def suppress(candidates: Candidates, max_overlap: float) -> Candidates:
    """Merge candidates of one face, weighted by score, the best score first.

    Two overlap by their IoU, or by the share of the smaller one that lies in the other: a face
    cut by the edge of a tile lies in the whole one.
    """
    order = np.argsort(-candidates.scores, kind='stable')
    boxes, keypoints = candidates.boxes[order], candidates.keypoints[order]
    scores = candidates.scores[order]
    merged: list[tuple[Float32, Float32, float]] = []
    left = np.ones(len(order), bool)
    for index in range(len(order)):
        if not left[index]:
            continue
        same = left & (overlaps(boxes[index], boxes) > max_overlap)
        same[index] = True
        left &= ~same
        weights = scores[same] / scores[same].sum()
        merged.append(
            (
                (boxes[same] * weights[:, None]).sum(axis=0),
                (keypoints[same] * weights[:, None, None]).sum(axis=0),
                float(scores[index]),
            )
        )
    if not merged:
        return candidates
    return Candidates(
        np.stack([box for box, _, _ in merged]),
        np.stack([points for _, points, _ in merged]),
        np.array([score for _, _, score in merged], np.float32),
    )


def overlaps(box: Float32, boxes: Float32) -> Float32:
    """Return how much each of (N, 4) boxes overlaps with one box, 0..1."""
    size = np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2])
    shared = size.clip(0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    area = (box[2:] - box[:2]).prod()
    iou = shared / (area + areas - shared)
    # Half of what is contained counts: 0.6 of the smaller box is as much as an IoU of 0.3.
    contained = shared / np.minimum(area, areas) / 2
    return np.asarray(np.maximum(iou, contained), np.float32)
