"""How well action units are found: F1 of their occurrence, ICC(3,1) of their intensity."""

from __future__ import annotations

import numpy as np

from fer_ros.evaluation.metrics.classes import Labels, f1
from fer_ros.types import Float64


def binary_f1(found: Labels, wanted: Labels) -> float:
    """Return the F1 of one unit over frames (Martinez et al. 2017, "Automatic analysis").

    :param found, wanted: (N,) 1 shown, 0 not shown; a wanted value of -1 is not scored, a found
        one of -1 (no face) is an error where the unit is shown.
    :return: NaN where the unit is neither shown nor found.
    """
    return float(f1(found, wanted, 2)[1])


def icc_3_1(found: Float64, wanted: Float64) -> float:
    """Return the intraclass correlation ICC(3,1) of two raters (Shrout & Fleiss 1979).

    (BMS - EMS) / (BMS + EMS) for two raters, with the mean squares between frames (BMS) and of
    the residual once raters and frames are taken out (EMS). A constant offset of a rater does not
    count. NaN with fewer than two frames or without any variation.
    """
    ratings = np.stack([np.asarray(found, np.float64), np.asarray(wanted, np.float64)], axis=1)
    ratings = ratings[np.isfinite(ratings).all(axis=1)]
    count = len(ratings)
    if count < 2:
        return float('nan')
    frames, raters = ratings.mean(axis=1, keepdims=True), ratings.mean(axis=0, keepdims=True)
    between = 2 * ((frames - ratings.mean()) ** 2).sum() / (count - 1)
    residual = ((ratings - frames - raters + ratings.mean()) ** 2).sum() / (count - 1)
    total = between + residual
    return float((between - residual) / total) if total > 0 else float('nan')
