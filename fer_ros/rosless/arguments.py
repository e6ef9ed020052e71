"""``--ros-args``: remaps, parameters, parameter files and the log level."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from fer_ros.errors import ConfigError
from fer_ros.rosless.logging import LoggingSeverity

# A topic, a node or a namespace: parts of letters, digits and _ that do not begin with a digit.
_PART = r'[A-Za-z_{][\w{}]*'
_NAME = re.compile(rf'(ros(topic|service)://)?(/|~|~/|/?{_PART}(/{_PART})*|~(/{_PART})+)')


class _Loader(yaml.SafeLoader):
    """YAML as ROS reads it: 1e-3 is a number, which YAML 1.1 takes for a string."""


_Loader.add_implicit_resolver(
    'tag:yaml.org,2002:float',
    re.compile(r'[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$'),
    '-+0123456789',
)


@dataclass(slots=True)
class Arguments:
    """What the command line says.

    :param remaps: (node name or '' for all, replaced name, new name), the first match wins.
    :param parameters: (node pattern, name, value), the later ones win, but a node's full name
        goes before a pattern, as in rclpy.
    """

    remaps: list[tuple[str, str, str]] = field(default_factory=list)
    parameters: list[tuple[str, str, Any]] = field(default_factory=list)
    level: LoggingSeverity = LoggingSeverity.INFO

    def overrides(self, full_name: str) -> dict[str, Any]:
        """Return the parameters that the command line sets for a node."""
        found: dict[str, Any] = {}
        for exact in (False, True):
            for pattern, name, value in self.parameters:
                if (pattern == full_name) == exact and matches(pattern, full_name):
                    found[name] = value
        return found

    def remaps_of(self, node_name: str) -> dict[str, str]:
        """Return the names that are replaced in a node."""
        found: dict[str, str] = {}
        for node, source, target in self.remaps:
            if node in ('', node_name):
                found.setdefault(source, target)
        return found


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
        rule, text = _split(word, value)
        node, _, name = rule.rpartition(':')
        found.parameters.append((f'/{node.lstrip("/")}' if node else '/**', name, _value(text)))
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
    node = ''
    if '://' not in source:
        node, _, source = source.rpartition(':')
    if not _NAME.fullmatch(target):
        raise ConfigError(
            f'-r: expected a name of letters, digits, _ and / behind :=, found {rule!r}'
        )
    found.remaps.append((node, '__node' if source == '__name' else source, target))


def _split(option: str, rule: str) -> tuple[str, str]:
    name, separator, value = rule.partition(':=')
    if not separator or not name:
        raise ConfigError(f'{option}: expected name:=value, found {rule!r}')
    return name, value


def _value(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError:
        raise ConfigError(f'-p: expected a YAML value, found {text!r}') from None


def read_parameter_file(path: Path) -> list[tuple[str, str, Any]]:
    """Return (node pattern, name, value) of a ROS 2 parameter file."""
    try:
        content = yaml.load(path.read_text(encoding='utf-8'), _Loader)
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
            if not isinstance(value, dict):
                raise ConfigError(
                    f'{path}: expected parameters below ros__parameters, found {value!r}'
                )
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


def matches(pattern: str, full_name: str) -> bool:
    """Tell whether a node's full name fits: ``*`` is one part of it, ``**`` any number."""
    expression = ''.join(
        {'**': '(/[^/]+)*', '*': '/[^/]+'}.get(part, '/' + re.escape(part))
        for part in pattern.strip('/').split('/')
    )
    return re.fullmatch(expression, full_name) is not None
