"""``fer-ros eval adaptation``: what the corrections for a person and a room gain and cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.adaptation import FACES, PEOPLE, evaluate_adaptation
from fer_ros.evaluation.stills import shipped_landmarker
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import AdaptationConfig, StaticRecogniser


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    parser = common.parser('eval adaptation', 'Gain of the corrections for a person and a room.')
    parser.add_argument('--npz', type=Path, required=True, help='images (N,48,48), votes (N,10)')
    parser.add_argument(
        '--model', default=PipelineConfig().expression_model, help='id or path of a manifest'
    )
    parser.add_argument('--people', type=int, default=PEOPLE, help='made of the faces')
    parser.add_argument('--faces', type=int, default=FACES, help='drawn at random from the npz')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--max-shift', type=float, default=AdaptationConfig().max_shift)
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    report = evaluate_adaptation(
        options.npz,
        StaticRecogniser(load_engine(options.model, Task.STATIC_EXPRESSION)),
        shipped_landmarker(),
        config=AdaptationConfig(max_shift=options.max_shift),
        people=options.people,
        faces=options.faces,
        seed=options.seed,
        progress=common.progress,
    )
    common.print_report(report, as_json=options.json)
    return 0
