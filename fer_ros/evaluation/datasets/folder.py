"""The user's folder, looked at with errors that show what the right tree is."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from fer_ros.errors import DataError
from fer_ros.evaluation.datasets.layout import Layout
from fer_ros.sources.images import IMAGE_SUFFIXES, list_images

_SHOWN = 8
VIDEO_SUFFIXES = frozenset({'.avi', '.mp4', '.mov', '.mkv', '.webm', '.flv', '.mpg', '.mpeg'})


class LayoutError(DataError):
    """A folder is not as its data set is published; the text ends with an example tree."""

    def __init__(self, root: Path, layout: Layout, expected: str, found: str) -> None:
        """Say what was expected and found below ``root``."""
        super().__init__(
            f'{root}: expected {expected} of {layout.title}, found {found}; '
            f'the layout {layout.name} is:\n{layout.tree}'
        )


class Folder:
    """The root of a data set on this machine, and which part of it is asked for."""

    def __init__(
        self, root: Path, layout: Layout, split: str = '', folds: Sequence[int] = ()
    ) -> None:
        """Take a folder that is there; raises LayoutError where it is not.

        :param split: '' for all.
        :param folds: those to read one after the other.
        """
        self.root = root
        self.layout = layout
        self.split = split
        self.folds = tuple(folds)
        if not root.exists():
            raise LayoutError(root, layout, 'a folder', 'nothing of that name')

    def wants(self, split: str) -> bool:
        """Tell whether samples of a split are asked for."""
        return self.split in ('', split)

    def splits(self) -> dict[str, str]:
        """Return the splits that are asked for, and how the set calls each."""
        return {name: own for name, own in self.layout.splits.items() if self.wants(name)}

    def file(self, *places: str) -> Path:
        """Return the first of several places at which a file may be."""
        return self._first(places, 'the file')

    def folder(self, *places: str) -> Path:
        """Return the first of several places at which a folder may be."""
        return unpacked(self._first(places, 'the folder'))

    def maybe(self, *places: str) -> Path | None:
        """Return the first of several places that is there, or None."""
        return next((self.root / place for place in places if (self.root / place).exists()), None)

    def wrong(self, expected: str, found: str = '') -> LayoutError:
        """Return the error for a folder of another layout; by default with what lies in it."""
        return LayoutError(self.root, self.layout, expected, found or listing(self.root))

    def rows(
        self, path: Path, columns: Sequence[str], unnamed: Sequence[str] = ()
    ) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield line numbers and rows of a CSV with a header that has these columns.

        :param unnamed: all columns in order, of a file that is also published without a header.
        """
        with path.open(newline='', encoding='utf-8-sig') as stream:
            reader = csv.reader(stream)
            header = [name.strip() for name in next(reader, [])]
            if len(header) == len(unnamed) and not set(header) & set(unnamed):
                yield reader.line_num, dict(zip(unnamed, header))
                header = list(unnamed)
            missing = [name for name in columns if name not in header]
            if missing:
                raise self.wrong(
                    f'the columns {list(columns)} in {path.name}', f'{header[:12]} in it'
                )
            for row in reader:
                if row:
                    yield reader.line_num, dict(zip(header, map(str.strip, row)))

    def lines(self, path: Path, words: int, separator: str | None = None) -> Iterator[list[str]]:
        """Yield the words of every line of a text file, ``words`` or more each.

        :param separator: what is between them; blanks by default.
        """
        with path.open(encoding='utf-8-sig') as stream:
            for number, line in enumerate(stream, 1):
                found = line.strip().split(separator)
                if line.strip() and len(found) < words:
                    raise self.wrong(
                        f'{words} words in every line of {path.name}',
                        f'{line.strip()!r} in line {number}',
                    )
                if line.strip():
                    yield found

    def line_error(self, path: Path, line: int, error: Exception) -> LayoutError:
        """Return the error for a line that can not be read."""
        return self.wrong(f'a readable line {line} in {path.name}', ' '.join(str(error).split()))

    def _first(self, places: Sequence[str], kind: str) -> Path:
        found = self.maybe(*places)
        if found is None:
            raise self.wrong(f'{kind} {" or ".join(places)}')
        return found


def unpacked(place: Path) -> Path:
    """Return a folder, or the one of the same name in it: some archives unpack into a second."""
    return place / place.name if (place / place.name).is_dir() else place


def listing(folder: Path) -> str:
    """Return what lies in a folder, for people: a few names and how many more."""
    if not folder.is_dir():
        return f'a file of {folder.stat().st_size} bytes'
    names = sorted(path.name + '/' * path.is_dir() for path in folder.iterdir())
    more = f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''
    return (', '.join(names[:_SHOWN]) + more) if names else 'an empty folder'


def subfolders(folder: Path) -> list[Path]:
    """Return the folders in a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.is_dir())


def images(folder: Path) -> list[Path]:
    """Return the images in a folder, frame2 before frame10."""
    return list_images(folder)


def videos(folder: Path) -> list[Path]:
    """Return the videos in a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES)


def is_image(path: Path) -> bool:
    """Tell an image by its name."""
    return path.suffix.lower() in IMAGE_SUFFIXES
