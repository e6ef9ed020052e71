"""``fer-ros models``: what is shipped, fetched, converted and built; one module an action."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module

from fer_ros.cli import common

# Imported only when asked for. Each module has main(action, words).
_MODULES = {
    'list': ('listing', 'what is shipped'),
    'verify': ('listing', 'compare every sha256'),
    'fetch': ('fetching', 'download the file of a manifest'),
    'convert': ('conversion', 'make the MediaPipe models again from their wheel'),
    'half': ('conversion', 'make the float16 form of a model'),
    'quantise': ('conversion', 'make the int8 form of a static model'),
    'parity': ('parity', 'compare a backend or precision with float32 on the CPU'),
    'build': ('engines', 'build TensorRT engines'),
    'engines': ('engines', 'list the TensorRT engines of this machine'),
    'prune': ('engines', 'delete those that nothing can use any more'),
}


def main(words: Sequence[str]) -> int:
    """Run the action that the first word names."""
    parser = common.parser('models', 'List, check, fetch, convert and build models.')
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = (
        'actions:\n'
        + '\n'.join(f'  {name:10}{text}' for name, (_, text) in _MODULES.items())
        + '\n\nfer-ros models ACTION --help tells more.'
    )
    parser.add_argument('action', choices=_MODULES, metavar='ACTION')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = parser.parse_args(words)
    name, text = _MODULES[options.action]
    action = common.parser(f'models {options.action}', f'{text[:1].upper()}{text[1:]}.')
    module = import_module(f'fer_ros.cli.models.{name}')
    return int(module.main(options.action, action, options.arguments))
