"""What a portrait is: shapes between points, and how units move the points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fer_ros.generation.portrait.colours import BACKGROUND
from fer_ros.generation.units import CHANNELS, channels_of
from fer_ros.types import Float64

WIDTH, HEIGHT = 400, 480
PIVOT = (200.0, 430.0)  # about which the head tilts
TILT_RAD = 1.0472  # at unit 55 or 56 of 1: 60 degrees


@dataclass(frozen=True, slots=True)
class Shape:
    """An area or a line.

    :param paths: names of points; each path is a smooth curve, one after the other an outline.
    :param loop: the only path is smooth at its end too.
    :param fill, stroke: colours as in HTML, '' for none.
    :param width: of the stroke, pixels.
    :param blur: softens the edge, pixels.
    :param clip: another shape that this one does not leave.
    :param alpha: opacity of a face at rest, and what units add to it.
    """

    name: str
    paths: tuple[tuple[str, ...], ...]
    loop: bool = False
    fill: str = ''
    stroke: str = ''
    width: float = 0.0
    blur: float = 0.0
    clip: str = ''
    alpha: float = 1.0
    shows: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A face to draw.

    :param names: of P points.
    :param points: (P, 2) at rest.
    :param moves: (C, P, 2) by channel at 1.
    :param tilts: (P,) 1 for points that tilt with the head.
    """

    names: tuple[str, ...]
    points: Float64
    moves: Float64
    tilts: Float64
    shapes: tuple[Shape, ...]

    def pose(self, units: Float64) -> Float64:
        """Return (P, 2) points for (C,) units."""
        moved = self.points + np.tensordot(units, self.moves, axes=1)
        right, left = units[channels_of(56)[0]], units[channels_of(55)[0]]
        angle = TILT_RAD * (left - right) * self.tilts
        offset = moved - PIVOT
        cos, sin = np.cos(angle), np.sin(angle)
        turned = np.stack(
            [cos * offset[:, 0] - sin * offset[:, 1], sin * offset[:, 0] + cos * offset[:, 1]], 1
        )
        found: Float64 = turned + PIVOT
        return found

    def as_json(self) -> dict[str, Any]:
        """Return everything that a page needs to draw."""
        return {
            'width': WIDTH, 'height': HEIGHT, 'background': BACKGROUND,
            'pivot': PIVOT, 'tilt_rad': TILT_RAD, 'channels': CHANNELS,
            'points': self.points.round(2).tolist(),
            'tilts': self.tilts.tolist(),
            'moves': {
                channel: {
                    str(point): self.moves[index, point].round(3).tolist()
                    for point in np.flatnonzero(np.abs(self.moves[index]).sum(axis=1)).tolist()
                }
                for index, channel in enumerate(CHANNELS)
                if self.moves[index].any()
            },
            'shapes': [
                {
                    'name': shape.name, 'loop': shape.loop, 'fill': shape.fill,
                    'stroke': shape.stroke, 'width': shape.width, 'blur': shape.blur,
                    'clip': shape.clip, 'alpha': shape.alpha, 'shows': dict(shape.shows),
                    'paths': [[self.names.index(name) for name in path] for path in shape.paths],
                }
                for shape in self.shapes
            ],
        }  # fmt: skip
