"""``--ros-args``: remaps, parameters, parameter files and the log level."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from fer_ros.errors import ConfigError
from fer_ros.rosless.logging import LoggingSeverity


@dataclass(slots=True)
class Arguments:
    """What the command line says.

    :param remaps: names that are replaced, as given.
    :param parameters: (node pattern, name, value), the later ones win.
    """

    remaps: dict[str, str] = field(default_factory=dict)
    parameters: list[tuple[str, str, Any]] = field(default_factory=list)
    level: LoggingSeverity = LoggingSeverity.INFO
    node_name: str = ''
    namespace: str = ''

    def overrides(self, full_name: str) -> dict[str, Any]:
        """Return the parameters that the command line sets for a node."""
        return {
            name: value
            for pattern, name, value in self.parameters
            if fnmatchcase(full_name, _pattern(pattern))
        }


def parse(words: list[str] | None) -> Arguments:
    """Read a command line; words outside ``--ros-args … [--]`` are not ours."""
    found = Arguments()
    words = list(words or [])
    inside = False
    while words:
        word = words.pop(0)
        if word in ('--ros-args', '--'):
            inside = word == '--ros-args'
        elif inside:
            _take(found, word, words)
    return found


def _take(found: Arguments, word: str, words: list[str]) -> None:
    """Read one option and its value."""
    if word.startswith(('--disable-', '--enable-')):
        return
    if not words:
        raise ConfigError(f'{word}: expected a value after it, found the end of the command line')
    value = words.pop(0)
    if word in ('-r', '--remap'):
        _remap(found, value)
    elif word in ('-p', '--param'):
        name, text = _split(word, value)
        found.parameters.append(('/**', name, _value(text)))
    elif word == '--params-file':
        found.parameters += read_parameter_file(Path(value))
    elif word == '--log-level':
        level = value.rsplit(':=', 1)[-1].upper()
        if level not in LoggingSeverity.__members__:
            raise ConfigError(
                f'--log-level: expected one of {", ".join(LoggingSeverity.__members__).lower()}, '
                f'found {value}'
            )
        found.level = LoggingSeverity[level]
    else:
        raise ConfigError(
            f'--ros-args: expected -r, -p, --params-file or --log-level, found {word}'
        )


def _remap(found: Arguments, rule: str) -> None:
    source, target = _split('-r', rule)
    source = source.rsplit(':', 1)[-1] if source.endswith(('__node', '__ns', '__name')) else source
    if source in ('__node', '__name'):
        found.node_name = target
    elif source == '__ns':
        found.namespace = target
    else:
        found.remaps[source] = target


def _split(option: str, rule: str) -> tuple[str, str]:
    name, separator, value = rule.partition(':=')
    if not separator or not name:
        raise ConfigError(f'{option}: expected name:=value, found {rule!r}')
    return name, value


def _value(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise ConfigError(f'-p: expected a YAML value, found {text!r}') from None


def read_parameter_file(path: Path) -> list[tuple[str, str, Any]]:
    """Return (node pattern, name, value) of a ROS 2 parameter file."""
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = ' '.join(str(error).split())
        raise ConfigError(f'{path}: expected a parameter file, found {reason}') from None
    found: list[tuple[str, str, Any]] = []
    _walk(path, '', content, found)
    return found


def _walk(path: Path, node: str, content: Any, found: list[tuple[str, str, Any]]) -> None:
    """Collect the ``ros__parameters`` of every node name in nested mappings."""
    if not isinstance(content, dict):
        raise ConfigError(
            f'{path}: expected node names with ros__parameters below, found {content!r}'
        )
    for key, value in content.items():
        if key == 'ros__parameters':
            found += [(node or '/**', name, item) for name, item in _flat('', value)]
        else:
            _walk(path, f'{node.rstrip("/")}/{str(key).lstrip("/")}', value, found)


def _flat(prefix: str, value: Any) -> list[tuple[str, Any]]:
    """Return nested parameters under dotted names."""
    if not isinstance(value, dict):
        return [(prefix, value)]
    return [
        pair
        for key, item in value.items()
        for pair in _flat(f'{prefix}.{key}' if prefix else str(key), item)
    ]


def _pattern(pattern: str) -> str:
    """Return ROS's wildcards as fnmatch's: ``/**`` is any namespace, and none."""
    pattern = pattern if pattern.startswith('/') else f'/{pattern}'
    return '*' if pattern == '/**' else pattern.replace('/**/', '*/')
