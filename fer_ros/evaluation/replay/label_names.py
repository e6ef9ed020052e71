"""The emotion that people mean by a word."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

from fer_ros.errors import DataError

UNLABELLED = frozenset({'', '-', '?', 'unknown', 'unlabelled', 'unlabeled', 'nf'})


@cache
def emotion_names() -> dict[str, str]:
    """Return the emotion that each accepted name stands for (``label_names.csv``)."""
    table = files('fer_ros.evaluation.replay').joinpath('label_names.csv')
    rows = csv.DictReader(table.read_text(encoding='utf-8').splitlines())
    return {row['name']: row['emotion'] for row in rows}


def emotion_of(name: str) -> str:
    """Return the emotion that a label names, or '' where it says that there is none.

    :raises DataError: no emotion is called so.
    """
    plain = ' '.join(name.replace('_', ' ').replace('-', ' ').lower().split())
    if name.strip().lower() in UNLABELLED:
        return ''
    emotion = emotion_names().get(plain)
    if emotion is None:
        raise DataError(
            f'label {name!r}: expected an emotion, such as {", ".join(examples())}, or nothing '
            'for no label; found another word'
        )
    return emotion


def examples() -> list[str]:
    """Return one name of each emotion."""
    return list(dict.fromkeys(emotion_names().values()))
