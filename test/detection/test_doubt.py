from __future__ import annotations

import pytest
from made import detection_at, landmarks_at

from fer_ros.detection.doubt import convincing, disagreement


@pytest.mark.parametrize(
    ('score', 'presence', 'shift', 'expected'),
    [
        (0.95, 0.90, 0.30, True),  # a sure detector needs no more than a presence
        (0.95, 0.70, 0.00, False),
        (0.70, 1.00, 0.10, True),
        (0.70, 1.00, 0.20, False),  # eyes, nose and mouth are elsewhere
        (0.70, 0.95, 0.00, False),  # the mesh is unsure as well
    ],
)
def test_convincing(score, presence, shift, expected):
    detection = detection_at(200, 100, 80, score, keypoint_shift=shift)
    assert convincing(detection, landmarks_at(200, 100, 80, presence)) is expected


def test_disagreement_is_in_widths_of_the_face():
    detection = detection_at(200, 100, 80, keypoint_shift=0.25)
    assert disagreement(detection, landmarks_at(200, 100, 80)) == pytest.approx(0.25, abs=1e-6)
    assert disagreement(detection_at(200, 100, 80), landmarks_at(200, 100, 80)) < 1e-6
