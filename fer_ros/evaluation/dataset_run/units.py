"""Action units of a data set, frame by frame, against what the chain estimates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_ros.evaluation.dataset_run.readings import Reading
from fer_ros.evaluation.dataset_run.report import UnitFigures
from fer_ros.evaluation.dataset_run.scored import Scored
from fer_ros.evaluation.datasets import Sample
from fer_ros.evaluation.metrics import binary_f1, icc_3_1
from fer_ros.types import Float64

SHOWN = 0.4  # strength from which a unit counts as shown: B, or 2 of 5, as papers on DISFA take it

Read = Sequence[tuple[Sample, Reading]]


def unit_figures(found: Scored) -> tuple[dict[int, UnitFigures] | None, tuple[int, ...]]:
    """Return the figures of each labelled unit, and the codes that are never estimated."""
    read = zip(found.samples, found.readings)
    tables = [(sample, reading) for sample, reading in read if sample.units is not None]
    codes = sorted({code for one, _ in tables for code in (one.units.codes if one.units else ())})
    pairs = {code: _pairs(tables, code) for code in codes}
    labelled = {code: pair for code, pair in pairs.items() if np.isfinite(pair[1]).any()}
    estimated = {
        code: _figures(*pair, graded=all(one.units.graded for one, _ in tables if one.units))
        for code, pair in labelled.items()
        if np.isfinite(pair[0]).any()
    }
    return estimated or None, tuple(code for code in labelled if code not in estimated)


def _pairs(tables: Read, code: int) -> tuple[Float64, Float64]:
    """Return strengths of one unit as found and as labelled, over the labelled frames.

    Found is NaN where no face was, or none whose unit is estimated.
    """
    found: list[float] = []
    wanted: list[float] = []
    for sample, reading in tables:
        units = sample.units
        if units is None or code not in units.codes:
            continue
        column = units.intensity[:, units.codes.index(code)]
        for frame in np.flatnonzero(np.isfinite(column)).tolist():
            seen = (reading.units or {}).get(frame, {})
            found.append(seen.get(code, np.nan))
            wanted.append(float(column[frame]))
    return np.array(found, np.float64), np.array(wanted, np.float64)


def _figures(found: Float64, wanted: Float64, *, graded: bool) -> UnitFigures:
    shown = wanted >= SHOWN
    answers = np.where(np.isnan(found), -1, found >= SHOWN)
    return UnitFigures(
        frames=len(wanted),
        shown=int(shown.sum()),
        f1=binary_f1(answers, shown.astype(np.int64)),
        icc=icc_3_1(found, wanted) if graded else float('nan'),
    )
