"""``fer-ros eval aus``: action units on real faces, and their cross-talk on drawn ones."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.alignment import Landmarker
from fer_ros.cli import common
from fer_ros.evaluation import au_faces
from fer_ros.evaluation.au_drawn import MeshReader
from fer_ros.evaluation.aus import evaluate_aus, landmarks_of
from fer_ros.evaluation.crosstalk import Crosstalk, measure
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    parser = common.parser('eval aus', 'Action units: Cohen d on voted faces, cross-talk.')
    parser.add_argument('--npz', type=Path, required=True, help='images (N,48,48), votes (N,10)')
    parser.add_argument(
        '--crosstalk', action='store_true', help='draw each unit into neutral faces and read all'
    )
    parser.add_argument('--faces', type=int, default=30, help='neutral faces to draw into')
    parser.add_argument('--photos', type=Path, help='folder whose neutral photos are used too')
    parser.add_argument('--seed', type=int, default=0, help='which faces are drawn into')
    parser.add_argument('--landmarks', type=Path, help='npz of landmarks found before')
    parser.add_argument(
        '--reliability', type=Path, help='write the reliability of each unit (needs --crosstalk)'
    )
    parser.add_argument('--table', type=Path, help='page to put the matrix into')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    landmarker = Landmarker(load_engine(PipelineConfig().landmark_model, Task.FACE_LANDMARKS))
    landmarks = landmarks_of(options.npz, landmarker, options.landmarks, common.progress)
    report = evaluate_aus(options.npz, landmarks)
    figures: dict[str, Any] = report.to_dict()
    crosstalk = None
    if options.crosstalk:
        crosstalk = _crosstalk(options, landmarks, landmarker)
        figures['crosstalk'] = crosstalk.to_dict()
        if options.reliability:
            values = au_faces.reliabilities(crosstalk, report)
            command = f'fer-ros eval aus --npz {options.npz.name} --crosstalk --reliability FILE'
            au_faces.write_reliabilities(options.reliability, values, command)
        if options.table:
            au_faces.write_table(options.table, crosstalk.to_markdown())
    if options.json:
        common.print_json(figures)
        return 0
    print(report.to_text())
    if crosstalk is not None:
        print(crosstalk.to_markdown())
        print(f'rise most: {crosstalk.hits} ({len(crosstalk.hits)} of 21)')
    return 0


def _crosstalk(
    options: argparse.Namespace, landmarks: np.ndarray[Any, Any], landmarker: Landmarker
) -> Crosstalk:
    faces = au_faces.neutral_faces(options.npz, landmarks, options.faces, options.seed)
    if options.photos:
        faces += au_faces.neutral_photos(options.photos)
    return measure(faces, MeshReader(landmarker), common.progress)
