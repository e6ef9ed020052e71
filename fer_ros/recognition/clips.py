"""Clip models beside the streaming one: any net that reads so many frames of a face at once.

Its manifest (task ``clip_expression``) tells in its options how: ``frames`` a clip, the
``span_ms`` that they cover, how often (``every_ms``), and the order of its axes (``layout``:
``NCTHW`` or ``NTCHW``). The past of each face is kept as crops, at most twice as
many as a clip has.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fer_ros.errors import ModelError
from fer_ros.inference.engine import Engine, to_batch
from fer_ros.recognition.sampling import Sampling
from fer_ros.recognition.static import softmax
from fer_ros.taxonomy import SkipReason
from fer_ros.types import ClipExpression, Float32, UInt8

NS_PER_MS = 1_000_000
_LAYOUTS: Mapping[str, tuple[int, ...]] = {'NCTHW': (0, 2, 1, 3, 4), 'NTCHW': (0, 1, 2, 3, 4)}
_DENSER = 2  # crops that are kept for each frame of a clip


@dataclass(slots=True)
class _Past:
    """Crops of one face with their stamps, and when it was last judged."""

    crops: deque[tuple[int, UInt8]]
    judged_ns: int | None = None
    told: ClipExpression | None = field(default=None)


class ClipRecogniser:
    """Keeps each face's crops and judges the last moments of all faces now and then.

    Memory a face: ``2 * frames`` crops of the net's input size.
    """

    def __init__(self, engine: Engine, sampling: Sampling = Sampling.UNIFORM) -> None:
        """Take a net whose manifest says how it reads clips.

        :raises ModelError: an option is missing or wrong.
        """
        options = engine.manifest.options
        self.sampling = sampling
        self.skipped: Counter[str] = Counter({SkipReason.SHORT.value: 0})
        self._engine = engine
        self._frames = _whole(engine, options, 'frames')
        self._span_ns = _whole(engine, options, 'span_ms') * NS_PER_MS
        self._every_ns = _whole(engine, options, 'every_ms') * NS_PER_MS
        layout = options.get('layout', 'NCTHW')
        if layout not in _LAYOUTS:
            raise ModelError(
                f"model '{engine.manifest.id}': layout: expected one of {', '.join(_LAYOUTS)}, "
                f'found {layout!r}; correct the manifest'
            )
        self._axes = _LAYOUTS[layout]
        self._pasts: dict[str, _Past] = {}

    @property
    def engine(self) -> Engine:
        """The net in use."""
        return self._engine

    @property
    def size(self) -> int:
        """Side of the crops in pixels."""
        return self._engine.manifest.input.width

    def wants(self, face_id: str, stamp_ns: int) -> bool:
        """Tell whether a crop of this moment is to be kept: they come faster than clips need."""
        past = self._pasts.get(face_id)
        step_ns = self._span_ns // (_DENSER * self._frames)
        return past is None or not past.crops or stamp_ns >= past.crops[-1][0] + step_ns

    def add(self, face_id: str, crop: UInt8, stamp_ns: int) -> None:
        """Keep a crop (S, S, 3) RGB of a face, and drop those that are too old."""
        past = self._pasts.setdefault(face_id, _Past(deque(maxlen=_DENSER * self._frames)))
        past.crops.append((stamp_ns, crop))
        while past.crops[0][0] < stamp_ns - self._span_ns:
            past.crops.popleft()

    def judge(self, stamp_ns: int) -> None:
        """Run the net on all faces whose turn it is, in one batch."""
        due = [past for past in self._pasts.values() if self._is_due(past, stamp_ns)]
        if not due:
            return
        logits = self._engine.run(np.stack([self._clip(past) for past in due]))[0]
        manifest = self._engine.manifest
        for past, shares in zip(due, softmax(logits, manifest.temperature)):
            past.told = ClipExpression(manifest.labels, shares, stamp_ns, past.crops[0][0])

    def told(self, face_id: str) -> ClipExpression | None:
        """Return what was last said of a face, None where it never was."""
        past = self._pasts.get(face_id)
        return past.told if past else None

    def forget(self, face_ids: Iterable[str]) -> None:
        """Drop faces that left."""
        for face_id in face_ids:
            self._pasts.pop(face_id, None)

    def reset(self) -> None:
        """Forget every face; the counts go on."""
        self._pasts.clear()

    def _is_due(self, past: _Past, stamp_ns: int) -> bool:
        """Tell whether a face's turn has come; one that is too short to be judged is counted."""
        if past.judged_ns is not None and stamp_ns < past.judged_ns + self._every_ns:
            return False
        past.judged_ns = stamp_ns
        if past.crops[-1][0] - past.crops[0][0] < self._span_ns // 2:
            self.skipped[SkipReason.SHORT.value] += 1
            return False
        return True

    def _clip(self, past: _Past) -> Float32:
        """Return one face's clip as the net reads it, without the batch's axis."""
        seen = to_batch([crop for _, crop in past.crops], self._engine.manifest.input)
        seed = past.crops[-1][0] % 2**32
        weights = self.sampling.weights(len(seen), self._frames, seed)
        clip = np.tensordot(weights.astype(np.float32), seen, axes=1)[None]
        return np.ascontiguousarray(clip.transpose(self._axes)[0])


def _whole(engine: Engine, options: Mapping[str, Any], name: str) -> int:
    """Return a whole positive number of the manifest's options."""
    value = options.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ModelError(
            f"model '{engine.manifest.id}': expected the option {name}, a whole number from 1 on, "
            f'found {value!r}; add it to the manifest'
        )
    return value
