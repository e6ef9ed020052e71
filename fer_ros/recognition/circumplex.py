"""Valence and arousal derived from a distribution over emotions.

They are *derived*, not measured: the expectation of published coordinates under the recognised
distribution. Coordinates: pleasure and arousal of Russell & Mehrabian 1977, "Evidence for a
three-factor theory of emotions". Contempt is not in their table: it is placed here between
disgust and a calm dislike, and neutral is the origin.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from fer_ros.errors import ConfigError
from fer_ros.types import Float32, Float64

VALENCE_AROUSAL: dict[str, tuple[float, float]] = {
    'neutral': (0.0, 0.0),
    'happiness': (0.76, 0.48),
    'surprise': (0.40, 0.67),
    'sadness': (-0.63, -0.27),
    'anger': (-0.51, 0.59),
    'disgust': (-0.60, 0.35),
    'fear': (-0.64, 0.60),
    'contempt': (-0.55, 0.20),
}


@functools.lru_cache(maxsize=8)
def _coordinates(labels: tuple[str, ...]) -> Float64:
    coordinates = np.array([VALENCE_AROUSAL[label] for label in labels])
    coordinates.flags.writeable = False
    return coordinates


def circumplex_of(labels: Sequence[str]) -> Float64:
    """Return (K, 2) valence and arousal of K labels."""
    unknown = [label for label in labels if label not in VALENCE_AROUSAL]
    if unknown:
        raise ConfigError(
            f'labels: expected emotions of {sorted(VALENCE_AROUSAL)}, found {unknown}; '
            'correct the label order in the manifest'
        )
    return _coordinates(tuple(labels))


def valence_arousal(probabilities: Float32, coordinates: Float64) -> tuple[float, float]:
    """Return the expected valence and arousal, each in [-1, 1], of a (K,) distribution."""
    valence, arousal = (probabilities @ coordinates).tolist()
    return min(max(valence, -1.0), 1.0), min(max(arousal, -1.0), 1.0)
