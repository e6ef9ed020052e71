"""YAML with the line of every entry, so that a problem can be found in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from fer_ros.errors import ConfigError

Place = tuple[str | int, ...]


def load_with_lines(path: Path) -> tuple[Any, dict[Place, int], list[tuple[Place, str]]]:
    """Read a YAML file; return its content, the line of each entry, and keys that come twice."""
    try:
        text = path.read_text(encoding='utf-8')
    except FileNotFoundError:
        raise ConfigError(f'{path}: expected a YAML file, found none') from None
    except (OSError, ValueError) as error:
        raise ConfigError(f'{path}: not readable as YAML: {error}') from None
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        content = loader.construct_document(node) if node is not None else None
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        mark = getattr(error, 'problem_mark', None)
        line = f':{mark.line + 1}' if mark is not None else ''
        reason = getattr(error, 'problem', None) or ' '.join(str(error).split())
        raise ConfigError(f'{path}{line}: not readable as YAML: {reason}') from None
    finally:
        loader.dispose()
    lines: dict[Place, int] = {(): 1}
    twice: list[tuple[Place, str]] = []
    if node is not None:
        _walk(node, (), lines, twice)
    return content, lines, twice


def _walk(
    node: Any, place: Place, lines: dict[Place, int], twice: list[tuple[Place, str]]
) -> None:
    """Note the line of every entry below a node."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*place, str(key.value))
            if below in lines:
                twice.append((below, f'the key {key.value!r} comes twice, the last one counts'))
            lines[below] = key.start_mark.line + 1
            _walk(value, below, lines, twice)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            below = (*place, index)
            lines[below] = value.start_mark.line + 1
            _walk(value, below, lines, twice)
