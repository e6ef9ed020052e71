"""The drawn face read by our own recogniser: expressions, and action units by strength.

``python benchmarks/closed_loop.py [--json]``

Each of six expressions is drawn for a second. Then a face that was neutral for two seconds shows
one action unit at a time at eight strengths, each for two thirds of a second (lids that are down
for less than half a second are a blink, 45, not 43); what is recovered is the strength in the last
frame. Time is that of the frames, so that the figures are the same on any machine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from fer_ros.cli import common
from fer_ros.generation import load_library
from fer_ros.generation.avatar import draw
from fer_ros.generation.units import vector
from fer_ros.pipeline import Pipeline, PipelineConfig
from fer_ros.taxonomy import EMOTION_TO_HRI
from fer_ros.types import FaceState, Float64, Frame

EXPRESSIONS = ('neutral', 'happy', 'surprised', 'angry', 'sad', 'scared')
UNITS = (1, 2, 4, 5, 12, 25, 26, 43)
STRENGTHS = np.arange(8) / 7
PERIOD_NS = 33_000_000
REST_FRAMES, EXPRESSION_FRAMES, UNIT_FRAMES = 60, 30, 20


class Viewer:
    """Looks at a face that is drawn, frame by frame."""

    def __init__(self) -> None:
        """See nobody yet."""
        self._pipeline = Pipeline(PipelineConfig())
        self._sequence = 0

    def look(self, units: Float64, frames: int) -> FaceState:
        """Look for some frames at (C,) units; return what the last one shows."""
        pixels = draw(units)
        for _ in range(frames):
            frame = Frame(self._sequence * PERIOD_NS, 'avatar', self._sequence, pixels)
            states = self._pipeline.process(frame, None).states
            self._sequence += 1
        if not states:
            raise SystemExit('expected to find the drawn face, found none')
        return states[0]


def expressions() -> dict[str, str]:
    """Return what each expression is read as."""
    library = load_library()
    read = {
        name: Viewer().look(library.units(name), EXPRESSION_FRAMES).expression.dominant
        for name in EXPRESSIONS
    }
    return {name: EMOTION_TO_HRI[emotion] for name, emotion in read.items()}


def units() -> dict[int, list[float]]:
    """Return what is recovered of each unit at each strength."""
    viewer = Viewer()
    found: dict[int, list[float]] = {}
    for code in UNITS:
        viewer.look(vector({}), REST_FRAMES)
        states = [viewer.look(vector({code: float(s)}), UNIT_FRAMES) for s in STRENGTHS]
        found[code] = [_strength(state.expression.action_units, code) for state in states]
    return found


def _strength(recovered: Mapping[int, Any], code: int) -> float:
    return round(float(recovered[code].intensity), 3)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args()
    read, recovered = expressions(), units()
    correlation = {
        code: round(float(np.corrcoef(STRENGTHS, values)[0, 1]), 3)
        for code, values in recovered.items()
    }
    if options.json:
        print(json.dumps({'read': read, 'correlation': correlation, 'recovered': recovered}))
        return
    for name, emotion in read.items():
        print(f'{name:10} read as {emotion}')
    for code, values in recovered.items():
        strengths = ' '.join(f'{value:.2f}' for value in values)
        print(f'AU{code:<3} {correlation[code]:6.3f}   {strengths}')


if __name__ == '__main__':
    main()
