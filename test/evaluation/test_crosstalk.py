"""Units drawn into a real face and read back through the mesh."""

import math
from pathlib import Path

import numpy as np
import pytest
import skimage.data

from fer_ros.alignment import Landmarker
from fer_ros.errors import DataError
from fer_ros.evaluation.au_drawn import MeshReader
from fer_ros.evaluation.au_faces import (
    first_frame,
    neutral_faces,
    portrait_of,
    reliabilities,
    write_reliabilities,
    write_table,
)
from fer_ros.evaluation.aus import UnitReport
from fer_ros.evaluation.crosstalk import Crosstalk, measure
from fer_ros.inference.factory import Device, load_engine
from fer_ros.inference.manifest import Task
from fer_ros.pipeline import Pipeline
from fer_ros.recognition.au_filters import CODES, load_filters, shipped_filters
from fer_ros.recognition.face_shape import face_shape
from fer_ros.recognition.face_texture import TEXTURES
from fer_ros.types import Frame

MODELS = Path(__file__).resolve().parents[2] / 'models' / 'data'


@pytest.fixture(scope='module')
def mesh() -> MeshReader:
    engine = load_engine('facemesh-478', Task.FACE_LANDMARKS, Device.CPU)
    return MeshReader(Landmarker(engine))


@pytest.fixture(scope='module')
def crosstalk(mesh: MeshReader) -> Crosstalk:
    """Draw into NASA's portrait of Eileen Collins, whose smile is the rest of this session."""
    pixels = np.ascontiguousarray(skimage.data.astronaut())
    [state] = Pipeline().process(Frame(0, 'photo', 0, pixels)).states
    return measure([portrait_of(pixels, state.face)], mesh)


def test_units_are_read_even_in_a_face_that_smiles_all_the_time(crosstalk: Crosstalk) -> None:
    assert crosstalk.faces == 1
    assert len(crosstalk.hits) >= 9
    assert {4, 9, 15, 17, 24} <= set(crosstalk.hits)
    assert crosstalk.sides == 1.0


def test_one_furrow_in_the_middle_is_read_as_two_are(crosstalk: Crosstalk) -> None:
    two, one, _, smooth = crosstalk.frowns
    assert min(one, two) > smooth + 0.1


@pytest.mark.parametrize('yaw_deg', [-35, 35])
def test_real_landmarks_read_the_same_when_they_are_turned(yaw_deg: int) -> None:
    pixels = np.ascontiguousarray(skimage.data.astronaut())
    [state] = Pipeline().process(Frame(0, 'photo', 0, pixels)).states
    points = state.face.landmarks_px.astype(np.float64)
    cos, sin = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
    centre = points.mean(axis=0)
    turned = (points - centre) @ np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T + centre
    texture = np.zeros(TEXTURES, np.float32)
    first, second = (
        shipped_filters().scores(face_shape(one).points_cm, texture) for one in (points, turned)
    )
    np.testing.assert_allclose(second, first, atol=1e-4)


@pytest.mark.data
def test_a_neutral_face_shows_each_unit_and_nothing_else(media: Path, mesh: MeshReader) -> None:
    pixels = first_frame(media / 'single_face.mp4')
    [state] = Pipeline().process(Frame(0, 'photo', 0, pixels)).states
    found = measure([portrait_of(pixels, state.face)], mesh)
    assert len(found.hits) >= 17
    assert len(found.monotonic) >= 19
    assert found.sides == 1.0
    assert max(found.lit.max(), found.unknown.max()) <= 0.15


def test_the_table_has_a_row_and_a_column_for_each(crosstalk: Crosstalk, tmp_path: Path) -> None:
    page = tmp_path / 'page.md'
    page.write_text('before\n<!-- crosstalk -->\nold\n<!-- /crosstalk -->\nafter\n')
    write_table(page, crosstalk.to_markdown())
    lines = page.read_text().splitlines()
    assert lines[0] == 'before'
    assert lines[-1] == 'after'
    assert 'old' not in lines
    assert sum(line.startswith('| **') for line in lines) == len(CODES)
    assert all(line.count('|') == len(CODES) + 2 for line in lines if line.startswith('| **'))
    page.write_text('no marks')
    with pytest.raises(DataError, match='expected the marks'):
        write_table(page, '')


def test_reliability_is_drawn_and_real_by_geometric_mean(tmp_path: Path) -> None:
    zeros, count = np.zeros(len(CODES)), len(CODES)
    drawn = Crosstalk(
        1, np.eye(count), np.eye(count), 1.0, zeros, zeros, zeros, np.zeros((3, count)),
        np.full(count, 0.64), np.ones(4),
    )  # fmt: skip
    distance = {'happiness': dict.fromkeys(CODES, 0.0) | {12: 2.0}}
    real = UnitReport({}, 0, distance, {}, {}, ())
    found = reliabilities(drawn, real)
    # d = 2 is a correlation of 2 / sqrt(8).
    assert found[12] == pytest.approx((0.64 / 2**0.5) ** 0.5)
    assert found[28] == pytest.approx(0.32)  # shown by no emotion: half
    path = tmp_path / 'reliability.csv'
    write_reliabilities(path, found, 'a command')
    assert load_filters(MODELS / 'action_units.npz', path).reliability[28] == 0.32


def test_faces_that_nobody_calls_neutral_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'faces.npz'
    votes = np.zeros((1, 10), np.uint8)
    votes[0, 1] = 10
    np.savez(path, images=np.zeros((1, 48, 48), np.uint8), votes=votes)
    with pytest.raises(DataError, match='calls neutral, found none'):
        neutral_faces(path, np.zeros((1, 478, 3), np.float32), 5, 0)
