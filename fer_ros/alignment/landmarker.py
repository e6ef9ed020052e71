"""Landmarks of every face of a frame, in one call of the net.

The nets are MediaPipe's Face Mesh (Kartynnik et al., Real-time Facial Surface Geometry from
Monocular Video on Mobile GPUs, 2019; 468 points) and Attention Mesh (Grishchenko et al., 2020;
478 points with refined lips, eyes and irises).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.alignment.halves import Halves
from fer_ros.errors import ConfigError, ModelError
from fer_ros.inference.engine import Engine, to_batch
from fer_ros.roi import crop_to_frame
from fer_ros.taxonomy import LandmarkScheme
from fer_ros.types import Float32, Float64, Frame, Landmarks, RotatedRoi, UInt8

_SCHEMES = {478: LandmarkScheme.MEDIAPIPE_478, 468: LandmarkScheme.MEDIAPIPE_468}


@dataclass(frozen=True, slots=True)
class LandmarkerConfig:
    """Settings of the landmarker.

    :param max_batch: faces in one call of the net; more faces take more calls.
    """

    max_batch: int = 16

    def __post_init__(self) -> None:
        """Check the batch."""
        if self.max_batch < 1:
            raise ConfigError(f'max_batch: expected 1 or more, found {self.max_batch}')


class Landmarker:
    """Reads landmarks from rotated ROIs."""

    def __init__(self, engine: Engine, config: LandmarkerConfig | None = None) -> None:
        """Take a face mesh that reads square crops and returns landmarks and presence."""
        spec = engine.manifest.input
        if spec.width != spec.height or len(engine.manifest.outputs) != 2:
            raise ModelError(
                f"model '{engine.manifest.id}': expected square input and the outputs landmarks "
                f'and presence, found {spec.width}x{spec.height} and '
                f'{list(engine.manifest.outputs)}; choose a face mesh'
            )
        self._engine = engine
        self._config = config or LandmarkerConfig()

    @property
    def engine(self) -> Engine:
        """The net in use."""
        return self._engine

    def locate(self, frame: Frame, rois: Sequence[RotatedRoi]) -> list[Landmarks]:
        """Return the landmarks of each ROI, in its order.

        A ROI without a face gives meaningless points with a low presence; nothing is dropped
        here. A ROI may reach beyond the frame, whose edge is then continued.
        """
        step = self._config.max_batch
        found: list[Landmarks] = []
        for start in range(0, len(rois), step):
            found += self._locate_batch(frame, rois[start : start + step])
        return found

    def _locate_batch(self, frame: Frame, rois: Sequence[RotatedRoi]) -> list[Landmarks]:
        """Run the net once."""
        spec = self._engine.manifest.input
        crops = [crop_face(frame.pixels, roi, spec.width) for roi in rois]
        points, presences = self._engine.run(to_batch(crops, spec))
        scheme = self._scheme(points)
        # NaN from a broken net must not pass as a face: it compares false with any threshold.
        certain = [min(max(p, 0.0), 1.0) if p == p else 0.0 for p in presences.ravel().tolist()]
        return [
            Landmarks(roi, to_frame(row, roi, spec.width), presence, scheme)
            for roi, row, presence in zip(rois, points, certain)
        ]

    def _scheme(self, points: Float32) -> LandmarkScheme:
        """Tell which mesh the net's output is."""
        scheme = _SCHEMES.get(points.shape[1]) if points.ndim == 3 else None
        if scheme is None:
            raise ModelError(
                f"model '{self._engine.manifest.id}': expected landmarks (N, 468 or 478, 3), "
                f'found {points.shape}; choose a face mesh'
            )
        return scheme


def crop_face(pixels: UInt8 | Halves, roi: RotatedRoi, size_px: int) -> UInt8:
    """Cut out a rotated ROI, upright, as (size_px, size_px, 3) RGB.

    Bilinear, with the frame's edge continued, as the meshes were trained. A face of twice the
    net's size and more is halved first: its every pixel counts, and sensor noise averages out.

    :param pixels: (H, W, 3) RGB, or that in halves, which are shared with other crops.
    """
    halves = pixels if isinstance(pixels, Halves) else Halves(pixels)
    matrix = crop_to_frame(roi, size_px)
    # OpenCV has the centre of the first pixel at (0, 0), the frame at (0.5, 0.5). In the crop
    # MediaPipe has it at (0, 0) too, and the nets' points are meant so.
    matrix[:, 2] -= 0.5
    halvings = int(math.log2(max(roi.size / size_px, 1.0)))
    part, matrix = (
        _halved(halves, matrix, size_px, halvings)
        if halvings
        else _near(halves.pixels, matrix, size_px)
    )
    # OpenCV warps four channels in less than half the time of three.
    crop = cv2.warpAffine(
        cv2.cvtColor(part, cv2.COLOR_RGB2RGBA),
        matrix,
        (size_px, size_px),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGBA2RGB), np.uint8)


def _near(pixels: UInt8, matrix: Float64, size_px: int) -> tuple[UInt8, Float64]:
    """Return the part of the image that the crop shows, and the matrix that fits it.

    A new frame is in the computer's memory, not in its cache: what is converted row by row before
    it is warped comes faster than by the warp, which walks across the rows of a tilted head.
    """
    left, columns = _blocks(matrix[0] - (0.0, 0.0, 1.0), size_px + 1, pixels.shape[1], 1)
    top, rows = _blocks(matrix[1] - (0.0, 0.0, 1.0), size_px + 1, pixels.shape[0], 1)
    moved = matrix - np.array([[0.0, 0.0, left], [0.0, 0.0, top]])
    return pixels[top : top + rows + 3, left : left + columns + 3], moved


def _halved(halves: Halves, matrix: Float64, size_px: int, halvings: int) -> tuple[UInt8, Float64]:
    """Return the part of the image that the crop shows, smaller, and the matrix that fits it."""
    block = 2**halvings
    height, width = halves.pixels.shape[:2]
    left, columns = _blocks(matrix[0], size_px, width, block)
    top, rows = _blocks(matrix[1], size_px, height, block)
    part = halves.part(left, top, columns, rows, halvings)
    moved = matrix.copy()
    # The centre of a block of pixels becomes the centre of one.
    moved[0, 2] -= left + (block - 1) / 2
    moved[1, 2] -= top + (block - 1) / 2
    return part, moved / block


def _blocks(row: Float64, size_px: int, limit: int, block: int) -> tuple[int, int]:
    """Return where on one axis the crop's first block of pixels is and how many it needs.

    Whole blocks, so that every halving is exact; at least one, where the ROI misses the frame.
    """
    a, b, start = row.tolist()
    low = start + min(a * size_px, 0.0) + min(b * size_px, 0.0)
    high = start + max(a * size_px, 0.0) + max(b * size_px, 0.0)
    first = min(max(math.floor(low), 0), max(limit - block, 0)) // block * block
    return first, max(min(math.ceil((high - first) / block), (limit - first) // block), 1)


def to_frame(points: Float32, roi: RotatedRoi, size_px: int) -> Float32:
    """Bring landmarks (N, 3) from pixels of the crop to pixels of the frame, z included."""
    (a, b, x), (c, d, y) = crop_to_frame(roi, size_px).tolist()
    turned = np.array([[a, c, 0.0], [b, d, 0.0], [0.0, 0.0, roi.size / size_px]], np.float32)
    placed: Float32 = points @ turned
    placed += np.array([x, y, 0.0], np.float32)
    return placed
