"""Landmarks without their pose."""

import math

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.recognition.face_shape import face_shape, neutral_face


def person() -> np.ndarray:
    """Return a face that is not the mean, in pixels, z away from the camera."""
    random = np.random.default_rng(3)
    points = neutral_face().points_cm + random.normal(0.0, 0.2, (478, 3))
    return points * (12.0, -12.0, -12.0) + (320.0, 240.0, 5.0)


def turned(points: np.ndarray, yaw: float, pitch: float, roll: float) -> np.ndarray:
    y, p, r = map(math.radians, (yaw, pitch, roll))
    about_y = np.array([[math.cos(y), 0, math.sin(y)], [0, 1, 0], [-math.sin(y), 0, math.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    about_z = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    centre = points.mean(axis=0)
    return (points - centre) @ (about_z @ about_y @ about_x).T + centre


def test_the_mean_face_comes_back() -> None:
    mean = neutral_face().points_cm
    shape = face_shape(mean * (7.0, -7.0, -7.0) + (100.0, 50.0, 0.0))
    np.testing.assert_allclose(shape.points_cm, mean, atol=1e-9)
    np.testing.assert_allclose(shape.head_to_frame, np.diag([7.0, -7.0, -7.0]), atol=1e-9)


@pytest.mark.parametrize('pose', [(35, 0, 0), (-35, 10, 0), (20, -20, 30), (0, 0, 180)])
def test_pose_size_and_place_do_not_matter(pose: tuple[float, float, float]) -> None:
    still = face_shape(person()).points_cm
    moved = face_shape(1.7 * turned(person(), *pose) + (50.0, -20.0, 4.0)).points_cm
    np.testing.assert_allclose(moved, still, atol=1e-9)


def test_a_vector_of_the_head_lands_in_the_frame() -> None:
    points = turned(person(), 25, 5, 10)
    shape = face_shape(points)
    step = shape.points_cm[10] - shape.points_cm[152]
    np.testing.assert_allclose(shape.head_to_frame @ step, points[10] - points[152], atol=1e-9)


def test_the_mean_face_is_symmetric() -> None:
    face = neutral_face()
    np.testing.assert_allclose(face.points_cm[face.mirror] * (-1, 1, 1), face.points_cm, atol=2e-4)
    assert (face.mirror[face.mirror] == np.arange(478)).all()


@pytest.mark.parametrize(
    ('points', 'words'),
    [
        (np.zeros((468, 3)), 'use the mesh with irises'),
        (np.full((478, 3), np.nan), 'NaN or infinity'),
        (np.ones((478, 3)), 'on one spot'),
    ],
)
def test_refuses_what_is_no_face(points: np.ndarray, words: str) -> None:
    with pytest.raises(DataError, match=words):
        face_shape(points)
