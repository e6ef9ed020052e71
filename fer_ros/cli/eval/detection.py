"""``fer-ros eval detection``: how often faces of each size are found."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.detection import evaluate_detection


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    parser = common.parser('eval detection', 'Detection rate by face size, false faces.')
    parser.add_argument('--data', type=Path, help='folder of photos and face_noface.mov')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    report = evaluate_detection(options.data, progress=common.progress)
    common.print_report(report, as_json=options.json)
    return 0
