"""Which moments of a face's past a clip model sees: strategies of the literature, as pure numbers.

All return weights, (M, N) float64, rows sum to 1: frame m of the clip is that mixture of the N
frames that are there. Choosing frames is mixing with a single 1.
"""

from __future__ import annotations

import math
from enum import Enum

import numpy as np

from fer_ros.errors import DataError
from fer_ros.types import Float64


class Sampling(str, Enum):
    """How a clip is drawn from what is there."""

    UNIFORM = 'uniform'
    RANDOM = 'random'
    TIM = 'tim'

    def weights(self, there: int, wanted: int, seed: int = 0) -> Float64:
        """Return (wanted, there) weights; the seed counts for ``random`` alone."""
        if self is Sampling.TIM:
            return tim(there, wanted)
        if self is Sampling.RANDOM:
            return chosen(random(there, wanted, np.random.default_rng(seed)), there)
        return chosen(uniform(there, wanted), there)


def uniform(there: int, wanted: int) -> list[int]:
    """Return the middle frame of each of equal segments (Wang et al. 2016, TSN, at test time)."""
    _check(there, wanted)
    return [int((index + 0.5) * there / wanted) for index in range(wanted)]


def random(there: int, wanted: int, rng: np.random.Generator) -> list[int]:
    """Return any frame of each of equal segments (TSN, in training), in order of time."""
    _check(there, wanted)
    return [int((index + rng.random()) * there / wanted) for index in range(wanted)]


def chosen(indices: list[int], there: int) -> Float64:
    """Return weights that pick frames."""
    return np.eye(there)[indices]


def tim(there: int, wanted: int) -> Float64:
    """Return weights of the temporal interpolation model.

    Zhou, Zhao & Pietikäinen 2011, "Towards a practical lipreading system": frames are the vertices
    of a path graph, whose Laplacian has the eigenvectors
    ``y_k(t) = sin(pi k t + pi (n - k) / (2 n))`` at ``t = i / n``; a linear map takes the curve
    through them to the frames, and other moments ``t`` of the curve give the frames between. Both
    maps are linear in the frames, so that the whole is a matrix of weights; moments that are those
    of frames give these back.
    """
    _check(there, wanted)
    if there == 1:
        return np.ones((wanted, 1))
    moments = np.linspace(1.0 / there, 1.0, wanted)
    places = np.arange(1, there + 1) / there
    spread = np.linalg.pinv(_curve(places, there)) @ _curve(moments, there)
    return np.asarray(1.0 / there + spread.T, np.float64)


def _curve(moments: Float64, there: int) -> Float64:
    """Return (n - 1, T) points of the curve at moments 1/n .. 1."""
    k = np.arange(1, there)[:, None]
    return np.asarray(np.sin(math.pi * (k * moments + (there - k) / (2 * there))), np.float64)


def _check(there: int, wanted: int) -> None:
    """Refuse a clip of nothing."""
    if there < 1 or wanted < 1:
        raise DataError(
            f'sampling: expected one frame or more to draw one or more from, found {wanted} of '
            f'{there}'
        )
