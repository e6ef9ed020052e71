"""Rows of a made-up run."""

from __future__ import annotations

from fer_ros.evaluation.results import FaceRow, FrameRow
from fer_ros.taxonomy import Phase

LABELS = ('neutral', 'happiness', 'fear')
START_NS = 1_700_000_000_000_000_000


def face(face_id='anna', probabilities=(0.2, 0.7, 0.1), abstained='', phase=Phase.APEX, **other):
    values = {
        'face_id': face_id,
        'labels': LABELS,
        'probabilities': probabilities,
        'expression': LABELS[max(range(len(probabilities)), key=probabilities.__getitem__)],
        'confidence': max(probabilities),
        'intensity': 0.5,
        'phase': phase,
        'valence': 0.4,
        'arousal': 0.1,
        'abstained': abstained,
        'roi': (0.25, 0.25, 0.75, 0.75),
    }
    return FaceRow(**{**values, **other})


def frame(index: int, *faces: FaceRow, latency_ms: float = 10.0) -> FrameRow:
    """Frame number ``index`` of a camera of 10 Hz."""
    return FrameRow(START_NS + index * 100_000_000, latency_ms, 4.0, index + 1, 0, faces)
