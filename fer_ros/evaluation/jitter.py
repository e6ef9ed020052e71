"""How often the label of a still face changes when only the camera trembles.

Every photo is shown to the whole chain (detector, tracker, mesh, crop, net) as a camera that
shakes would see it: each frame moved, turned and scaled anew about the photo's middle, with the
sensor's noise. Nothing in the face changes, so every change of its label is an error of ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.errors import DataError
from fer_ros.evaluation.face_scenes import STEP_NS, photo_files, photograph
from fer_ros.evaluation.folder import data_folder
from fer_ros.evaluation.metrics import flips
from fer_ros.pipeline import FILTER, Pipeline, PipelineConfig
from fer_ros.recognition import AttentionConfig
from fer_ros.sources.images import read_image
from fer_ros.types import FaceState, Frame, UInt8

FRAMES = 90
MOVE_PX, TURN_DEG, SCALE = 2.0, 1.5, 0.01
GOALS = {'raw': 0.02, 'smoothed': 0.005}

Progress = Callable[[Iterable[Path]], Iterable[Path]]


@dataclass(frozen=True, slots=True)
class FaceJitter:
    """What became of one face's label.

    :param frames: frames that showed the face.
    :param raw_flips: changes of the most probable label between frames, nothing smoothed.
    :param smoothed_flips: changes of the label that is published.
    :param label: the one that most frames were given.
    :param confidence: mean over the frames, nothing smoothed.
    :param abstained: share of the frames.
    """

    photo: str
    face_id: str
    frames: int
    raw_flips: int
    smoothed_flips: int
    label: str
    confidence: float
    abstained: float


@dataclass(frozen=True, slots=True)
class JitterReport:
    """Flips a frame over all faces.

    :param steps: pairs of frames after each other that both show the face.
    :param missed: frames in which a face of the photo was not seen, summed over the faces.
    :param raw, smoothed: changes of the label in such a pair.
    """

    model: str
    steps: int
    missed: int
    raw: float
    smoothed: float
    faces: tuple[FaceJitter, ...]

    def shortfalls(self) -> list[str]:
        """Return the goals that were missed, each with its number."""
        found = {'raw': self.raw, 'smoothed': self.smoothed}
        return [
            f'{name}: {found[name]:.4f} > {goal:g}'
            for name, goal in GOALS.items()
            if found[name] > goal
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), 'goals': GOALS, 'shortfalls': self.shortfalls()}

    def to_text(self) -> str:
        """Return a table for people."""
        rows = [
            f'{face.photo:20} {face.face_id:8} {face.label:10} {face.confidence:10.2f} '
            f'{face.abstained:9.2f} {face.raw_flips:9d} {face.smoothed_flips:14d}'
            for face in self.faces
        ]
        head = f'{"photo":20} {"face":8} {"label":10} {"confidence":>10} {"abstained":>9}'
        return '\n'.join(
            [
                f'{head} {"raw flips":>9} {"smoothed flips":>14}',
                *rows,
                f'{self.model}: {self.raw:.4f} raw and {self.smoothed:.4f} smoothed flips a frame '
                f'in {self.steps} steps; {self.missed} times a face was not seen',
                *(f'missed: {line}' for line in self.shortfalls()),
            ]
        )


def evaluate_jitter(
    data: Path | None = None,
    config: PipelineConfig | None = None,
    *,
    frames: int = FRAMES,
    seed: int = 0,
    progress: Progress | None = None,
) -> JitterReport:
    """Measure how often labels change on photos that tremble.

    :param data: folder of photos (or with a ``media`` folder of them); by default that of
        ``$FER_ROS_DATA``, else ``../shared/data``.
    :param config: of the pipeline; for the raw figure the filter over time is taken off and
        every face looked at in every frame.
    :param frames: of each photo, two or more.
    :param progress: wraps the photos, to show how far it is.
    :raises DataError: no photos, or no face in them.
    """
    if frames < 2:
        raise DataError(f'frames: expected two or more, found {frames}')
    photos = photo_files(data_folder(data))
    if not photos:
        raise DataError(f'{data_folder(data)}: expected photos of people, found none')
    config = config or PipelineConfig()
    unfiltered = replace(
        config,
        temporal_model=FILTER,
        temporal=replace(config.temporal, smoothing_s=0.0),
        attention=AttentionConfig(adaptive=False),
    )
    raw, smoothed = Pipeline(unfiltered), Pipeline(config)
    faces: list[FaceJitter] = []
    for path in progress(photos) if progress else photos:
        pixels = read_image(path)
        seen, filtered = (
            _by_face(pipeline, tremble(pixels, frames, seed)) for pipeline in (raw, smoothed)
        )
        faces += [_judged(path.name, face_id, seen[face_id], filtered) for face_id in seen]
    if not faces:
        raise DataError(
            f'photos: expected faces in {len(photos)} photos, found none; pass photos of people'
        )
    steps = sum(face.frames - 1 for face in faces)
    return JitterReport(
        model=config.expression_model,
        steps=steps,
        missed=sum(frames - face.frames for face in faces),
        raw=sum(face.raw_flips for face in faces) / max(steps, 1),
        smoothed=sum(face.smoothed_flips for face in faces) / max(steps, 1),
        faces=tuple(faces),
    )


def tremble(pixels: UInt8, frames: int, seed: int) -> Iterator[Frame]:
    """Yield a photo (H, W, 3) as a shaking camera sees it; the first frame is as it is."""
    random = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    for index in range(frames):
        turn, scale, dx, dy = random.uniform(-1.0, 1.0, 4) * float(index > 0)
        matrix = cv2.getRotationMatrix2D(
            ((width - 1) / 2, (height - 1) / 2), TURN_DEG * turn, 1.0 + SCALE * scale
        )
        matrix[:, 2] += np.array([dx, dy]) * MOVE_PX
        moved = cv2.warpAffine(
            pixels,
            matrix,
            (width, height),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT,
        )
        shown = photograph(np.asarray(moved, np.uint8), random)
        yield Frame(index * STEP_NS, 'camera', index, shown)


def _by_face(pipeline: Pipeline, frames: Iterable[Frame]) -> dict[str, list[FaceState]]:
    """Return what the chain says of each face, frame by frame, from a fresh start."""
    pipeline.reset()
    found: dict[str, list[FaceState]] = {}
    for frame in frames:
        for state in pipeline.process(frame).states:
            found.setdefault(state.face.face_id, []).append(state)
    return found


def _judged(
    photo: str, face_id: str, raw: Sequence[FaceState], filtered: dict[str, list[FaceState]]
) -> FaceJitter:
    """Count one face's changes.

    Both pipelines see the same frames and hence the same faces; only their filters differ.
    """
    labels = [state.expression.dominant for state in raw]
    smoothed = [state.label for state in filtered.get(face_id, [])]
    return FaceJitter(
        photo=photo,
        face_id=face_id,
        frames=len(raw),
        raw_flips=flips(labels),
        smoothed_flips=flips(smoothed),
        label=Counter(labels).most_common(1)[0][0],
        confidence=float(np.mean([state.expression.confidence for state in raw])),
        abstained=float(np.mean([bool(state.abstained) for state in raw])),
    )
