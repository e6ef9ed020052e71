"""How often faces are found, by how large they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fer_ros.types import Float64

EDGES_PX = (0.0, 24.0, 32.0, 48.0, 64.0, 96.0, 128.0, 192.0, float('inf'))


@dataclass(frozen=True, slots=True)
class SizeBin:
    """Faces at least ``from_px`` and less than ``to_px`` wide, and the share that was found."""

    from_px: float
    to_px: float
    faces: int
    rate: float


def rate_by_size(
    widths_px: Float64, found: NDArray[np.bool_], edges_px: Sequence[float] = EDGES_PX
) -> list[SizeBin]:
    """Return the detection rate (recall of faces) by width; bins without a face are left out.

    Recall against the size of objects is how WIDER FACE (Yang et al. 2016) tells detectors apart.

    :param widths_px: (N,) widths of labelled faces; NaN where unknown, in no bin.
    :param found: (N,) whether each was found.
    """
    bins = []
    for low, high in pairwise(edges_px):
        inside = (widths_px >= low) & (widths_px < high)
        if inside.any():
            bins.append(SizeBin(low, high, int(inside.sum()), float(found[inside].mean())))
    return bins
