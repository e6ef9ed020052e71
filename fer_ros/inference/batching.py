"""Micro-batching: nets of several cameras in one process run once for all of them.

A GPU takes four faces in the time of one. So pipelines of one process share a GPU's engine, and
whoever comes first waits a moment for the others. One camera alone never waits.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fer_ros.inference.engine import Engine
from fer_ros.inference.manifest import Manifest
from fer_ros.types import Float32

DEADLINE_S = 0.002
MOST_ROWS = 64


@dataclass(slots=True, eq=False)
class _Job:
    """What one camera wants run."""

    feeds: Mapping[str, Float32]
    rows: int
    results: tuple[Float32, ...] | None = None
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def kind(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """Jobs of one kind fit into one batch."""
        return tuple(sorted((name, rows.shape[1:]) for name, rows in self.feeds.items()))


class MicroBatcher:
    """One engine that several cameras use."""

    def __init__(
        self, engine: Engine, deadline_s: float = DEADLINE_S, most_rows: int = MOST_ROWS
    ) -> None:
        """Take the engine.

        :param deadline_s: longest that a batch waits for others.
        :param most_rows: from so many faces on it does not wait at all.
        """
        self.engine = engine
        self._deadline_s = deadline_s
        self._most_rows = most_rows
        self._clients: weakref.WeakSet[Client] = weakref.WeakSet()
        self._changed = threading.Condition()
        self._waiting: list[_Job] = []

    def client(self) -> Client:
        """Return the engine as one more camera uses it."""
        client = Client(self)
        self._clients.add(client)
        return client

    def run(self, feeds: Mapping[str, Float32]) -> tuple[Float32, ...]:
        """Run what one camera wants, together with what others want by the deadline."""
        job = _Job(feeds, len(next(iter(feeds.values()))))
        with self._changed:
            self._waiting.append(job)
            leads = len(self._waiting) == 1
            if leads:
                self._changed.wait_for(self._is_full, self._deadline_s)
                jobs, self._waiting = self._waiting, []
            else:
                self._changed.notify()
        if leads:
            self._run_all(jobs)
        else:
            job.done.wait()
        if job.error is not None:
            raise job.error
        assert job.results is not None, 'a job that is done has results or an error'
        return job.results

    def _is_full(self) -> bool:
        """Tell whether nobody is left to wait for."""
        rows = sum(job.rows for job in self._waiting)
        return len(self._waiting) >= len(self._clients) or rows >= self._most_rows

    def _run_all(self, jobs: Sequence[_Job]) -> None:
        """Run jobs, those of one kind at once; each gets its own rows or the error."""
        kinds: dict[object, list[_Job]] = {}
        for job in jobs:
            kinds.setdefault(job.kind, []).append(job)
        for alike in kinds.values():
            try:
                self._run_alike(alike)
            except Exception as error:  # whatever it is, every camera has to hear of it
                for job in alike:
                    job.error = error
            for job in alike:
                job.done.set()

    def _run_alike(self, jobs: Sequence[_Job]) -> None:
        name = self.engine.manifest.input.name
        feeds = {
            key: np.concatenate([job.feeds[key] for job in jobs]) if len(jobs) > 1 else rows
            for key, rows in jobs[0].feeds.items()
        }
        results = self.engine.run(feeds.pop(name), **feeds)
        ends = np.cumsum([job.rows for job in jobs])
        for job, end in zip(jobs, ends):
            job.results = tuple(one[end - job.rows : end] for one in results)


class Client:
    """An engine that is shared with other cameras."""

    def __init__(self, batcher: MicroBatcher) -> None:
        """Take what it shares."""
        self._batcher = batcher

    @property
    def engine(self) -> Engine:
        """What is shared."""
        return self._batcher.engine

    @property
    def manifest(self) -> Manifest:
        """The model that it runs."""
        return self.engine.manifest

    @property
    def backend(self) -> str:
        """Backend and precision in use."""
        return self.engine.backend

    @property
    def reason(self) -> str:
        """Why it is this backend."""
        return self.engine.reason

    def run(self, batch: Float32, **others: Float32) -> tuple[Float32, ...]:
        """Run (N, C, H, W) float32 and return the manifest's outputs, in its order."""
        return self._batcher.run({self.manifest.input.name: batch, **others})
