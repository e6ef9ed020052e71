"""Where shipped files are, and YAML read with errors that name the file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from fer_ros.errors import ConfigError


def share_dir() -> Path:
    """Return the folder that holds ``models/``, ``config/`` and ``launch/``.

    That is the root of a source checkout, or ``share/fer_ros`` of the prefix that Python
    packages were installed to by pip or colcon.
    """
    for parent in Path(__file__).resolve().parents:
        installed = parent / 'share' / 'fer_ros'
        if (installed / 'models').is_dir():
            return installed
        if (parent / 'models').is_dir() and (parent / 'package.xml').is_file():
            return parent
    raise ConfigError(
        f"expected the folders 'models' and 'config' beside fer_ros or in share/fer_ros, found "
        f'neither above {Path(__file__).parent}; install the package again'
    )


def utf8_name(path: Path) -> str:
    """Return a path for OpenCV, which ends the process at a name that is not UTF-8.

    :raises ConfigError: it is not.
    """
    try:
        # Not str(path): where the locale is C, Python may not know that names are in UTF-8.
        return os.fsencode(path).decode('utf-8')
    except UnicodeDecodeError:
        raise ConfigError(
            f'{path}: expected a name in UTF-8, found bytes of another encoding; rename it'
        ) from None


def load_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping."""
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
    except FileNotFoundError:
        raise ConfigError(f'{path}: expected a YAML file, found none') from None
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        # ValueError: not UTF-8, or a date that no calendar has.
        reason = ' '.join(str(error).split())
        raise ConfigError(f'{path}: not readable as YAML: {reason}') from None
    if not isinstance(content, dict):
        raise ConfigError(f'{path}: expected a mapping, found {type(content).__name__}')
    return content
