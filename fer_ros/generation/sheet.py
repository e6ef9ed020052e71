"""The library as a picture: every expression at several intensities."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from fer_ros.generation.avatar import draw
from fer_ros.generation.library import Library
from fer_ros.types import UInt8

INTENSITIES = (0.4, 0.7, 1.0)
COLUMNS = 5  # of expressions
LABEL_PX = 26
INK = (45, 55, 65)


def contact_sheet(
    library: Library,
    names: Sequence[str] | None = None,
    *,
    height_px: int = 168,
    intensities: Sequence[float] = INTENSITIES,
    columns: int = COLUMNS,
) -> UInt8:
    """Return (H, W, 3) RGB: a cell for each expression, weak to strong from left to right.

    :param names: which expressions; all of them without it.
    :param height_px: of one face.
    """
    cells = [_cell(library, name, height_px, intensities) for name in names or library.expressions]
    blank = np.full_like(cells[0], 255)
    cells += [blank] * (-len(cells) % columns)
    rows = [np.hstack(cells[i : i + columns]) for i in range(0, len(cells), columns)]
    return np.vstack(rows)


def _cell(library: Library, name: str, height_px: int, intensities: Sequence[float]) -> UInt8:
    """Return the faces of one expression with its name above."""
    faces = np.hstack([draw(library.units(name, share), height_px) for share in intensities])
    label = np.full((LABEL_PX, faces.shape[1], 3), 255, np.uint8)
    cv2.putText(label, name, (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.55, INK, 1, cv2.LINE_AA)
    framed = np.vstack([label, faces])
    white = (255, 255, 255)
    return np.asarray(
        cv2.copyMakeBorder(framed, 0, 6, 0, 10, cv2.BORDER_CONSTANT, value=white), np.uint8
    )
