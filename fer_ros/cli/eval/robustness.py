"""``fer-ros eval robustness``: accuracy and confidence on degraded faces."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from fer_ros.alignment import Landmarker
from fer_ros.cli import common
from fer_ros.evaluation.normalise import NORMALISATIONS
from fer_ros.evaluation.robustness import FACES, drawn, evaluate_robustness
from fer_ros.evaluation.stills import shipped_landmarker
from fer_ros.evaluation.strangers import STRANGERS_SHOWN, show_strangers
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import StaticRecogniser, TrustConfig


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    parser = common.parser(
        'eval robustness', 'Accuracy and confidence on faces that are degraded step by step.'
    )
    parser.add_argument('--npz', type=Path, required=True, help='images (N,48,48), votes (N,10)')
    parser.add_argument(
        '--model', default=PipelineConfig().expression_model, help='id or path of a manifest'
    )
    parser.add_argument('--faces', type=int, default=FACES, help='drawn at random from the npz')
    parser.add_argument('--seed', type=int, default=0, help='of the draw and of the noise')
    parser.add_argument(
        '--normalise', choices=NORMALISATIONS, help='try this on each crop before the net'
    )
    parser.add_argument(
        '--strangers', action='store_true', help='show it pictures without a face instead'
    )
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    recogniser = StaticRecogniser(load_engine(options.model, Task.STATIC_EXPRESSION))
    landmarker = shipped_landmarker()
    if options.strangers:
        _strangers(options, recogniser, landmarker)
        return 0
    report = evaluate_robustness(
        options.npz,
        recogniser,
        landmarker,
        faces=options.faces,
        seed=options.seed,
        normalise=NORMALISATIONS.get(options.normalise),
        progress=common.progress,
    )
    common.print_report(report, as_json=options.json)
    return 0


def _strangers(
    options: argparse.Namespace, recogniser: StaticRecogniser, landmarker: Landmarker
) -> None:
    """Measure and print what becomes of pictures without a face."""
    images = drawn(options.npz, min(options.faces, STRANGERS_SHOWN), options.seed)[0].images
    found = show_strangers(list(images), recogniser, landmarker, TrustConfig(), options.seed)
    figures = {name: asdict(row) for name, row in found.items()}
    common.print_figures(figures, as_json=options.json)
