"""``fer-ros eval dataset``: the whole chain on a data set that the user has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_ros.cli import common
from fer_ros.evaluation.dataset_run import dataset_text, evaluate_dataset, evenly, read_columns
from fer_ros.evaluation.dataset_run.readings import SampleReader
from fer_ros.evaluation.datasets import READERS, open_dataset
from fer_ros.inference.factory import Device
from fer_ros.pipeline import PipelineConfig


def main(words: Sequence[str]) -> int:
    """Measure, and print text or JSON."""
    parser = common.parser(
        'eval dataset',
        'Measure the chain end to end on a data set, beside the recogniser on aligned faces.',
    )
    parser.add_argument('name', metavar='NAME', help=f'one of {", ".join(READERS)}')
    parser.add_argument('--root', type=Path, required=True, help='its folder; see eval datasets')
    parser.add_argument('--split', help='train, valid, test or all (default: the usual one)')
    parser.add_argument('--fold', type=int, help='one fold (default: all, one after the other)')
    parser.add_argument(
        '--limit', type=int, help='so many samples, evenly over the set; 1 or more'
    )
    parser.add_argument(
        '--groups', type=Path, metavar='CSV', help="columns 'name' or 'person', then groups"
    )
    parser.add_argument(
        '--by', action='append', default=[], metavar='COLUMN', help='show groups by this column'
    )
    parser.add_argument(
        '--answers', type=Path, metavar='CSV', help='write every answer, for eval compare-models'
    )
    shipped = PipelineConfig().expression_model
    parser.add_argument('--model', default=shipped, help='id or path of a manifest')
    parser.add_argument('--device', type=Device, default=Device.AUTO, help='auto, cpu, …')
    parser.add_argument('--json', action='store_true', help=common.JSON_HELP)
    options = parser.parse_args(words)
    dataset = open_dataset(options.name, options.root, split=options.split, fold=options.fold)
    # Before the models are loaded: a wrong folder is told at once.
    samples = evenly(list(dataset), options.limit)
    columns = read_columns(options.groups) if options.groups else {}
    config = PipelineConfig(expression_model=options.model, device=options.device)
    report = evaluate_dataset(
        dataset,
        samples,
        SampleReader(dataset.layout, config),
        columns=columns,
        by=options.by,
        answers=options.answers,
        progress=common.progress,
    )
    if options.json:
        common.print_json(report.to_dict())
    else:
        print(dataset_text(report))
    return 0
