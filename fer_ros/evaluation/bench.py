"""How long the chain takes, beside MediaPipe's Face Mesh in the same run where it is installed.

Milliseconds belong to one machine on one day; the ratios carry over.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.errors import DataError
from fer_ros.pipeline import Pipeline
from fer_ros.sources import open_source
from fer_ros.types import Frame, UInt8

WIDTH, HEIGHT = 1280, 720
FRAME_NS = 33_333_333
FACE_COUNTS = (1, 4)
# Face Mesh sees no face below about 190 px: the comparison is made where both see.
FACE_CROP_PX = 340
WARM_UP = 15


def bench(sample: Path, *, frames: int = 120) -> dict[str, Any]:
    """Time the whole chain at 720p, and Face Mesh on the same frames, in turn.

    :param sample: a source whose first frame shows one face.
    :param frames: timed frames for each number of faces.
    """
    portrait = _portrait(sample)
    figures: dict[str, Any] = {
        'machine': platform.processor() or platform.machine(),
        'cores': os.cpu_count(),
        'frame': f'{WIDTH}x{HEIGHT}',
    }
    for count in FACE_COUNTS:
        scene = list(_scene(portrait, count, frames + WARM_UP))
        key = f'{count}face' + ('s' if count > 1 else '')
        ours, mesh = _Ours(), _face_mesh(count)
        times = _in_turn(scene, [ours.process, *([mesh] if mesh else [])])
        figures[f'chain_ms_{key}'] = _spread(times[0])
        figures[f'faces_seen_{key}'] = ours.seen
        if mesh:
            figures[f'facemesh_ms_{key}'] = _spread(times[1])
            ratio = np.median(times[0]) / np.median(times[1])
            figures[f'ratio_to_facemesh_{key}'] = round(float(ratio), 3)
        else:
            figures[f'ratio_to_facemesh_{key}'] = None
    return figures


class _Ours:
    """The pipeline, and how many faces it saw in the last frame."""

    def __init__(self) -> None:
        self._pipeline = Pipeline()
        self.seen = 0

    def process(self, frame: Frame) -> None:
        self.seen = len(self._pipeline.process(frame).states)


def _face_mesh(count: int) -> Callable[[Frame], None] | None:
    """Return MediaPipe's Face Mesh in its tracking mode, or None where it is not installed."""
    try:
        from mediapipe.python.solutions.face_mesh import FaceMesh
    except ImportError:
        return None
    mesh = FaceMesh(max_num_faces=count, refine_landmarks=True)

    def process(frame: Frame) -> None:
        mesh.process(frame.pixels)

    return process


def _in_turn(scene: Sequence[Frame], runs: Sequence[Callable[[Frame], None]]) -> list[list[float]]:
    """Time every run on every frame, one after the other, so that a busy moment hits all."""
    times: list[list[float]] = [[] for _ in runs]
    for index, frame in enumerate(scene):
        for run, found in zip(runs, times):
            start = time.perf_counter()
            run(frame)
            if index >= WARM_UP:
                found.append((time.perf_counter() - start) * 1e3)
    return times


def _spread(values: Sequence[float]) -> dict[str, float]:
    """Return percentiles in milliseconds."""
    return {f'p{p}': round(float(np.percentile(values, p)), 3) for p in (50, 90, 99)}


def _portrait(sample: Path) -> UInt8:
    """Return a square with the sample's face, the same size for every machine."""
    with open_source(str(sample), now_ns=lambda: 0) as source:
        frame = next(iter(source), None)
    states = Pipeline().process(frame).states if frame is not None else ()
    if frame is None or len(states) != 1:
        raise DataError(f'{sample}: expected one face in its first frame, found {len(states)}')
    roi = states[0].face.roi
    side = max(roi.width, roi.height) * 1.3
    x, y = roi.x + roi.width / 2, roi.y + roi.height / 2
    scale = FACE_CROP_PX / side
    matrix = np.array([[scale, 0, (side / 2 - x) * scale], [0, scale, (side / 2 - y) * scale]])
    crop = cv2.warpAffine(
        frame.pixels, matrix, (FACE_CROP_PX, FACE_CROP_PX), borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(crop, np.uint8)


def _scene(portrait: UInt8, count: int, frames: int) -> Iterator[Frame]:
    """Yield 720p frames with so many faces that sway by a few pixels."""
    ground = cv2.resize(cv2.GaussianBlur(portrait, (0, 0), 25), (WIDTH, HEIGHT))
    places = ((150, 10), (790, 10), (150, 370), (790, 370)) if count > 1 else ((470, 190),)
    for index in range(frames):
        pixels = np.asarray(ground, np.uint8).copy()
        sway = round(5 * np.sin(index / 7)), round(4 * np.cos(index / 9))
        for x, y in places[:count]:
            left, top = x + sway[0], y + sway[1]
            pixels[top : top + FACE_CROP_PX, left : left + FACE_CROP_PX] = portrait
        yield Frame(index * FRAME_NS, 'bench', index, pixels)
