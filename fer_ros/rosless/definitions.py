"""Message definitions: those that rosbags brings, and those of hri_msgs and fer_msgs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import cache, wraps
from pathlib import Path
from typing import Any, TypeVar

from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from fer_ros.errors import MiddlewareError

Typestore = Any
Made = TypeVar('Made')


_making = threading.RLock()  # a type is made of others


def once(function: Callable[..., Made]) -> Callable[..., Made]:
    """Keep what a function returns, made once also where two threads ask for it at a time."""
    known = cache(function)

    @wraps(function)
    def ask(*words: str) -> Made:
        with _making:
            return known(*words)

    return ask


@once
def typestore() -> Typestore:
    """Return the definitions of Jazzy with hri_msgs and fer_msgs added."""
    store = get_typestore(Stores.ROS2_JAZZY)
    extra: dict[str, Any] = {}
    for package, folder in _folders():
        for path in sorted(folder.glob('*.msg')):
            text = path.read_text(encoding='utf-8')
            extra.update(get_types_from_msg(text, f'{package}/msg/{path.stem}'))
    store.register(extra)
    return store


def message_names(package: str) -> list[str]:
    """Return the names of a package's messages, without ``package/msg/``."""
    prefix = f'{package}/msg/'
    return [name[len(prefix) :] for name in typestore().fielddefs if name.startswith(prefix)]


def _folders() -> Iterator[tuple[str, Path]]:
    """Yield the folders with definitions that rosbags does not know."""
    here = Path(__file__).resolve()
    yield 'hri_msgs', here.parent / 'msg' / 'hri_msgs'
    for parent in here.parents:
        # Beside fer_ros in a checkout, below share/fer_ros where it is installed.
        for folder in (
            parent / 'fer_msgs' / 'msg',
            parent / 'share' / 'fer_ros' / 'fer_msgs' / 'msg',
        ):
            if folder.is_dir():
                yield 'fer_msgs', folder
                return
    raise MiddlewareError(
        f'expected the definitions of fer_msgs beside fer_ros or in share/fer_ros, found none '
        f'above {here.parent}; install the package again'
    )
