"""The filters that read action units, and what was measured of them.

One linear filter per unit and side over the face's shape and texture: the matched filter of
detection theory, its template what the unit does to a face, its noise how neutral people differ
from each other, how a turn of the head and the light are misread, and the other units. Fitted
without any emotion label by :mod:`fer_ros.training.fit_action_units`; docs/action_units.md.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_ros.errors import ModelError
from fer_ros.inference.store import model_dir
from fer_ros.recognition.face_shape import SKIN
from fer_ros.recognition.face_texture import TEXTURES
from fer_ros.types import Float32, Float64

FEATURES = SKIN * 3 + TEXTURES
TWO_SIDED = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 20, 43)
CENTRAL = (17, 23, 24, 25, 26, 27, 28)
BLINK = 45  # read from the time course of 43
# Not a code of FACS: 1 and 4 together, the oblique brows of sadness, which the manual describes as
# an appearance of its own. What tells them is the inner brow against the outer one.
OBLIQUE, OBLIQUE_OF = 104, (1, 4)
CODES = tuple(sorted((*TWO_SIDED, *CENTRAL, BLINK)))
# Rows of the filters: right sides, left sides, both sides' mean, then those of the middle.
_SIDES = len(TWO_SIDED)
ROWS = 3 * _SIDES + len(CENTRAL) + 1  # the last one: OBLIQUE


@dataclass(frozen=True, slots=True, eq=False)
class AuFilters:
    """Weights and measured figures.

    :param weights: (ROWS, FEATURES) float32; a unit at full strength (E) adds 1.
    :param offset: (ROWS,) what the mean neutral face gives.
    :param spread: (ROWS,) standard deviation over neutral people.
    :param jitter: (ROWS,) standard deviation of one neutral person who turns and is lit anew.
    :param reliability: by code, 0..1.
    """

    weights: Float32
    offset: Float64
    spread: Float64
    jitter: Float64
    reliability: dict[int, float]

    def __post_init__(self) -> None:
        """Check the shapes."""
        shapes = (self.weights.shape, self.offset.shape, self.spread.shape, self.jitter.shape)
        if shapes != ((ROWS, FEATURES), (ROWS,), (ROWS,), (ROWS,)):
            raise ModelError(
                f'action unit filters: expected ({ROWS}, {FEATURES}) weights and ({ROWS},) '
                f'figures, found {shapes}; fit them again'
            )

    def scores(self, shape_cm: Float64, texture: Float32) -> Float64:
        """Return (ROWS,) scores: 0 for the mean neutral face, 1 for a unit at full strength.

        :param shape_cm: (478, 3) of :func:`fer_ros.recognition.face_shape.face_shape`.
        :param texture: (TEXTURES,) of :func:`fer_ros.recognition.face_texture.face_texture`.
        """
        features = np.empty(FEATURES, np.float32)
        features[: SKIN * 3] = shape_cm[:SKIN].ravel()
        features[SKIN * 3 :] = texture
        found: Float64 = (self.weights @ features).astype(np.float64) - self.offset
        return found


def rows_of(code: int) -> tuple[int, ...]:
    """Return a unit's rows: right, left, both; or the one row that it has."""
    if code in TWO_SIDED:
        row = TWO_SIDED.index(code)
        return row, row + _SIDES, row + 2 * _SIDES
    if code == OBLIQUE:
        return (ROWS - 1,)
    return (3 * _SIDES + CENTRAL.index(code),)


@functools.cache
def shipped_filters() -> AuFilters:
    """Load the shipped filters once.

    :raises ModelError: missing, corrupt or of other shapes.
    """
    folder = model_dir() / 'data'
    return load_filters(folder / 'action_units.npz', folder / 'au_reliability.csv')


def load_filters(weights: Path, reliability: Path) -> AuFilters:
    """Load filters and the table of their reliability."""
    try:
        with np.load(weights, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in ('weights', 'offset', 'spread', 'jitter')}
        table = np.loadtxt(reliability, delimiter=',', usecols=(0, 1), ndmin=2)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ModelError(
            f'{weights}: expected the filters of the action units and {reliability.name}, not '
            f'readable: {error}; install the package again'
        ) from None
    # float16 in the file: three digits are more than the filters are good for.
    return AuFilters(
        found['weights'].astype(np.float32),
        found['offset'].astype(np.float64),
        found['spread'].astype(np.float64),
        found['jitter'].astype(np.float64),
        _reliability(table, reliability),
    )


def _reliability(table: NDArray[np.float64], path: Path) -> dict[int, float]:
    """Return the table by code; a unit that it lacks is not vouched for."""
    values = {int(code): float(value) for code, value in table}
    if set(values) - {*CODES, OBLIQUE} or not all(
        0.0 <= value <= 1.0 for value in values.values()
    ):
        raise ModelError(
            f'{path}: expected codes of {list(CODES)} and reliabilities 0..1, found '
            f'{sorted(values.items())}; measure them again'
        )
    return {code: values.get(code, 0.0) for code in (*CODES, OBLIQUE)}
