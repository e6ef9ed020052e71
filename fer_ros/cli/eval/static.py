"""``fer-ros eval static``: accuracy and calibration on FER+ or a set in its format."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.static import evaluate_static
from fer_ros.evaluation.stills import shipped_landmarker
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import StaticRecogniser


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    parser = common.parser('eval static', 'Static expression on an npz of images and votes.')
    parser.add_argument('--npz', type=Path, required=True, help='images (N,48,48), votes (N,10)')
    shipped = PipelineConfig().expression_model
    parser.add_argument('--model', default=shipped, help='id or path of a manifest')
    parser.add_argument(
        '--mirror-below',
        type=float,
        default=PipelineConfig().mirror_below,
        metavar='P',
        help='average a face with its mirror image where its best label is less probable; '
        '0: none, 1: all (default: %(default)s)',
    )
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    engine = load_engine(options.model, Task.STATIC_EXPRESSION)
    recogniser = StaticRecogniser(engine, mirror_below=options.mirror_below)
    landmarker = shipped_landmarker()
    report = evaluate_static(options.npz, recogniser, landmarker, common.progress)
    common.print_figures(report.to_dict(), as_json=options.json)
    return 0
