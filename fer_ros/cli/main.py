"""``fer-ros``: one subcommand a module, one line for every error of ours."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from fer_ros import __version__
from fer_ros.blas import keep_to_one_thread
from fer_ros.errors import FerError

# Imported only when asked for: `fer-ros --help` must not wait for onnxruntime.
COMMANDS = {
    'run': 'play a source, recognise over real topics, and write video, bag, report and summary',
    'up': 'start the perception node, on ROS 2 or without it',
    'play': 'publish a video, folder, camera or bag as a camera',
    'generate': "play, draw and audit the robot's own face without ROS",
    'rig': 'check a rig file, or begin one for a new robot',
    'eval': 'measure a model or the whole chain on labelled data',
    'models': 'list, verify or convert models',
    'bench': 'time the chain and its rooms on this machine',
    'train': 'fit a model and export it',
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the first word; the rest belongs to the subcommand."""
    top = argparse.ArgumentParser(
        prog='fer-ros',
        description='Embodied facial expression recognition for ROS 2.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='commands:\n'
        + '\n'.join(f'  {name:9}{text}' for name, text in COMMANDS.items())
        + '\n\nfer-ros COMMAND --help tells more.',
    )
    top.add_argument('--version', action='version', version=__version__)
    top.add_argument('command', choices=COMMANDS, metavar='COMMAND')
    top.add_argument('arguments', nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return top


def main(words: Sequence[str] | None = None) -> int:
    """Run a subcommand; return its exit status (2: an error that the line on stderr names)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors='backslashreplace')  # a file name may hold any byte
    try:
        try:
            return _run(words)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # As with `| head`. What is still to be written would be told when Python ends.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(words: Sequence[str] | None) -> int:
    """Run a subcommand; a line on stderr for each error that is no mistake of ours."""
    chosen = parser().parse_args(words)
    keep_to_one_thread()
    try:
        module = import_module(f'fer_ros.cli.{chosen.command}')
        return int(module.main(chosen.arguments))
    except FerError as error:
        print(f'fer-ros {chosen.command}: {error}', file=sys.stderr)
        return 2
    except BrokenPipeError:
        raise
    except OSError as error:  # a disk that is full, a folder that may not be written
        print(f'fer-ros {chosen.command}: {_line(error)}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if _was_interrupted(error):
            return 130
        raise


def _was_interrupted(error: BaseException | None) -> bool:
    """Tell whether Ctrl-C is behind an error: compiled modules make another one of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _line(error: OSError) -> str:
    """Return what the system refused as one line that names the file."""
    name = f'{error.filename}: ' if error.filename else ''
    return f'{name}expected to read and write, found: {error.strerror or error}'


if __name__ == '__main__':
    sys.exit(main())
