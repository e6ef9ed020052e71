from __future__ import annotations

import numpy as np
import pytest

from fer_ros.alignment import dlib70
from fer_ros.alignment.canonical import canonical_face
from fer_ros.errors import DataError

# dlib-68 mirrored (the image flipped left to right): jaw, brows, nose, eyes, lips, then pupils.
MIRROR = [
    *range(16, -1, -1), *range(26, 16, -1), 27, 28, 29, 30, 35, 34, 33, 32, 31,
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,
    54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65, 69, 68,
]  # fmt: skip


def test_left_and_right_are_mirror_images():
    face = canonical_face().points_m
    flat = np.stack([face[:, 1], -face[:, 2]], axis=1).astype(np.float32)
    points = dlib70(flat)
    np.testing.assert_allclose(points[MIRROR] * [-1, 1], points, atol=1e-5)


def test_order_on_a_real_face(portrait_landmarks):
    points = dlib70(portrait_landmarks.points_px)
    x, y = points.T
    # The jaw, from the subject's right: the image's left.
    assert (np.diff(x[:17]) > -0.5).all()
    assert x[0] < x[4] < x[8] < x[12] < x[16]
    assert y[8] == y.max()
    for brow in (x[17:22], x[22:27]):
        assert (np.diff(brow) > 0).all()
    assert (np.diff(y[27:31]) > 0).all()  # down the nose
    assert (np.diff(x[31:36]) > 0).all()
    for eye in (36, 42):  # outer (image left) corner, over the upper lid, back along the lower
        assert x[eye] < x[eye + 1] < x[eye + 2] < x[eye + 3]
        assert y[eye + 1] < y[eye + 5]
        assert y[eye + 2] < y[eye + 4]
    assert (np.diff(x[48:55]) > 0).all()
    assert (np.diff(x[54:60]) < 0).all()
    assert y[51] < y[62] <= y[66] < y[57]  # upper lip, mouth, lower lip
    for pupil, eye in ((68, slice(36, 42)), (69, slice(42, 48))):
        low, high = points[eye].min(axis=0), points[eye].max(axis=0)
        assert (low < points[pupil]).all()
        assert (points[pupil] < high).all()
    assert (y[[68, 69]] > y[[19, 24]]).all()  # below the brows


def test_without_irises_the_eyes_middle_stands_in(portrait_landmarks):
    full = dlib70(portrait_landmarks.points_px)
    coarse = dlib70(portrait_landmarks.points_px[:468])
    np.testing.assert_array_equal(full[:68], coarse[:68])
    assert np.linalg.norm(full[68:] - coarse[68:], axis=1).max() < 4


def test_other_schemes_are_refused():
    with pytest.raises(DataError, match='468 or 478'):
        dlib70(np.zeros((68, 2), np.float32))
