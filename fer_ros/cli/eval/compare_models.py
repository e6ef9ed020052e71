"""``fer-ros eval compare-models``: whether one of two models is better on the same faces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from fer_ros.cli import common
from fer_ros.errors import ConfigError
from fer_ros.evaluation.dataset_run.answers import compare_answers
from fer_ros.evaluation.model_comparison import ModelComparison, compare_models
from fer_ros.evaluation.stills import shipped_landmarker
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.recognition import StaticRecogniser

Item = TypeVar('Item')


def main(words: Sequence[str]) -> int:
    """Measure both, and print text or JSON."""
    parser = common.parser(
        'eval compare-models',
        'Two models on the same faces: McNemar, and bootstrap intervals of what differs.',
    )
    parser.add_argument('--npz', type=Path, help='images (N,48,48), votes (N,10)')
    parser.add_argument(
        '--model',
        action='append',
        default=[],
        help='with --npz: id or path of a manifest; once for A, once for B',
    )
    parser.add_argument(
        '--answers',
        action='append',
        default=[],
        type=Path,
        metavar='CSV',
        help='instead of models: what eval dataset --answers wrote; once for A, once for B',
    )
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    if options.answers and not options.npz:
        report = compare_answers(*_two('--answers', options.answers))
    elif options.npz and not options.answers:
        report = _of_models(options.npz, *_two('--model', options.model))
    else:
        raise ConfigError(
            'expected either --npz with two --model, or two --answers, found '
            f'{"both" if options.npz else "neither"}'
        )
    common.print_report(report, as_json=options.json)
    return 0


def _two(option: str, values: Sequence[Item]) -> tuple[Item, Item]:
    """Refuse another number than two."""
    if len(values) != 2:
        raise ConfigError(f'{option}: expected it twice, for A and for B, found {len(values)}')
    return values[0], values[1]


def _of_models(npz: Path, a: str, b: str) -> ModelComparison:
    """Run both models on the same faces."""
    first, second = (
        StaticRecogniser(load_engine(name, Task.STATIC_EXPRESSION)) for name in (a, b)
    )
    landmarker = shipped_landmarker()
    return compare_models(npz, first, second, landmarker, common.progress)
