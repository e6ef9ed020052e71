"""Which files of the MediaPipe wheel become which models, and what their manifests say.

The numbers of the detectors' decoding are those of MediaPipe's public graph
``face_detection.pbtxt`` and its short-range and full-range options.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WHEEL_VERSION = '0.10.21'
_BLAZEFACE = 'Bazarevsky et al., BlazeFace, 2019, arXiv:1907.05047'
_FACE_MESH = 'Kartynnik et al., Real-time Facial Surface Geometry, 2019, arXiv:1907.06724'
_ATTENTION = 'Grishchenko et al., Attention Mesh, 2020, arXiv:2006.10962'
# The subject's own left and right.
_KEYPOINTS = ['right_eye', 'left_eye', 'nose_tip', 'mouth_centre', 'right_ear', 'left_ear']


@dataclass(frozen=True, slots=True)
class Output:
    """One output: public name, number among the source's outputs, shape behind N, activation."""

    name: str
    number: int
    shape: tuple[int, ...]
    sigmoid: bool = False


@dataclass(frozen=True, slots=True)
class Recipe:
    """One model: source file and its sha256, outputs and manifest.

    The net reads ``(pixel - mean) / std`` of an RGB square of ``size`` pixels.
    """

    id: str
    task: str
    path: str
    sha256: str
    paper: str
    size: int
    mean: float
    std: float
    outputs: tuple[Output, ...]
    options: Mapping[str, Any]

    @property
    def file(self) -> str:
        """Name of the ONNX file."""
        return f'{self.id}.onnx'

    @property
    def source(self) -> str:
        """One line about where the model comes from."""
        name = self.path.rpartition('/')[2]
        return f'MediaPipe {WHEEL_VERSION} {name}, converted by fer_ros; {self.paper}'

    def manifest(self, sha256: str) -> dict[str, Any]:
        """Return the manifest's entries for an ONNX file of this sha256."""
        return {
            'id': self.id,
            'task': self.task,
            'file': self.file,
            'sha256': sha256,
            'url': None,
            'licence': 'Apache-2.0',
            'source': self.source,
            'input': {
                'name': 'image',
                'width': self.size,
                'height': self.size,
                'colour': 'rgb',
                'mean': [self.mean] * 3,
                'std': [self.std] * 3,
            },
            'outputs': [output.name for output in self.outputs],
            'options': dict(self.options),
        }


def _detector(
    kind: str,
    *,
    path: str,
    sha256: str,
    size: int,
    strides: list[int],
    anchors_per_cell: list[int],
    min_score: float,
) -> Recipe:
    cells = [(size // stride) ** 2 for stride in strides]
    anchors = sum(n * per_cell for n, per_cell in zip(cells, anchors_per_cell, strict=True))
    return Recipe(
        id=f'blazeface-{kind}',
        task='face_detection',
        path=path,
        sha256=sha256,
        paper=_BLAZEFACE,
        size=size,
        mean=127.5,
        std=127.5,
        outputs=(Output('boxes', 0, (anchors, 16)), Output('scores', 1, (anchors,))),
        options={
            'preprocess': 'letterbox',
            'border': 'zero',
            'anchors': anchors,
            'strides': strides,
            'anchors_per_cell': anchors_per_cell,
            'anchor_offset': 0.5,
            'box_format': 'xywh',
            'box_scale': float(size),
            'score_clip': 100.0,
            'min_score': min_score,
            'nms': 'weighted',
            'nms_iou': 0.3,
            'keypoints': _KEYPOINTS,
            'roi_scale': 1.5,
        },
    )


def _mesh(points: int, *, path: str, sha256: str, paper: str) -> Recipe:
    return Recipe(
        id=f'facemesh-{points}',
        task='face_landmarks',
        path=path,
        sha256=sha256,
        paper=paper,
        size=192,
        mean=0.0,
        std=255.0,
        outputs=(
            Output('landmarks', 0, (points, 3)),
            Output('presence', 1, (1,), sigmoid=True),
        ),
        options={
            'points': points,
            'preprocess': 'roi',
            'border': 'replicate',
            'min_presence': 0.5,
            'roi_scale': 1.5,
            'rotation_points': [33, 263],
        },
    )


RECIPES = (
    _detector(
        'short',
        path='mediapipe/modules/face_detection/face_detection_short_range.tflite',
        sha256='bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8',
        size=128,
        strides=[8, 16],
        anchors_per_cell=[2, 6],
        min_score=0.5,
    ),
    _detector(
        'full',
        path='mediapipe/modules/face_detection/face_detection_full_range_sparse.tflite',
        sha256='2c3728e6da56f21e21a320433396fb06d40d9088f2247c05e5635a688d45dfe1',
        size=192,
        strides=[4],
        anchors_per_cell=[1],
        min_score=0.6,
    ),
    _mesh(
        468,
        path='mediapipe/modules/face_landmark/face_landmark.tflite',
        sha256='1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814',
        paper=_FACE_MESH,
    ),
    _mesh(
        478,
        path='mediapipe/modules/face_landmark/face_landmark_with_attention.tflite',
        sha256='e06a804e0144f9929eda782122916b35d60c697c3c9344013ca2bbe76a6ce2b4',
        paper=_ATTENTION,
    ),
)
