"""Many clips as one set: which files a name means, and their figures taken together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.errors import DataError, SourceError
from fer_ros.evaluation.metrics import Event
from fer_ros.evaluation.replay.files import Outcome
from fer_ros.evaluation.replay.scores import Answers, Events, LabelScores, score
from fer_ros.sources.bag_reader import BAG_SUFFIXES
from fer_ros.sources.images import IMAGE_SUFFIXES

VIDEO_SUFFIXES = frozenset(
    {'.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm', '.mpg', '.mpeg', '.wmv', '.ts', '.h264'}
)
ANSWERS = 'answers.npz'


def find_sources(specs: Sequence[str], results: Path | None = None) -> list[str]:
    """Return the sources that files and folders mean, in order.

    A folder is one source where it is a recording (it has ``metadata.yaml``, or the numbered
    parts of one) or holds images and nothing else; otherwise everything in it and below is one
    by one, images as well.

    :param results: a folder below one of them in which nothing is a source.
    :raises SourceError: a folder holds none.
    """
    found: list[str] = []
    for spec in specs:
        path = Path(spec).expanduser()
        inside = list(_inside(path, results)) if path.is_dir() else [path]
        if not inside:
            raise SourceError(
                f'{path}: expected videos, bags or images in it, found none; names end in '
                f'{", ".join(sorted(BAG_SUFFIXES | VIDEO_SUFFIXES))}'
            )
        found += [spec if one == path else str(one) for one in inside]
    return list(dict.fromkeys(found))


def _inside(folder: Path, results: Path | None) -> Iterator[Path]:
    children = sorted(child for child in folder.iterdir() if not child.name.startswith('.'))
    if (folder / 'metadata.yaml').is_file() or _are_parts(children):
        yield folder
        return
    found: list[Path] = []
    for child in children:
        if child.is_dir():
            if results is None or child.resolve() != results.resolve():
                found += _inside(child, results)
        elif child.suffix.lower() in BAG_SUFFIXES | VIDEO_SUFFIXES | IMAGE_SUFFIXES:
            found.append(child)
    pictures = bool(found) and all(one.suffix.lower() in IMAGE_SUFFIXES for one in found)
    if pictures and all(one.parent == folder for one in found):
        yield folder
    else:
        yield from found


def _are_parts(children: Sequence[Path]) -> bool:
    """Tell whether the bags of a folder are one recording's, as rosbag2 numbers them."""
    bags = [child for child in children if child.suffix in BAG_SUFFIXES]
    stems = [bag.stem.rpartition('_') for bag in bags]
    return (
        bool(bags)
        and len({name for name, _, _ in stems}) == 1
        and all(name and number.isdigit() for name, _, number in stems)
    )


def folder_names(sources: Sequence[str]) -> list[str]:
    """Return a name for the results of each source; no two are equal."""
    paths = [Path(source) for source in sources]
    common = Path(*_shared([path.absolute().parent.parts for path in paths]))
    names = []
    for path in paths:
        inner = path.absolute().relative_to(common)
        names.append('__'.join(inner.parts) or path.name)
    return names


def _shared(parents: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the leading parts that all have."""
    shared = []
    for parts in zip(*parents):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return shared


def pooled(outcomes: Sequence[Outcome]) -> LabelScores | None:
    """Return the scores of all labelled clips together, None where none is labelled."""
    said = [outcome.said for outcome in outcomes if outcome.said is not None]
    if not said:
        return None
    found: list[Event] = []
    labelled: list[Event] = []
    for clip, outcome in enumerate(outcomes):
        if outcome.events is not None:
            # A clip's events must not meet those of another clip.
            found += [Event(one.stamp_ns, f'{clip} {one.kind}') for one in outcome.events.found]
            labelled += [
                Event(one.stamp_ns, f'{clip} {one.kind}') for one in outcome.events.labelled
            ]
    return score(Answers.joined(said), Events(tuple(found), tuple(labelled)))


def write_answers(path: Path, outcome: Outcome) -> None:
    """Keep what was said in labelled frames, for sets of clips and to compare two models."""
    if outcome.said is None or outcome.events is None:
        return
    said, events = outcome.said, outcome.events
    arrays: dict[str, Any] = {
        'answers': said.answers.astype(np.int8),
        'labels': said.labels.astype(np.int8),
        'spans': said.spans.astype(np.int32),
        'probabilities': said.probabilities,
    }
    for name, some in (('found', events.found), ('labelled', events.labelled)):
        arrays[f'{name}_ns'] = np.array([one.stamp_ns for one in some], np.int64)
        arrays[f'{name}_kind'] = np.array([one.kind for one in some], np.str_)
    np.savez_compressed(path, **arrays)


def read_answers(path: Path, summary: dict[str, Any]) -> Outcome:
    """Return a finished clip's outcome again."""
    if not path.is_file():
        return Outcome(summary)
    try:
        with np.load(path) as found:
            said = Answers(
                found['answers'].astype(np.int64),
                found['labels'].astype(np.int64),
                found['spans'].astype(np.int64),
                found['probabilities'],
            )
            found_events, labelled = (
                tuple(
                    Event(int(stamp_ns), str(kind))
                    for stamp_ns, kind in zip(found[f'{name}_ns'], found[f'{name}_kind'])
                )
                for name in ('found', 'labelled')
            )
    except (KeyError, ValueError, OSError) as error:
        raise DataError(
            f'{path}: expected the answers of a replay, found: {error}; delete the file to have '
            'them made again'
        ) from None
    return Outcome(summary, said, Events(found_events, labelled))
