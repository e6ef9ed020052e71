"""``fer-ros models``: what is shipped, fetched, converted and built; one module an action."""

from __future__ import annotations

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
    kinds = {action: text for action, (_, text) in _MODULES.items()}
    chosen, arguments = common.choose(
        'models', 'List, check, fetch, convert and build models.', kinds, words
    )
    name, text = _MODULES[chosen]
    action = common.parser(f'models {chosen}', f'{text[:1].upper()}{text[1:]}.')
    module = import_module(f'fer_ros.cli.models.{name}')
    return int(module.main(chosen, action, arguments))
