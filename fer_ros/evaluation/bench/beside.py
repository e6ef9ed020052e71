"""The chain beside peers, frame by frame in turn, and how many times as long it takes.

Once as it is shipped, which does not look at the expression of a still face in every frame, and
once with every face looked at in every frame: one after the other, for who comes second in a turn
finds the code of the first in the caches.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from fer_ros.errors import DataError
from fer_ros.evaluation.bench.peers import PEERS, Run, open_peers
from fer_ros.evaluation.bench.scenes import scene
from fer_ros.evaluation.summary import percentiles
from fer_ros.pipeline import Pipeline, PipelineConfig
from fer_ros.recognition import AttentionConfig
from fer_ros.sources import open_source
from fer_ros.types import Frame, UInt8

CASES = ((1, '720p'), (4, '720p'))
OURS, CLIP = 'chain', 'clip'
# What is added to a case's name, and the chain that it is measured with.
WAYS = {
    '': PipelineConfig(),
    '_every_frame': PipelineConfig(attention=AttentionConfig(adaptive=False)),
}
# How ratios are called, of what, and over which frames: the median frame, or all of them.
_KINDS: tuple[tuple[str, str, Callable[[Sequence[float]], Any]], ...] = (
    ('ratio', 'wall_ms', np.median),
    ('mean_ratio', 'wall_ms', np.mean),
    ('cpu_ratio', 'cpu_ms', np.median),
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Times:
    """Time and CPU of each frame, in milliseconds."""

    wall_ms: Sequence[float]
    cpu_ms: Sequence[float]
    faces: int

    def figures(self) -> dict[str, Any]:
        """Return percentiles, means and how many faces were seen at the end."""
        return {
            **percentiles(self.wall_ms),
            'mean': round(float(np.mean(self.wall_ms)), 3),
            'cpu_ms_per_frame': round(float(np.mean(self.cpu_ms)), 3),
            'faces_seen': self.faces,
        }


Found = dict[str, dict[str, Times]]


def beside_peers(
    portrait: UInt8, frames: int, warm_up: int, say: Say
) -> tuple[Found, dict[str, str]]:
    """Time the chain and every peer on the same scenes; return why peers are absent, too."""
    found: Found = {}
    absent: dict[str, str] = {}
    for faces, size in CASES:
        peers, absent = open_peers(faces)
        say(f'{faces} faces at {size} beside {", ".join(peers) or "no peer"}')
        for way, config in WAYS.items():
            shown = scene(portrait, size, faces, frames + warm_up)
            runs = {OURS: run_of(Pipeline(config)), **peers}
            found[key_of(faces) + way] = in_turn(shown, runs, warm_up)
    return found, absent


def beside_peers_on(clip: Path, warm_up: int, say: Say, *, peers: bool) -> Found:
    """Time the same on a clip of one person.

    :raises DataError: it is too short.
    """
    say(f'{clip}')
    with open_source(str(clip)) as source:
        frames = list(islice(source, 1000))
    if len(frames) <= warm_up:
        raise DataError(f'{clip}: expected more than {warm_up} frames, found {len(frames)}')
    others = open_peers(1)[0] if peers else {}
    return {
        CLIP + way: in_turn(frames, {OURS: run_of(Pipeline(config)), **others}, warm_up)
        for way, config in WAYS.items()
    }


def ratios(beside: Mapping[str, Mapping[str, Times]]) -> dict[str, float | None]:
    """Return our time as a share of each peer's; below 1 is faster than the peer.

    Of the median frame by the clock, of the mean of all frames, and of the median by CPU time,
    which other work on the machine disturbs less; those with every frame looked at come last.
    """
    return {
        f'{prefix}_to_{peer.name}_{case}{way}': _ratio(
            beside.get(case + way, {}), peer.name, kind, summarise
        )
        for way in WAYS
        for prefix, kind, summarise in _KINDS
        for peer in PEERS
        for case in (*(key_of(faces) for faces, _ in CASES), *((CLIP,) if CLIP in beside else ()))
    }


def _ratio(
    found: Mapping[str, Times], peer: str, kind: str, summarise: Callable[[Sequence[float]], Any]
) -> float | None:
    """Return None where one of the two was not measured."""
    if peer not in found:
        return None
    ours, theirs = (float(summarise(getattr(found[name], kind))) for name in (OURS, peer))
    return round(ours / theirs, 4) if theirs > 0 else None


def key_of(faces: int) -> str:
    """Return how a number of faces is called in the figures."""
    return f'{faces}face' + ('s' if faces > 1 else '')


def run_of(pipeline: Pipeline) -> Run:
    """Return what takes a frame and tells how many faces it shows."""
    return lambda frame: len(pipeline.process(frame).states)


def in_turn(frames: Iterable[Frame], runs: Mapping[str, Run], warm_up: int) -> dict[str, Times]:
    """Time every run on every frame, one after the other, so that a busy moment hits all."""
    wall: dict[str, list[float]] = {name: [] for name in runs}
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    seen = dict.fromkeys(runs, 0)
    # As in the node: what a peer has imported is not looked through in the middle of a frame.
    gc.collect()
    gc.freeze()
    for index, frame in enumerate(frames):
        for name, run in runs.items():
            began_s, began_cpu_s = time.perf_counter(), time.process_time()
            seen[name] = run(frame)
            if index >= warm_up:
                wall[name].append((time.perf_counter() - began_s) * 1e3)
                cpu[name].append((time.process_time() - began_cpu_s) * 1e3)
    return {name: Times(wall[name], cpu[name], seen[name]) for name in runs}
