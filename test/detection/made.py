"""Made landmarks, detections and nets: a face is where and as large as the test says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from fer_ros.inference.manifest import Colour, InputSpec, Manifest, Task
from fer_ros.roi import roi_from_landmarks
from fer_ros.taxonomy import LandmarkScheme
from fer_ros.types import Detection, Landmarks, Roi, RotatedRoi

FRAME_NS = 33_000_000


def points_at(x: float, y: float, width: float = 100.0) -> np.ndarray:
    """Make 478 points whose box is a square of this width around (x, y), eyes level."""
    points = np.zeros((478, 3), np.float32)
    points[:, :2] = (x, y)
    points[:2, :2] = [[x - width / 2, y - width / 2], [x + width / 2, y + width / 2]]
    for index, (dx, dy) in {
        33: (-0.3, -0.2), 133: (-0.1, -0.2), 362: (0.1, -0.2), 263: (0.3, -0.2),
        4: (0.0, 0.0), 13: (0.0, 0.25), 14: (0.0, 0.25),
    }.items():  # fmt: skip
        points[index, :2] = (x + dx * width, y + dy * width)
    return points


def landmarks_at(x, y, width=100.0, presence=1.0, roi=None) -> Landmarks:
    points = points_at(x, y, width)
    roi = roi or roi_from_landmarks(points)
    return Landmarks(roi, points, presence, LandmarkScheme.MEDIAPIPE_478)


def nothing_at(roi: RotatedRoi) -> Landmarks:
    return landmarks_at(roi.centre_x, roi.centre_y, roi.size / 1.5, presence=0.1, roi=roi)


def detection_at(x, y, width=100.0, score=0.95, keypoint_shift=0.0) -> Detection:
    keypoints = np.array(
        [[-0.2, -0.2], [0.2, -0.2], [0, 0], [0, 0.25], [-0.5, 0], [0.5, 0]], np.float32
    )
    keypoints = keypoints * width + np.array([x + keypoint_shift * width, y], np.float32)
    return Detection(
        Roi(x - width / 2, y - width / 2, width, width), score, keypoints.astype(np.float32)
    )


def detector_manifest(size: int, strides, per_cell, anchors: int) -> Manifest:
    return Manifest(
        id='made',
        task=Task.FACE_DETECTION,
        file=Path('made.onnx'),
        sha256=hashlib.sha256(b'').hexdigest(),
        licence='Apache-2.0',
        source='made',
        input=InputSpec('image', size, size, Colour.RGB, (127.5,) * 3, (127.5,) * 3),
        outputs=('boxes', 'scores'),
        labels=(),
        temperature=1.0,
        options={
            'strides': strides,
            'anchors_per_cell': per_cell,
            'anchors': anchors,
            'box_scale': float(size),
            'score_clip': 100.0,
        },
    )


class MadeNet:
    """Sees one face, as the test says: one net of four anchors on an input of 16 px."""

    backend = 'made'

    def __init__(self, faces=()) -> None:
        """:param faces: by image of the batch, in order: (row of 16 raw numbers, logit)."""
        self.manifest = detector_manifest(16, [8], [1], 4)
        self.faces = list(faces)
        self.batches: list[int] = []

    def run(self, batch):
        count = len(batch)
        self.batches.append(count)
        boxes = np.zeros((count, 4, 16), np.float32)
        scores = np.full((count, 4), -20, np.float32)
        for image in range(count):
            if self.faces:
                boxes[image, 0], scores[image, 0] = self.faces.pop(0)
        return boxes, scores
