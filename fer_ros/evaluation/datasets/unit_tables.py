"""Columns of action units by frame, put side by side."""

from __future__ import annotations

import numpy as np

from fer_ros.evaluation.datasets.samples import UnitTable
from fer_ros.types import Float32

LEVELS = 5.0  # FACS grades strength from A to E


def strengths(rows: Float32, last: int) -> Float32:
    """Return strengths 0..1 of frames 1 to ``last``; NaN where a row is missing or unknown.

    :param rows: (N, 2 or more) frame number and strength 0..5.
    """
    column = np.full(last, np.nan, np.float32)
    for number, strength in rows[:, :2]:
        if 1 <= number <= last and strength <= LEVELS:
            column[int(number) - 1] = strength / LEVELS
    return column


def side_by_side(columns: dict[int, Float32], graded: bool) -> UnitTable:
    """Put columns side by side, as long as the longest."""
    length = max(map(len, columns.values()))
    table = np.full((length, len(columns)), np.nan, np.float32)
    codes = tuple(sorted(columns))
    for place, code in enumerate(codes):
        table[: len(columns[code]), place] = columns[code]
    return UnitTable(codes, table, graded)
