"""Neutral faces with drawn action units, read back through the real mesh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment import Landmarker, align, describe
from fer_ros.evaluation.au_warp import Portrait
from fer_ros.evaluation.ferplus import VotedFaces
from fer_ros.roi import roi_from_landmarks
from fer_ros.types import AlignedFace, Face, Float32, Frame, UInt8

NEUTRAL_VOTES = 0.8  # share of the votes that a face needs to count as neutral
_DRAWN_PX = 192  # side of the images that units are drawn into
_READ_PX = 96  # and of those that are read: folds are soft, as in FER+
_CROP_PX = 48
_LOOKS = 2
_MIN_PRESENCE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class ReadFace:
    """What the rooms see of an image."""

    face: Face
    aligned: AlignedFace


class MeshReader:
    """Reads images of one face as the pipeline would."""

    def __init__(self, landmarker: Landmarker) -> None:
        """Take the mesh."""
        self._landmarker = landmarker

    def read(
        self, image: UInt8, points_px: Float32, *, face_id: str = 'drawn', stamp_ns: int = 0
    ) -> ReadFace | None:
        """Return the face, or None where the mesh does not see one.

        :param image: (S, S) or (S, S, 3).
        :param points_px: where the face was before anything was drawn: where to look.
        """
        colour = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image
        frame = Frame(stamp_ns, 'drawn', 0, np.asarray(colour, np.uint8))
        points = points_px
        for _ in range(_LOOKS):
            found = self._landmarker.locate(frame, [roi_from_landmarks(points)])[0]
            if found.presence < _MIN_PRESENCE or not np.isfinite(found.points_px).all():
                return None
            points = found.points_px
        face = describe(frame, face_id, found)
        return ReadFace(face, align(frame, face, _CROP_PX))


def neutral_rows(faces: VotedFaces, landmarks_px: Float32) -> NDArray[np.intp]:
    """Return the indices of faces that nearly everybody calls neutral and the mesh has found."""
    found = np.isfinite(landmarks_px).all(axis=(1, 2))
    share = faces.votes[:, 0] / np.maximum(faces.votes.sum(axis=1), 1)
    return np.flatnonzero(found & (share >= NEUTRAL_VOTES))


def portraits(faces: VotedFaces, landmarks_px: Float32, rows: Sequence[int]) -> Iterator[Portrait]:
    """Yield faces enlarged so that units can be drawn into them, each with its way to furrow."""
    scale = _DRAWN_PX / faces.images.shape[1]
    for way, row in enumerate(rows, start=1):
        large = cv2.resize(
            faces.images[row], (_DRAWN_PX, _DRAWN_PX), interpolation=cv2.INTER_CUBIC
        )
        points = landmarks_px[row] * np.float32(scale)
        yield Portrait(np.asarray(large, np.uint8), points, way)


def to_read(image: UInt8) -> UInt8:
    """Return a drawn image at the size at which it is read."""
    size = (_READ_PX, _READ_PX)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def places_to_read(portrait: Portrait) -> Float32:
    """Return the portrait's landmarks in the image that is read."""
    places: Float32 = portrait.points_px * np.float32(_READ_PX / portrait.pixels.shape[1])
    return places
