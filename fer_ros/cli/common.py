"""What several subcommands share."""

from __future__ import annotations

import argparse
import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

from rich.console import Console
from rich.progress import Progress, ProgressColumn

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

from fer_ros import rosless
from fer_ros.errors import ConfigError
from fer_ros.evaluation.plain import to_plain

Item = TypeVar('Item')

JSON_HELP = 'print JSON instead of text'


def parser(command: str, description: str) -> argparse.ArgumentParser:
    """Return the parser of a subcommand."""
    return argparse.ArgumentParser(prog=f'fer-ros {command}', description=description)


def choose(
    command: str, description: str, kinds: Mapping[str, str], words: Sequence[str]
) -> tuple[str, list[str]]:
    """Return the first word, one of ``kinds``, and the words after it.

    :param kinds: by word: what it does.
    """
    chooser = parser(command, description)
    chooser.formatter_class = argparse.RawDescriptionHelpFormatter
    chooser.epilog = (
        'one of:\n'
        + '\n'.join(f'  {name:16}{text}' for name, text in kinds.items())
        + f'\n\nfer-ros {command} WHAT --help tells more.'
    )
    chooser.add_argument('kind', choices=kinds, metavar='WHAT')
    chooser.add_argument('arguments', nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    chosen = chooser.parse_args(words)
    return chosen.kind, chosen.arguments


def run_kind(
    command: str, description: str, kinds: Mapping[str, str], words: Sequence[str]
) -> int:
    """Run what the first word names: ``main(words)`` of a module in the command's own package.

    Modules are imported only when asked for, as the commands are; a hyphen is an underscore there.
    """
    kind, arguments = choose(command, description, kinds, words)
    module = import_module(f'fer_ros.cli.{command}.{kind.replace("-", "_")}')
    return int(module.main(arguments))


def print_json(result: Any) -> None:
    """Print a result for programs."""
    print(json.dumps(to_plain(result, None), indent=2, allow_nan=False))


class Report(Protocol):
    """What a measurement returns."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""

    def to_text(self) -> str:
        """Return it for people."""


def print_report(report: Report, *, as_json: bool) -> None:
    """Print a report for programs or for people."""
    if as_json:
        print_json(report.to_dict())
    else:
        print(report.to_text())


def print_figures(figures: Mapping[str, Any], *, as_json: bool) -> None:
    """Print named figures for programs or, a line each, for people."""
    if as_json:
        print_json(figures)
        return
    for name, value in figures.items():
        print(f'{name:18} {_text(value)}')


def _text(value: Any) -> str:
    """Return a figure for people."""
    if isinstance(value, dict):
        return '  '.join(f'{name} {_text(item)}' for name, item in value.items())
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def progress(items: Iterable[Item]) -> Iterator[Item]:
    """Show how far a long loop is, on stderr."""
    with progress_bar() as bar:
        yield from bar.track(list(items), description='measuring')


def progress_bar(*columns: str | ProgressColumn, quiet: bool = False) -> Progress:
    """Return a bar on stderr that goes when it is done; where no terminal is, there is none."""
    console = Console(stderr=True)
    hidden = quiet or not console.is_terminal
    return Progress(*columns, console=console, transient=True, disable=hidden)


def use_ros() -> str:
    """Make rclpy importable, real or not; return which it is, for people to read."""
    return 'rosless' if rosless.install() else 'rclpy'


def add_ros_arguments(words: argparse.ArgumentParser) -> None:
    """Add the options that become ``--ros-args``."""
    words.add_argument(
        '-r', '--remap', action='append', default=[], metavar='FROM:=TO', help='remap a name'
    )
    words.add_argument(
        '-p', '--param', action='append', default=[], metavar='NAME:=VALUE', help='set a parameter'
    )
    words.add_argument('--params', metavar='FILE', help='parameter file')
    words.add_argument('--log-level', help='debug, info, warn or error')


def ros_arguments(options: argparse.Namespace) -> list[str]:
    """Return the options as a ROS 2 command line."""
    found = ['--ros-args']
    if options.params:
        if not Path(options.params).is_file():
            raise ConfigError(f'{options.params}: expected a parameter file, found none')
        found += ['--params-file', options.params]
    for rule in options.remap:
        found += ['-r', rule]
    for rule in options.param:
        found += ['-p', rule]
    if options.log_level:
        found += ['--log-level', options.log_level]
    return found


def stay_on_this_machine() -> None:
    """Keep topics on loopback unless the user's environment says where they go."""
    if {'ROS_LOCALHOST_ONLY', 'ROS_AUTOMATIC_DISCOVERY_RANGE'} & set(os.environ):
        return
    # Humble knows the older variable only, and later ones complain of it.
    if os.environ.get('ROS_DISTRO') == 'humble':
        os.environ['ROS_LOCALHOST_ONLY'] = '1'
    else:
        os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'


def choose_domain() -> None:
    """Take a domain that nobody here uses, unless the environment names one.

    Runs side by side would hear each other otherwise.
    """
    if os.environ.get('ROS_DOMAIN_ID'):
        return
    domains = [1 + (os.getpid() + step) % 100 for step in range(100)]
    os.environ['ROS_DOMAIN_ID'] = str(next(filter(_is_free, domains), domains[0]))


def _is_free(domain: int) -> bool:
    """Tell whether no node of this machine has opened the port that all of a domain share."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('', 7400 + 250 * domain))  # DDSI-RTPS 9.6.1: well-known ports
        except OSError:
            return False
    return True


@contextmanager
def claimed(folder: Path | None) -> Iterator[None]:
    """Make a folder for results and keep other runs out of it meanwhile; None claims nothing.

    :raises ConfigError: it can not be written to, or another run writes to it.
    """
    if folder is None:
        yield
        return
    require_folder(folder)
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(
            f'out: expected a folder of its own, found {folder}, which another run writes to; '
            'wait for it, or choose another'
        ) from None
    except OSError:
        pass  # a file system without locks
    try:
        yield
    finally:
        os.close(handle)


def require_folder(folder: Path) -> None:
    """Make the folder for the results, or refuse it before anything is started."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = '' if os.access(folder, os.W_OK) else 'no permission to write'
    except OSError as error:
        reason = error.strerror or str(error)
    if reason:
        raise ConfigError(f'out: expected a folder to write to, found {folder}: {reason}')
