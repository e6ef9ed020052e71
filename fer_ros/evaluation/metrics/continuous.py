"""Agreement of numbers: valence, arousal, intensities. Pairs with a NaN are left out."""

from __future__ import annotations

import numpy as np

from fer_ros.types import Float64


def pcc(found: Float64, wanted: Float64) -> float:
    """Return Pearson's correlation (1895), -1..1; NaN where one of the two does not vary."""
    found, wanted = _pairs(found, wanted)
    if len(found) < 2 or not (found.std() > 0 and wanted.std() > 0):
        return float('nan')
    return float(_covariance(found, wanted) / (found.std() * wanted.std()))


def ccc(found: Float64, wanted: Float64) -> float:
    """Return Lin's concordance correlation (1989), -1..1; 1 only where all pairs are equal.

    2 cov / (var + var + (difference of the means)^2), all moments divided by N. NaN where both
    are one and the same constant.
    """
    found, wanted = _pairs(found, wanted)
    if not len(found):
        return float('nan')
    spread = found.var() + wanted.var() + (found.mean() - wanted.mean()) ** 2
    return float(2 * _covariance(found, wanted) / spread) if spread > 0 else float('nan')


def rmse(found: Float64, wanted: Float64) -> float:
    """Return the root of the mean squared error; NaN without pairs."""
    found, wanted = _pairs(found, wanted)
    return float(np.sqrt(((found - wanted) ** 2).mean())) if len(found) else float('nan')


def _covariance(found: Float64, wanted: Float64) -> float:
    return float(((found - found.mean()) * (wanted - wanted.mean())).mean())


def _pairs(found: Float64, wanted: Float64) -> tuple[Float64, Float64]:
    """Return the pairs that are known on both sides."""
    found, wanted = np.asarray(found, np.float64), np.asarray(wanted, np.float64)
    known = np.isfinite(found) & np.isfinite(wanted)
    return found[known], wanted[known]
