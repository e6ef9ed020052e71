"""``fer-ros eval``: honest figures, one module a kind of measurement."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from fer_ros.cli import common

# Imported only when asked for, as the commands are. Each module has main(words).
KINDS = {
    'static': 'static expression on an npz of images and votes',
    'detection': 'detection rate by face size, false faces',
    'replay': 'bags, clips and folders through the whole chain, scored against labels',
    'compare': 'whether two recordings hold the same results, apart from timing',
    'label': 'a page on this machine to label a recording by hand',
    'aus': 'action units: distance of emotions from neutral, cross-talk of drawn ones',
    'jitter': 'changes of the label on photos that tremble',
    'datasets': 'the data sets that can be read, and how their folders look',
    'dataset': 'the whole chain on a data set that you have',
    'compare-models': 'whether one of two models is better, with an interval',
    'robustness': 'accuracy and confidence on degraded faces',
}


def main(words: Sequence[str]) -> int:
    """Run the measurement that the first word names."""
    parser = common.parser('eval', 'Measure a model or the chain.')
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        'measurements:\n'
        + '\n'.join(f'  {name:16}{text}' for name, text in KINDS.items())
        + '\n\nfer-ros eval WHAT --help tells more.'
    )
    parser.add_argument('kind', choices=KINDS, metavar='WHAT')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    module = import_module(f'fer_ros.cli.eval.{options.kind.replace("-", "_")}')
    return int(module.main(options.arguments))
