"""What diagnostics tell: counts, rates and latencies of the last seconds."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass

import numpy as np

from fer_ros.taxonomy import DropReason

WINDOW = 300  # frames that latencies are taken over: ten seconds at 30 Hz
RATE_NS = 10_000_000_000  # time that the rate is taken over


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts since the node became active, percentiles over the last frames.

    :param fps: over the last seconds; 0 where none became a message in them.
    :param refused_s: for how long images came of which none could be used; 0 where the last
        one was.
    """

    received: int
    processed: int
    drops: dict[str, int]
    fps: float
    latency_ms: tuple[float, float, float]
    inference_ms: float
    last_image_ns: int | None
    last_error: str
    refused_s: float


class Statistics:
    """Counts frames; written by the callback and the worker, read by the diagnostics timer."""

    def __init__(self) -> None:
        """Start at zero."""
        self._lock = threading.Lock()
        self._received = 0
        self._processed = 0
        self._drops: Counter[str] = Counter({reason.value: 0 for reason in DropReason})
        self._latency_ms: deque[float] = deque(maxlen=WINDOW)
        self._inference_ms: deque[float] = deque(maxlen=WINDOW)
        self._published_ns: deque[int] = deque(maxlen=WINDOW)
        self._last_image_ns: int | None = None
        self._last_error = ''
        self._refused_ns: list[int] = []  # the first and the last since one was used

    def received(self, now_ns: int) -> None:
        """Count an image that arrived."""
        with self._lock:
            self._received += 1
            self._last_image_ns = now_ns

    def heard(self, now_ns: int) -> None:
        """Note that the source of images lives."""
        with self._lock:
            self._last_image_ns = now_ns

    def dropped(self, reason: str) -> None:
        """Count an image that never became a message."""
        with self._lock:
            self._drops[reason] += 1

    def refused(self, now_ns: int, reason: str, error: str) -> None:
        """Count an image that could not be used."""
        with self._lock:
            self._drops[reason] += 1
            self._last_error = error
            self._refused_ns = [*self._refused_ns[:1], now_ns]

    def processed(self, now_ns: int, latency_ms: float, inference_ms: float) -> None:
        """Count an image that became a message."""
        with self._lock:
            self._processed += 1
            self._latency_ms.append(latency_ms)
            self._inference_ms.append(inference_ms)
            self._published_ns.append(now_ns)
            self._refused_ns = []

    def totals(self) -> tuple[int, int]:
        """Return how many frames were processed and dropped."""
        with self._lock:
            return self._processed, sum(self._drops.values())

    def snapshot(self, now_ns: int) -> Snapshot:
        """Return the state of now."""
        with self._lock:
            latency = np.array(self._latency_ms or [0.0])
            p50, p90, p99 = np.percentile(latency, (50, 90, 99)).tolist()
            return Snapshot(
                received=self._received,
                processed=self._processed,
                drops=dict(self._drops),
                fps=self._rate(now_ns),
                latency_ms=(p50, p90, p99),
                inference_ms=float(np.median(self._inference_ms or [0.0])),
                last_image_ns=self._last_image_ns,
                last_error=self._last_error,
                refused_s=self._refused_s(),
            )

    def _rate(self, now_ns: int) -> float:
        """Return frames per second until now."""
        recent = [then for then in self._published_ns if now_ns - RATE_NS <= then <= now_ns]
        span_ns = now_ns - recent[0] if recent else 0
        return (len(recent) - 1) * 1e9 / span_ns if span_ns > 0 else 0.0

    def _refused_s(self) -> float:
        """Return for how long images were refused, without one that was used."""
        return (self._refused_ns[-1] - self._refused_ns[0]) / 1e9 if self._refused_ns else 0.0
