"""``fer-ros train``: fit, calibrate and export, one module a kind (the ``train`` extra)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from fer_ros.cli import common
from fer_ros.errors import MissingExtra

# Imported only when asked for, as the commands are. Each module has main(words).
KINDS = {
    'static': 'the static expression model, on FER+',
    'certainty': 'how much less certain a model has to be of hard faces, into its manifest',
}
_EXTRAS = ('torch', 'onnx')


def main(words: Sequence[str]) -> int:
    """Run the fit that the first word names."""
    parser = common.parser('train', 'Fit, calibrate and export a model.')
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        'fits:\n'
        + '\n'.join(f'  {name:12}{text}' for name, text in KINDS.items())
        + '\n\nfer-ros train WHAT --help tells more.'
    )
    parser.add_argument('kind', choices=KINDS, metavar='WHAT')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    try:
        module = import_module(f'fer_ros.cli.train.{options.kind}')
        return int(module.main(options.arguments))
    except ModuleNotFoundError as error:
        if error.name not in _EXTRAS:
            raise
        raise MissingExtra(error.name, 'train', 'training') from None
