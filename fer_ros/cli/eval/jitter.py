"""``fer-ros eval jitter``: how often a still face's label changes when the camera trembles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.jitter import FRAMES, evaluate_jitter
from fer_ros.pipeline import PipelineConfig


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    parser = common.parser('eval jitter', 'Changes of the label on photos that tremble.')
    parser.add_argument('--data', type=Path, help='folder of photos')
    parser.add_argument(
        '--model', default=PipelineConfig().expression_model, help='id or path of a manifest'
    )
    parser.add_argument('--frames', type=int, default=FRAMES, help='of each photo')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    config = PipelineConfig(expression_model=options.model)
    report = evaluate_jitter(options.data, config, frames=options.frames, progress=common.progress)
    common.print_report(report, as_json=options.json)
    return 0
