"""``fer-ros eval compare-models``: whether one of two models is better on the same faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.alignment import Landmarker
from fer_ros.cli import common
from fer_ros.errors import ConfigError
from fer_ros.evaluation.model_comparison import compare_models
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import StaticRecogniser


def main(words: Sequence[str]) -> int:
    """Measure both, and print text or JSON."""
    parser = common.parser(
        'eval compare-models',
        'Two models on the same faces: McNemar, and bootstrap intervals of what differs.',
    )
    parser.add_argument('--npz', type=Path, required=True, help='images (N,48,48), votes (N,10)')
    parser.add_argument(
        '--model',
        action='append',
        required=True,
        help='id or path of a manifest; once for A, once for B',
    )
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    if len(options.model) != 2:
        raise ConfigError(
            f'--model: expected it twice, for A and for B, found it {len(options.model)} times'
        )
    a, b = (StaticRecogniser(load_engine(name, Task.STATIC_EXPRESSION)) for name in options.model)
    landmarker = Landmarker(load_engine(PipelineConfig().landmark_model, Task.FACE_LANDMARKS))
    report = compare_models(options.npz, a, b, landmarker, common.progress)
    if options.json:
        common.print_json(report.to_dict())
    else:
        print(report.to_text())
    return 0
