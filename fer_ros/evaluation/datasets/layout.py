"""What is known of a data set without having it: tree, classes and splits, from a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fer_ros.config import load_yaml
from fer_ros.errors import ConfigError, DataError
from fer_ros.evaluation.datasets.samples import Framing, Media, OwnClass
from fer_ros.taxonomy import EMOTIONS

LAYOUTS = Path(__file__).parent / 'layouts'
ALL = 'all'


@dataclass(frozen=True, slots=True)
class Layout:
    """A published layout.

    :param title, source: the set and the paper that describes it.
    :param tree: an example of the right tree, as text.
    :param splits: our name of each split (train, valid, test) and how the set calls it.
    :param default_split: the one that figures are reported on, or '' where there are no splits.
    :param folds: how many the set defines, 0 without.
    :param people: who is in each fold, where folds are lists of people.
    :param peak: whether clips go from a neutral face to an expression: then its strongest part
        counts, not all of it.
    :param classes: the set's classes by the key that its files use, lower case.
    :param notes: what a reader of figures must know.
    """

    name: str
    title: str
    source: str
    media: Media
    framing: Framing
    tree: str
    splits: Mapping[str, str]
    default_split: str
    folds: int
    people: Mapping[int, tuple[str, ...]]
    peak: bool
    classes: Mapping[str, OwnClass]
    notes: str

    def own_class(self, key: str) -> OwnClass:
        """Return the class of a key.

        :raises DataError: the set has no such class.
        """
        found = self.classes.get(key.strip().lower())
        if found is None:
            raise DataError(
                f'{self.name}: expected a class of {sorted(self.classes)}, found {key.strip()!r}'
            )
        return found

    @property
    def emotions(self) -> tuple[str, ...]:
        """Our emotions that the set has, in our order."""
        named = {one.emotion for one in self.classes.values()}
        named |= {one.second for one in self.classes.values()}
        return tuple(emotion for emotion in EMOTIONS if emotion in named)

    @property
    def lacking(self) -> tuple[str, ...]:
        """Our emotions that the set lacks."""
        return tuple(emotion for emotion in EMOTIONS if emotion not in self.emotions)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The set's classes that we lack."""
        return tuple(one.name for one in self.classes.values() if one.emotion is None)

    def chosen_split(self, wanted: str | None) -> str:
        """Return the split that was asked for, the default one for None, '' for all.

        :raises ConfigError: the set has no such split.
        """
        if wanted is None:
            return self.default_split
        if wanted == ALL:
            return ''
        if wanted not in self.splits:
            raise ConfigError(
                f'split: expected one of {[*self.splits, ALL]} for {self.name}, found {wanted!r}'
            )
        return wanted

    def chosen_folds(self, wanted: int | None) -> tuple[int, ...]:
        """Return the folds to read: the one that was asked for, or all.

        :raises ConfigError: the set has no such fold.
        """
        if wanted is None:
            return tuple(range(1, self.folds + 1))
        if not 1 <= wanted <= self.folds:
            raise ConfigError(
                f'fold: expected 1..{self.folds} for {self.name}, found {wanted}'
                if self.folds
                else f'fold: expected none, for {self.name} has no folds, found {wanted}'
            )
        return (wanted,)


def load_layout(name: str) -> Layout:
    """Read the shipped description of a layout."""
    path = LAYOUTS / f'{name}.yaml'
    entry = load_yaml(path)
    try:
        return Layout(
            name=name,
            title=entry['title'],
            source=entry['source'],
            media=Media(entry['media']),
            framing=Framing(entry['framing']),
            tree=entry['tree'].rstrip(),
            splits=entry.get('splits', {}),
            default_split=entry.get('default_split', ''),
            folds=entry.get('folds', 0),
            people={fold: tuple(names) for fold, names in entry.get('people', {}).items()},
            peak=entry.get('peak', False),
            classes={key: _own_class(value) for key, value in entry.get('classes', {}).items()},
            notes=' '.join(entry.get('notes', '').split()),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            f'{path}: expected title, source, media, framing, tree and classes, found: {error}'
        ) from None


def _own_class(value: Any) -> OwnClass:
    """Read ``[name]``, ``[name, emotion]`` or ``[name, emotion, second emotion]``."""
    return OwnClass(*value)
