"""``fer-ros eval temporal``: what following a face over time is worth."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.folder import data_folder
from fer_ros.evaluation.stills import shipped_landmarker
from fer_ros.evaluation.temporal import CLIPS, SEED, evaluate_temporal
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import PipelineConfig, load_temporal
from fer_ros.recognition import StaticRecogniser


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    shipped = PipelineConfig()
    parser = common.parser(
        'eval temporal',
        'Compose clips of an npz of voted faces, and compare a temporal model with votes, moving '
        'averages and the plain filter.',
    )
    parser.add_argument(
        '--npz', type=Path, help='images (N,48,48), votes (N,10); default: FER+ Valid of the data'
    )
    parser.add_argument(
        '--model', default=shipped.temporal_model, help="id, path of a manifest, or 'filter'"
    )
    parser.add_argument('--static', default=shipped.expression_model, help='static model')
    parser.add_argument('--clips', type=int, default=CLIPS, help='how many')
    parser.add_argument('--seed', type=int, default=SEED, help='of the draw of the clips')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    config = PipelineConfig(temporal_model=options.model)
    report = evaluate_temporal(
        options.npz or data_folder() / 'ferplus' / 'ferplus_valid.npz',
        StaticRecogniser(load_engine(options.static, Task.STATIC_EXPRESSION)),
        shipped_landmarker(),
        load_temporal(config),
        name=options.model,
        clips=options.clips,
        seed=options.seed,
        progress=common.progress,
    )
    common.print_report(report, as_json=options.json)
    return 0
