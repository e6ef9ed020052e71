"""What a backend or a precision changes on real faces, model by model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from fer_ros.alignment import Landmarker
from fer_ros.alignment.landmarker import crop_face
from fer_ros.evaluation.ferplus import load_faces
from fer_ros.evaluation.stills import aligned, alignments, locate_stills
from fer_ros.inference.engine import Engine, to_batch
from fer_ros.inference.manifest import Manifest, Task
from fer_ros.inference.parity import Parity, compare
from fer_ros.roi import EXPANSION
from fer_ros.types import Float32, RotatedRoi, UInt8

_BATCH = 16
# A face fills this share of the detector's view: near ones for the short-range net.
_SHARE = {128: 0.5, 192: 0.25}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two engines on the same faces.

    :param excess: what is beyond the manifest's tolerance, or ''.
    """

    model: str
    backend: str
    reference: str
    faces: int
    parity: Parity
    excess: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; figures that the task does not have are left out."""
        figures = {k: round(v, 6) for k, v in asdict(self.parity).items() if v is not None}
        return {
            'model': self.model,
            'backend': self.backend,
            'reference': self.reference,
            'faces': self.faces,
            **figures,
            'within_tolerance': not self.excess,
            'excess': self.excess,
        }


def compare_engines(engine: Engine, reference: Engine, batch: Float32) -> Comparison:
    """Run both on the same input and compare.

    :param batch: (N, C, H, W) as :func:`real_batch` returns it.
    """
    starts = range(0, len(batch), _BATCH)
    wanted, found = (
        [np.concatenate(columns) for columns in zip(*rows)]
        for rows in (
            [one.run(batch[start : start + _BATCH]) for start in starts]
            for one in (reference, engine)
        )
    )
    # The tolerance is the reference's: another form of a model copies it.
    parity = compare(reference.manifest, wanted, found)
    return Comparison(
        engine.manifest.id,
        engine.backend,
        reference.backend,
        len(batch),
        parity,
        parity.excess(reference.manifest.tolerance),
    )


def some_faces(npz: Path, count: int) -> UInt8:
    """Return faces of an npz (images (N, S, S)), spread evenly over it."""
    images = load_faces(npz).images
    rows = np.linspace(0, len(images) - 1, min(count, len(images))).astype(int)
    return np.asarray(images[rows])


def real_batch(manifest: Manifest, images: UInt8, landmarker: Landmarker) -> Float32:
    """Return real faces as a net reads them at run time.

    :param images: (N, S, S) grey, each the crop of a face.
    :param landmarker: finds the landmarks that a recogniser's crop needs.
    """
    side, spec = images.shape[1], manifest.input
    if manifest.task is Task.STATIC_EXPRESSION:
        matrices = alignments(locate_stills(images, landmarker), side, spec.width)
        crops: Sequence[UInt8] = [_rgb(crop) for crop in aligned(images, matrices, spec.width)]
    else:
        share = 1 / EXPANSION if manifest.task is Task.FACE_LANDMARKS else _SHARE[spec.width]
        roi = RotatedRoi(side / 2, side / 2, side / share, 0.0)
        crops = [crop_face(_rgb(image), roi, spec.width) for image in images]
    return to_batch(crops, spec)


def _rgb(image: UInt8) -> UInt8:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB), np.uint8)
