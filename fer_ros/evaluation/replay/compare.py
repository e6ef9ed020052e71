"""Whether two recordings hold the same results, apart from how long those took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.errors import DataError
from fer_ros.evaluation.results import EXPRESSIONS, NS_PER_S
from fer_ros.sources.bag_reader import BagMessage, BagReader, open_bag

# Fields that tell of the machine and not of the faces.
TIMING = frozenset({'latency_ms', 'inference_ms'})
PACKAGES = ('fer_msgs', 'hri_msgs', 'tf2_msgs')

Key = tuple[str, int, int]  # topic, stamp in ns, and which of the topic's with that stamp


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs.

    :param field: its way through the message, such as ``faces[0].valence``.
    :param a, b: the values as text.
    """

    topic: str
    stamp_ns: int
    field: str
    a: str
    b: str


@dataclass(slots=True)
class Comparison:
    """What two recordings have in common.

    :param compared: messages that both have, by topic and stamp.
    :param different: how many of them differ, by topic.
    :param only_a, only_b: messages that the other has not, by topic.
    :param first: the first difference in order of time.
    :param expressions: topics on which every frame must be in both.
    :param notes: a line for each bag that can not be read to its end.
    """

    compared: int = 0
    different: Counter[str] = field(default_factory=Counter)
    only_a: Counter[str] = field(default_factory=Counter)
    only_b: Counter[str] = field(default_factory=Counter)
    first: Difference | None = None
    expressions: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether all that both have is equal, and both have every processed frame.

        A live recorder learns of a face's own topics only after the face has come, so that it
        may miss their first messages: on those topics, messages of one side alone are counted
        and make no difference.
        """
        alone = (set(self.only_a) | set(self.only_b)) & self.expressions
        return self.compared > 0 and not self.different and not alone

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            'equal': self.equal,
            'compared': self.compared,
            'different': dict(self.different),
            'only_a': dict(self.only_a),
            'only_b': dict(self.only_b),
            'first_difference': asdict(self.first) if self.first else None,
            'ignored_fields': sorted(TIMING),
            'notes': self.notes,
        }


def compare(a: Path, b: Path) -> Comparison:
    """Compare the results of two bags message by message, matched by topic and stamp.

    Both are read side by side, so that memory holds only what has no match yet.

    :raises SourceError: one is no bag.
    :raises DataError: one holds no results of fer_ros.
    """
    bags = open_bag(a), open_bag(b)
    found = Comparison()
    try:
        for bag in bags:
            _require_results(bag, found)
        _walk(bags, found)
        found.notes = [line for bag in bags for line in bag.warnings]
    finally:
        for bag in bags:
            bag.close()
    return found


def _require_results(bag: BagReader, found: Comparison) -> None:
    own = {name for name, topic in bag.topics.items() if topic.type == EXPRESSIONS}
    if not own:
        have = ', '.join(f'{n} ({t.type})' for n, t in sorted(bag.topics.items())) or 'none'
        raise DataError(f'{bag.path}: expected results ({EXPRESSIONS}), found topics: {have}')
    found.expressions |= own


def _walk(bags: tuple[BagReader, BagReader], found: Comparison) -> None:
    """Match the messages of both, and compare each pair."""
    waiting: tuple[dict[Key, BagMessage], dict[Key, BagMessage]] = {}, {}
    for pair in zip_longest(*map(_results, bags)):
        for side, entry in enumerate(pair):
            if entry is None:
                continue
            key, message = entry
            match = waiting[1 - side].pop(key, None)
            if match is None:
                waiting[side][key] = message
                continue
            both = (message, match) if side == 0 else (match, message)
            _compare(bags, key, both, found)
    for rest, alone in zip(waiting, (found.only_a, found.only_b)):
        alone.update(topic for topic, _, _ in rest)


def _results(bag: BagReader) -> Iterator[tuple[Key, BagMessage]]:
    """Yield the messages that hold results.

    Of one stamp a topic has one, but for events: a frame may tell several.
    """
    newest: dict[str, tuple[int, int]] = {}
    topics = [n for n, t in bag.topics.items() if t.type.partition('/')[0] in PACKAGES]
    for message in bag.messages(topics):
        content = bag.decode(message)
        if message.type.startswith('tf2_msgs/'):
            content = content.transforms[0] if len(content.transforms) else None
        if content is not None:
            stamp_ns = content.header.stamp.sec * NS_PER_S + content.header.stamp.nanosec
            last_ns, count = newest.get(message.topic, (stamp_ns, -1))
            count = count + 1 if last_ns == stamp_ns else 0
            newest[message.topic] = stamp_ns, count
            yield (message.topic, stamp_ns, count), message


def _compare(
    bags: tuple[BagReader, BagReader],
    key: Key,
    both: tuple[BagMessage, BagMessage],
    found: Comparison,
) -> None:
    """Compare two messages of one topic and stamp."""
    found.compared += 1
    if both[0].type == both[1].type and both[0].raw == both[1].raw:
        return
    a, b = (bag.decode(message) for bag, message in zip(bags, both))
    first = _first_difference(a, b, '')
    if first is None:
        return
    topic, stamp_ns, _ = key
    found.different[topic] += 1
    if found.first is None or stamp_ns < found.first.stamp_ns:
        found.first = Difference(topic, stamp_ns, *first)


def _first_difference(a: Any, b: Any, where: str) -> tuple[str, str, str] | None:
    """Return way and values of the first field that differs, None where all are equal."""
    if is_dataclass(a) and is_dataclass(b):
        names = dict.fromkeys(one.name for part in (a, b) for one in fields(part))
        for name in names:
            if name in TIMING:
                continue
            inner = f'{where}.{name}'.lstrip('.')
            found = _first_difference(getattr(a, name, None), getattr(b, name, None), inner)
            if found is not None:
                return found
        return None
    if isinstance(a, (list, np.ndarray)) and isinstance(b, (list, np.ndarray)):
        if len(a) != len(b):
            return f'len({where})', str(len(a)), str(len(b))
        for index, (one, other) in enumerate(zip(a, b)):
            found = _first_difference(one, other, f'{where}[{index}]')
            if found is not None:
                return found
        return None
    # Bit for bit: NaN equals itself, 0.0 is not -0.0.
    return None if type(a) is type(b) and repr(a) == repr(b) else (where, str(a), str(b))
