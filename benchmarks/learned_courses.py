"""What ``fer-ros generate learn`` makes of drawn expressions whose times are known.

``python benchmarks/learned_courses.py [--json]``

The avatar shows an expression with three pairs of times; our own chain watches at 30 pictures a
second of the face's own time, and the course is learned from what it publishes. True is what is
learned from the strongest unit as the rig was told it: the face's limits add a little to what was
asked for.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from fer_ros.cli import common
from fer_ros.generation import Face, LayerConfig, load_library, load_rig
from fer_ros.generation.avatar import draw
from fer_ros.generation.learn import Track, learn
from fer_ros.pipeline import Pipeline, PipelineConfig
from fer_ros.types import Frame

TIMES_S = ((0.3, 0.5), (0.5, 0.8), (0.8, 1.2))
EXPRESSIONS = ('happy', 'surprised')
STILL = LayerConfig(blink_period_s=0.0, saccade_period_s=0.0, breath_period_s=0.0)
FPS, REST_S, APEX_S = 30.0, 1.5, 1.5
MOVING = 28  # action units up to this one


def watch(expression: str, rise_s: float, decay_s: float) -> tuple[Track, Track]:
    """Return what was recognised of an expression, and what was drawn."""
    library = load_library()
    face = Face(library, [load_rig('avatar2d')], layers=STILL)
    units = library.units(expression)
    cues = [(REST_S, units, rise_s), (REST_S + rise_s + APEX_S, 0.0 * units, decay_s)]
    pipeline = Pipeline(PipelineConfig())
    rows: list[tuple[float, float, float, list[float]]] = []
    while face.now_s < REST_S + rise_s + APEX_S + decay_s + REST_S:
        if cues and face.now_s >= cues[0][0]:
            face.aim(*cues.pop(0)[1:])
        face.step()
        sequence = len(rows)
        if face.now_s < sequence / FPS:
            continue
        stamp_ns = round(sequence / FPS * 1e9)
        position = face.guards[0].position
        frame = Frame(stamp_ns, 'avatar', sequence, draw(position))
        state = pipeline.process(frame, None).states[0]
        seen = state.expression.action_units
        strengths = [unit.intensity for code, unit in sorted(seen.items()) if code <= MOVING]
        rows.append((sequence / FPS, state.intensity, position[units.argmax()], strengths))
    times, intensity, drawn = (np.array([row[i] for row in rows]) for i in range(3))
    labels = (expression,) * len(rows)
    recognised = Track(times, intensity, labels, np.array([row[3] for row in rows]))
    return recognised, Track(times, drawn, labels)


def measure() -> list[dict[str, Any]]:
    """Return asked, true and learned times of every case."""
    found = []
    for expression in EXPRESSIONS:
        for asked in TIMES_S:
            learned, true = (learn([track])[0].of('any') for track in watch(expression, *asked))
            found.append(
                {
                    'expression': expression,
                    'asked_s': asked,
                    'true_s': (round(true.rise_s, 2), round(true.decay_s, 2)),
                    'learned_s': (round(learned.rise_s, 2), round(learned.decay_s, 2)),
                }
            )
    return found


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args()
    figures = measure()
    if options.json:
        print(json.dumps(figures))
        return
    for row in figures:
        times = '   '.join(
            f'{k} {v[0]:.2f} {v[1]:.2f}' for k, v in row.items() if k != 'expression'
        )
        print(f'{row["expression"]:10} {times}')


if __name__ == '__main__':
    main()
