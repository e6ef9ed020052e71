"""The rooms of the pipeline with their pixels on the device; each goes on alone if that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch

from fer_ros.alignment import Landmarker, align
from fer_ros.alignment.crop import similarity_to_template
from fer_ros.alignment.landmarker import to_frame
from fer_ros.detection import DetectionConfig, FaceDetector
from fer_ros.detection.blazeface import BlazeFace, Candidates
from fer_ros.detection.look import Look
from fer_ros.detection.squares import Pyramid, Square
from fer_ros.device.chain import DeviceChain
from fer_ros.errors import DeviceError
from fer_ros.inference.batching import Client
from fer_ros.inference.engine import Engine
from fer_ros.inference.serving import ServingEngine
from fer_ros.inference.torch_engine import TorchEngine
from fer_ros.recognition import StaticRecogniser
from fer_ros.roi import crop_to_frame
from fer_ros.types import (
    AlignedFace,
    Detection,
    Face,
    Float32,
    Float64,
    Frame,
    Landmarks,
    RotatedRoi,
    UInt8,
)

Result = TypeVar('Result')


class Guard:
    """Runs on the device until it fails, then never again."""

    def __init__(self, chain: DeviceChain) -> None:
        """Take the chain."""
        self.chain = chain
        self.failure = ''

    def take(self, frame: Frame) -> None:
        """Upload a frame unless that has been done."""
        self.run(lambda: self._upload(frame), lambda: None)

    def run(self, device: Callable[[], Result], rooms: Callable[[], Result]) -> Result:
        """Call the first, or the second where the device has failed."""
        if not self.failure:
            try:
                with torch.inference_mode():
                    return device()
            except DeviceError as error:
                self.failure = str(error)
            except RuntimeError as error:  # torch's CUDA errors, out of memory among them
                self.failure = str(error).splitlines()[0]
        return rooms()

    def _upload(self, frame: Frame) -> None:
        pixels = np.ascontiguousarray(frame.pixels)
        self.chain.upload(frame, pixels, frame.width, frame.height)


class DeviceDetector(FaceDetector):
    """Looks at frames on the device; which looks, and what they mean, is the room's."""

    def __init__(self, guard: Guard, full: Engine, short: Engine, config: DetectionConfig) -> None:
        """Take both nets."""
        super().__init__(full, short, config)
        self._guard = guard
        self._full = _DeviceLook(guard, full, self)
        self._short = _DeviceLook(guard, short, self)

    def detect(self, frame: Frame, look: Look = Look.ALL) -> list[Detection]:
        """Return the faces of a frame, the most certain first."""
        self._guard.take(frame)
        return super().detect(frame, look)


class _DeviceLook(BlazeFace):
    """One detector net."""

    def __init__(self, guard: Guard, engine: Engine, owner: FaceDetector) -> None:
        super().__init__(engine)
        self._guard, self._owner = guard, owner

    def look(self, frame: Pyramid, squares: Sequence[Square], min_score: float) -> Candidates:
        """Return the candidates in squares of the frame, each face once."""
        model, overlap = self.engine.manifest.id, self._owner.config.max_overlap
        rooms = super().look
        return self._guard.run(
            lambda: self._guard.chain.look(model, squares, min_score, overlap),
            lambda: rooms(frame, squares, min_score),
        )


class DeviceLandmarker(Landmarker):
    """Reads landmarks of all faces of a frame on the device."""

    def __init__(self, guard: Guard, engine: Engine) -> None:
        """Take the face mesh."""
        super().__init__(engine)
        self._guard = guard

    def locate(self, frame: Frame, rois: Sequence[RotatedRoi]) -> list[Landmarks]:
        """Return the landmarks of each ROI, in its order."""
        if not rois:
            return []
        self._guard.take(frame)
        rooms = super().locate
        return self._guard.run(lambda: self._locate_on_device(rois), lambda: rooms(frame, rois))

    def _locate_on_device(self, rois: Sequence[RotatedRoi]) -> list[Landmarks]:
        manifest = self.engine.manifest
        size = manifest.input.width
        matrices = np.stack([crop_to_frame(roi, size) for roi in rois])
        points, presences = self._guard.chain.locate(manifest.id, matrices)
        scheme = self._scheme(points)
        certain = np.nan_to_num(presences).clip(0.0, 1.0).tolist()
        return [
            Landmarks(roi, to_frame(row, roi, size), presence, scheme)
            for roi, row, presence in zip(rois, points, certain)
        ]


class DeviceRecogniser(StaticRecogniser):
    """Aligns and recognises all faces of a frame on the device, in one launch."""

    def __init__(self, guard: Guard, engine: Engine, *, mirror_below: float) -> None:
        """Take the recogniser's net."""
        super().__init__(engine, mirror_below=mirror_below)
        self._guard = guard
        # Of the last frame: its crops and, by place, what the net said of them.
        self._crops: list[UInt8] = []
        self._rows: dict[int, int] = {}
        self._said: tuple[Float32, Float32] | None = None

    def align(self, frame: Frame, faces: Sequence[Face]) -> list[AlignedFace]:
        """Return the faces upright; what the net says of them is known with that."""
        size = self.engine.manifest.input.width
        self._crops, self._rows, self._said = [], {}, None
        if not faces:
            return []
        self._guard.take(frame)
        return self._guard.run(
            lambda: self._align_on_device(faces, size),
            lambda: [align(frame, face, size) for face in faces],
        )

    def logits(self, crops: Sequence[UInt8]) -> tuple[Float32, Float32]:
        """Return (N, K) logits and (N, D) embeddings of N crops."""
        if self._said is None or any(id(crop) not in self._rows for crop in crops):
            return super().logits(crops)
        rows = [self._rows[id(crop)] for crop in crops]
        return self._said[0][rows], self._said[1][rows]

    def _align_on_device(self, faces: Sequence[Face], size: int) -> list[AlignedFace]:
        matrices = [similarity_to_template(face.landmarks_px, size) for face in faces]
        found = self._guard.chain.recognise(
            self.engine.manifest.id, np.stack([_inverse(matrix) for matrix in matrices])
        )
        self._crops = list(found.pixels)
        self._rows = {id(crop): row for row, crop in enumerate(self._crops)}
        self._said = found.logits, found.embeddings
        return [
            AlignedFace(face.face_id, face.stamp_ns, crop, matrix, face.quality)
            for face, crop, matrix in zip(faces, self._crops, matrices)
        ]


def _inverse(matrix: Float64) -> Float64:
    """Return the way back of a similarity."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.column_stack([linear, -linear @ matrix[:, 2]])


@dataclass(frozen=True, slots=True)
class DeviceRooms:
    """Rooms that share the frame on the device."""

    guard: Guard
    detector: DeviceDetector
    landmarker: DeviceLandmarker
    recogniser: DeviceRecogniser


def on_device(
    detector: FaceDetector, landmarker: Landmarker, recogniser: StaticRecogniser
) -> DeviceRooms | None:
    """Return the same rooms with their pixels on the device, or None where torch runs not all."""
    engines = (*detector.engines, landmarker.engine, recogniser.engine)
    graphs = [net for net in map(_inmost, engines) if isinstance(net, TorchEngine)]
    if len(graphs) < len(engines):
        return None
    guard = Guard(DeviceChain(graphs, mirror_below=recogniser.mirror_below))
    return DeviceRooms(
        guard,
        DeviceDetector(guard, *detector.engines, detector.config),
        DeviceLandmarker(guard, landmarker.engine),
        DeviceRecogniser(guard, recogniser.engine, mirror_below=recogniser.mirror_below),
    )


def _inmost(engine: Engine) -> Engine:
    """Return the engine that serving and sharing are wrapped around."""
    while isinstance(engine, (ServingEngine, Client)):
        engine = engine.engine
    return engine
