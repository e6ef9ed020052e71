"""The detector's decoding and merging on the device, without a loop over faces."""

from __future__ import annotations

import torch
from torch import Tensor

# A candidate that is dropped drops nobody: who is kept depends on who was, and so on. So deep
# such chains are followed; on real frames they are of two or three.
_DEPTH = 16


def decode(
    raw: Tensor, logits: Tensor, anchors: Tensor, squares: Tensor, scale: float, clip: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return boxes (S*A, 4), key points (S*A, 6, 2) in pixels of the frame, and scores (S*A,).

    :param raw: (S, A, 16) offsets from the anchors, (A, 2).
    :param squares: (S, 3) float32: x, y and side of what each look saw.
    """
    scores = torch.sigmoid(logits.clamp(-clip, clip))
    points = raw.reshape(*raw.shape[:2], 8, 2) / scale
    middle, half = points[:, :, 0] + anchors, points[:, :, 1] / 2
    whole = (raw[:, :, 2] > 0) & (raw[:, :, 3] > 0)
    places = torch.cat(
        [(middle - half)[:, :, None], (middle + half)[:, :, None], points[:, :, 2:]
         + anchors[:, None]], dim=2,
    )  # fmt: skip
    places = places * squares[:, None, None, 2:] + squares[:, None, None, :2]
    flat = places.reshape(-1, 8, 2)
    return flat[:, :2].reshape(-1, 4), flat[:, 2:], torch.where(whole, scores, 0.0).reshape(-1)


def uncut(boxes: Tensor, squares: Tensor, width: int, height: int) -> Tensor:
    """Tell (S*A,) which boxes their square does not cut off inside the frame."""
    x, y, side = squares.repeat_interleave(len(boxes) // len(squares), dim=0).unbind(1)
    kept = torch.ones_like(x, dtype=torch.bool)
    for start, length, low, high in ((x, width, 0, 2), (y, height, 1, 3)):
        kept &= ~((start > 0) & (boxes[:, low] < start))
        kept &= ~((start + side < length) & (boxes[:, high] > start + side))
    return kept


def suppress(
    boxes: Tensor, keypoints: Tensor, scores: Tensor, max_overlap: float, most: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Merge candidates of one face, weighted by score, the best score first.

    The rule is that of ``detection.blazeface.suppress``.

    :param scores: (N,), 0 for what is no candidate.
    :param most: of so many candidates, those with the best scores.
    :return: boxes (M, 4), key points (M, 6, 2) and scores (M,), 0 for what is no face.
    """
    scores, order = torch.sort(scores, descending=True, stable=True)
    scores, order = scores[:most], order[:most]
    boxes, keypoints = boxes[order], keypoints[order]
    real = scores > 0
    close = (overlaps(boxes) > max_overlap) & real[:, None] & real
    rank = torch.arange(len(scores), device=scores.device)
    before = (close & (rank[:, None] < rank)).float()
    kept = real
    for _ in range(_DEPTH):
        kept = real & ~(kept.float() @ before > 0)
    # Everybody goes to the first of the kept that it overlaps with; the kept to themselves.
    takes = kept[:, None] & (close | (rank[:, None] == rank))
    owner = torch.where(takes, rank[:, None], len(rank)).amin(dim=0)
    shares = torch.where(owner == rank[:, None], scores, 0.0)
    shares = shares / shares.sum(dim=1, keepdim=True).clamp_min(1e-12)
    merged = (shares @ keypoints.reshape(len(rank), -1)).reshape(keypoints.shape)
    return shares @ boxes, merged, torch.where(kept, scores, 0.0)


def overlaps(boxes: Tensor) -> Tensor:
    """Return (N, N): IoU, or half of what of the smaller box lies in the other."""
    low = torch.maximum(boxes[:, None, :2], boxes[:, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[:, 2:])
    shared = (high - low).clamp_min(0).prod(dim=2)
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(dim=1)
    iou = shared / (areas[:, None] + areas - shared).clamp_min(1e-12)
    contained = shared / torch.minimum(areas[:, None], areas).clamp_min(1e-12) / 2
    return torch.maximum(iou, contained)
