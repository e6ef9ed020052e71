"""Action units of made and of shipped faces: sides, neutral, visibility, bad input."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_faces import pose, quality

from fer_ros.errors import DataError, ModelError
from fer_ros.recognition.action_units import ActionUnitReader, visibility
from fer_ros.recognition.au_filters import CODES, OBLIQUE, load_filters, rows_of, shipped_filters
from fer_ros.recognition.face_shape import neutral_face
from fer_ros.taxonomy import LandmarkScheme, QualityFlag
from fer_ros.types import AlignedFace, Face, Roi

MODELS = Path(__file__).resolve().parents[2] / 'models' / 'data'
UPPER_LID, LOWER_LID = (159, 160, 158), (145, 144, 153)
STEP_NS = 100_000_000


def person(stamp_ns: int = 0, lift_cm: float = 0.0, **changes: object) -> Face:
    """Return a face whose upper right lid is lifted."""
    points = neutral_face().points_cm.copy()
    points[list(UPPER_LID), 1] += lift_cm
    pixels = (points * (12.0, -12.0, -12.0) + (320.0, 240.0, 0.0)).astype(np.float32)
    face = Face(
        face_id='a',
        stamp_ns=stamp_ns,
        roi=Roi(240.0, 140.0, 160.0, 200.0),
        score=1.0,
        landmarks_px=pixels,
        scheme=LandmarkScheme.MEDIAPIPE_478,
        head_pose=pose(),
        quality=quality(1.0),
    )
    return replace(face, **changes)  # type: ignore[arg-type]


def crop(face: Face) -> AlignedFace:
    grey = np.random.default_rng(0).integers(90, 160, (48, 48, 1), np.uint8)
    pixels = np.repeat(grey, 3, axis=2)
    matrix = np.array([[0.25, 0.0, -56.0], [0.0, 0.25, -24.0]])
    return AlignedFace('a', face.stamp_ns, pixels, matrix, face.quality)


def read(reader: ActionUnitReader, face: Face, rest: float = 0.0):  # type: ignore[no-untyped-def]
    return reader.read(face, crop(face), rest=rest)


def test_every_code_is_read_and_head_forward_too() -> None:
    found = read(ActionUnitReader(), person())
    assert set(found) == {*CODES, OBLIQUE, 57, 58}
    for code in CODES:
        sided = found[code].left is not None
        assert sided == (len(rows_of(43 if code == 45 else code)) == 3)


def test_a_lifted_right_lid_is_the_right_sides_alone() -> None:
    reader = ActionUnitReader()
    for index in range(100):
        read(reader, person(index * STEP_NS), rest=1.0)
    lids = read(reader, person(20 * 10**9, lift_cm=0.15))[5]
    assert lids.right is not None
    assert lids.right > 0.3
    assert lids.left == 0.0
    assert 0.0 < lids.intensity < lids.right


def test_a_known_neutral_makes_the_same_face_rest() -> None:
    reader = ActionUnitReader()
    first = read(reader, person(0, lift_cm=0.35), rest=1.0)[5].right
    for index in range(1, 200):
        last = read(reader, person(index * STEP_NS, lift_cm=0.35), rest=1.0)[5].right
    assert first is not None
    assert last is not None
    assert last < 0.5 * first
    reader.forget(['a'])
    assert read(reader, person(10**12, lift_cm=0.35))[5].right == pytest.approx(first)


def test_what_can_not_be_read_is_counted() -> None:
    reader = ActionUnitReader()
    assert read(reader, person(scheme=LandmarkScheme.MEDIAPIPE_468)) == {}
    flat = np.ones((478, 3), np.float32)
    assert read(reader, person(landmarks_px=flat)) == {}
    assert reader.unreadable == {'mesh_without_irises': 1, 'landmarks_not_usable': 1}
    assert read(reader, person())  # and the next face is read


def test_nan_never_reaches_the_reader() -> None:
    with pytest.raises(DataError, match='finite'):
        person(landmarks_px=np.full((478, 3), np.nan, np.float32))


def test_confidence_falls_with_what_is_seen() -> None:
    assert visibility(person()) == (1.0, 1.0)
    assert visibility(person(head_pose=pose(yaw_rad=math.radians(35))))[0] == pytest.approx(0.5)
    assert visibility(person(head_pose=pose(yaw_rad=math.radians(50)))) == (0.0, 0.0)
    flags = quality(1.0, QualityFlag.OCCLUDED_LOWER)
    masked = read(ActionUnitReader(), person(quality=flags))
    assert masked[12].confidence == 0.0
    assert masked[1].confidence > 0.0


def test_the_shipped_filters_are_calibrated() -> None:
    filters = shipped_filters()
    assert (filters.spread > 0).all()
    assert (filters.jitter > 0).all()
    assert set(filters.reliability) == {*CODES, OBLIQUE}


def test_corrupt_files_are_refused(tmp_path: Path) -> None:
    bad = tmp_path / 'filters.npz'
    bad.write_bytes(b'no')
    with pytest.raises(ModelError, match='not readable'):
        load_filters(bad, MODELS / 'au_reliability.csv')
    np.savez(bad, weights=np.zeros((2, 2)), offset=[0.0], spread=[1.0], jitter=[1.0])
    with pytest.raises(ModelError, match='fit them again'):
        load_filters(bad, MODELS / 'au_reliability.csv')
    table = tmp_path / 'table.csv'
    table.write_text('3,0.5\n')
    with pytest.raises(ModelError, match='expected codes'):
        load_filters(MODELS / 'action_units.npz', table)
