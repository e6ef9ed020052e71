"""How certain an answer may be of a face that is hard to read.

A net that was calibrated on good faces is too sure of bad ones (Ovadia et al. 2019, "Can you
trust your model's uncertainty?"). So the temperature (Guo et al. 2017) rises with what makes a
face hard to read: ``log T = log T0 + w . h``, with hardships h of the quality room and weights w
from the model's manifest, none of them negative: a worse face never makes an answer surer. And a
face whose embedding is shorter than nearly all of those that the net learned from excites none of
its features: it is out of distribution (feature norm, e.g. Dhamija et al. 2018).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fer_ros.errors import ConfigError
from fer_ros.types import FaceQuality, Float32

HARDSHIPS = (
    'few_pixels', 'blur', 'dark', 'noise', 'turn', 'hidden_upper', 'hidden_lower', 'burnt',
    'tilt',
)  # fmt: skip

# From these on a face is as good as it gets: FER+'s usual width, sharpness, light and noise.
_WIDTH_PX, _SHARPNESS, _BRIGHTNESS, _NOISE = 36.0, 0.7, 0.25, 0.02


def hardships(quality: FaceQuality) -> tuple[float, ...]:
    """Return how bad each of HARDSHIPS is: 0 where the face is good, about 1 where it is bad."""
    return (
        _octaves(_WIDTH_PX, quality.width_px),
        max(_SHARPNESS - quality.sharpness, 0.0) / _SHARPNESS,
        _octaves(_BRIGHTNESS, quality.brightness),
        min(max(quality.noise / _NOISE - 1.0, 0.0), 2.0),
        quality.turn_rad**2,
        quality.hidden_upper,
        quality.hidden_lower,
        quality.burnt,
        quality.tilt_rad**2,
    )


def _octaves(usual: float, found: float) -> float:
    """Return by how many octaves a value is below the usual one, 0..2."""
    return min(max(math.log2(usual / max(found, 1e-3)), 0.0), 2.0)


@dataclass(frozen=True, slots=True)
class Certainty:
    """What a model's manifest says of its certainty; the default says nothing.

    :param heat: one weight a hardship, 0 or more: the rise of the temperature's logarithm.
    :param least_norm: length of the embedding below which a face is out of distribution; 0 where
        the model does not tell.
    """

    heat: tuple[float, ...] = (0.0,) * len(HARDSHIPS)
    least_norm: float = 0.0

    def __post_init__(self) -> None:
        """Check the weights."""
        for name, weight in zip(HARDSHIPS, self.heat):
            _require(f'heat.{name}', weight)
        _require('least_norm', self.least_norm)

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Certainty:
        """Read the entry ``certainty`` of a manifest's options.

        :raises ConfigError: an unknown hardship, or a weight that is none.
        """
        entries = options.get('certainty') or {}
        heat = entries.get('heat') or {} if isinstance(entries, Mapping) else None
        if not isinstance(heat, Mapping) or not set(heat) <= set(HARDSHIPS):
            raise ConfigError(
                f'certainty.heat: expected weights of {", ".join(HARDSHIPS)}, found {heat!r}'
            )
        weights = tuple(heat.get(name, 0.0) for name in HARDSHIPS)
        return cls(weights, entries.get('least_norm', 0.0))

    def temperature(self, quality: FaceQuality) -> float:
        """Return by what the model's temperature is multiplied for a face, 1 or more."""
        return math.exp(sum(w * h for w, h in zip(self.heat, hardships(quality))))

    def novelty(self, embedding: Float32) -> float:
        """Return how unlike what the net knows an embedding (D,) is: above 1 it is unknown."""
        return self.least_norm / max(math.sqrt(float(embedding @ embedding)), 1e-6)


def _require(name: str, value: object) -> None:
    """Refuse what is no number from 0 on."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not (math.isfinite(value) and value >= 0.0):  # type: ignore[operator, arg-type]
        raise ConfigError(f'certainty.{name}: expected a number from 0 on, found {value!r}')
