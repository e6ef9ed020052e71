"""``fer-ros eval``: honest figures on labelled data."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track

from fer_ros.alignment import Landmarker
from fer_ros.cli import common
from fer_ros.evaluation.detection import evaluate_detection
from fer_ros.evaluation.static import evaluate_static
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig
from fer_ros.recognition import StaticRecogniser

Item = TypeVar('Item')


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    parser = common.parser('eval', 'Measure a model or the chain on labelled data.')
    kinds = parser.add_subparsers(dest='kind', required=True, metavar='WHAT')
    static = kinds.add_parser('static', help='static expression on an npz of images and votes')
    static.add_argument('--npz', type=Path, required=True, help='images (N,48,48), votes (N,10)')
    shipped = PipelineConfig().expression_model
    static.add_argument('--model', default=shipped, help='id or path of a manifest')
    static.add_argument(
        '--mirror',
        action=argparse.BooleanOptionalAction,
        help='average each face with its mirror image (default: as the manifest says)',
    )
    detection = kinds.add_parser('detection', help='detection rate by face size, false faces')
    detection.add_argument('--data', type=Path, help='folder of photos and face_noface.mov')
    for one in (static, detection):
        one.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    return _static(options) if options.kind == 'static' else _detection(options)


def _static(options: argparse.Namespace) -> int:
    engine = load_engine(options.model, Task.STATIC_EXPRESSION)
    recogniser = StaticRecogniser(engine, mirror=options.mirror)
    landmarker = Landmarker(load_engine(PipelineConfig().landmark_model, Task.FACE_LANDMARKS))
    figures = evaluate_static(options.npz, recogniser, landmarker, _progress).to_dict()
    if options.json:
        common.print_json(figures)
        return 0
    for name, value in figures.items():
        print(f'{name:18} {_text(value)}')
    return 0


def _detection(options: argparse.Namespace) -> int:
    report = evaluate_detection(options.data, progress=_progress)
    if options.json:
        common.print_json(report.to_dict())
    else:
        print(report.to_text())
    return 0


def _progress(items: Iterable[Item]) -> Iterator[Item]:
    """Show how far a long loop is, on stderr."""
    yield from track(list(items), 'measuring', console=Console(stderr=True), transient=True)


def _text(value: Any) -> str:
    """Return a figure for people."""
    if isinstance(value, dict):
        return '  '.join(f'{name} {_text(item)}' for name, item in value.items())
    return f'{value:.4g}' if isinstance(value, float) else str(value)
