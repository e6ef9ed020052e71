"""A sheet on which the parts of a face are drawn, both halves at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from fer_ros.generation.portrait.model import Portrait, Shape
from fer_ros.generation.units import CHANNELS, channels_of

CENTRE_X = 200.0

Move = tuple[float, float]


class Sketch:
    """Collects points, moves and shapes, both halves of the face at once."""

    def __init__(self) -> None:
        """Start with an empty sheet."""
        self.points: dict[str, Move] = {}
        self.depths: dict[str, float] = {}
        self.moves: dict[str, dict[str, Move]] = {}
        self.shapes: list[Shape] = []
        self.fixed: set[str] = set()

    def middle(self, depth: float, **points: Move) -> None:
        """Add points of the middle: x from the centre, y of the canvas."""
        for name, (x, y) in points.items():
            self.points[name] = (CENTRE_X + x, y)
            self.depths[name] = depth

    def both(self, depth: float, **points: Move) -> None:
        """Add points of both halves: x outward from the centre."""
        for name, (x, y) in points.items():
            self.points[f'{name}_L'] = (CENTRE_X + x, y)
            self.points[f'{name}_R'] = (CENTRE_X - x, y)
            self.depths[f'{name}_L'] = self.depths[f'{name}_R'] = depth

    def move(self, unit: int, **moves: Move) -> None:
        """Let a unit move points of both halves (x outward) and of the middle."""
        for name, (x, y) in moves.items():
            for channel in channels_of(unit):
                side = CHANNELS[channel][-1]
                goals = [(name, x)] if name in self.points else []
                for half, sign in (('L', 1.0), ('R', -1.0)):
                    if side in (half, *'0123456789') and f'{name}_{half}' in self.points:
                        goals.append((f'{name}_{half}', sign * x))
                # The middle is shared by two halves.
                share = 0.5 if side in 'LR' and name in self.points else 1.0
                for goal, dx in goals:
                    self.moves.setdefault(CHANNELS[channel], {})[goal] = (dx * share, y * share)

    def draw(self, name: str, *paths: str, both: bool = False, **look: Any) -> None:
        """Add a shape; ``@`` in a point's name is the side."""
        sides = 'RL' if both else ' '
        for side in sides:
            names = tuple(
                tuple(point.replace('@', side) for point in path.split()) for path in paths
            )
            shows = {
                unit.replace('@', side): value for unit, value in look.get('shows', {}).items()
            }
            clip = look.get('clip', '').replace('@', side)
            self.shapes.append(
                Shape(
                    f'{name}_{side}' if both else name,
                    names,
                    **{**look, 'shows': shows, 'clip': clip},
                )
            )

    def portrait(self) -> Portrait:
        """Return the finished face; turning and nodding move points by their depth."""
        names = tuple(self.points)
        points = np.array([self.points[name] for name in names])
        moves = np.zeros((len(CHANNELS), len(names), 2))
        for channel, goals in self.moves.items():
            for name, move in goals.items():
                moves[CHANNELS.index(channel), names.index(name)] = move
        depths = np.array([self.depths[name] for name in names])
        turn, nod = 75.0 * depths, 60.0 * depths
        for unit, axis, reach in ((51, 0, turn), (52, 0, -turn), (54, 1, nod), (53, 1, -nod)):
            moves[channels_of(unit)[0], :, axis] = reach
        tilts = np.array([float(name not in self.fixed) for name in names])
        return Portrait(names, points, moves, tilts, tuple(self.shapes))
