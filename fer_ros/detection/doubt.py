"""Whether what the detector proposed and the mesh confirmed is a face at all.

The mesh alone is taken in by lettering and patterns: its presence reaches 1 there. But then the
detector is unsure, and its eyes, nose and mouth are not where the mesh sees them: by .06-.41 of
the face's width (median .15), for real faces of 24 px and on by .01-.18 (median .05).
"""

from __future__ import annotations

import numpy as np

from fer_ros.types import Detection, Landmarks

# Nothing is a face below this presence.
MIN_PRESENCE = 0.8
# From this score on the detector needs no confirmation but that.
SURE_SCORE = 0.8
# Below it, both of these have to hold.
SURE_PRESENCE = 0.99
MAX_DISAGREEMENT = 0.16  # RMS distance of the key points, of the detection's width
# The detector's first four key points in the mesh: right eye, left eye, nose tip, mouth.
MESH_KEYPOINTS = ((33, 133), (362, 263), (4,), (13, 14))


def convincing(detection: Detection, found: Landmarks) -> bool:
    """Tell whether detector and mesh agree that there is a face."""
    if found.presence < MIN_PRESENCE:
        return False
    if detection.score >= SURE_SCORE:
        return True
    agreed = disagreement(detection, found) < MAX_DISAGREEMENT
    return agreed and found.presence >= SURE_PRESENCE


def disagreement(detection: Detection, found: Landmarks) -> float:
    """Return how far the key points of detector and mesh are apart, in widths of the face."""
    mesh = np.stack([found.points_px[list(part), :2].mean(axis=0) for part in MESH_KEYPOINTS])
    apart = np.linalg.norm(mesh - detection.keypoints_px[: len(mesh)], axis=1)
    return float(np.sqrt((apart**2).mean())) / detection.roi.width
