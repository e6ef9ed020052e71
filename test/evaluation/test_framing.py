"""Sets that frame their faces in other ways than FER+, made of the free portrait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.evaluation.adaptation import _Pool
from fer_ros.evaluation.aus import landmarks_of
from fer_ros.evaluation.compositions import load_gallery
from fer_ros.evaluation.ferplus import VotedFaces
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.robustness import drawn
from fer_ros.evaluation.static import scored_faces
from fer_ros.evaluation.stills import locate_stills, shipped_landmarker
from fer_ros.pipeline import Pipeline
from fer_ros.sources import open_source
from fer_ros.training.data import load_split
from fer_ros.types import Roi, UInt8

SAMPLE = Path(__file__).resolve().parents[2] / 'samples' / 'astronaut.mcap'


@pytest.fixture(scope='module')
def portrait() -> tuple[UInt8, Roi]:
    """Return a grey frame and its face's box."""
    with open_source(SAMPLE) as bag:
        frame = next(iter(bag))
    (state,) = Pipeline().process(frame).states
    return np.asarray(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY), np.uint8), state.face.roi


def cut(portrait: tuple[UInt8, Roi], share: float, side_px: int, right: float = 0.0) -> UInt8:
    """Return a square in which the face takes a share of the side, moved by some of it."""
    image, box = portrait
    side = max(box.width, box.height) / share
    x = box.x + box.width / 2 - side / 2 - right * side
    y = box.y + box.height / 2 - 0.58 * side
    scale = side_px / side
    moved = np.array([[scale, 0.0, -scale * x], [0.0, scale, -scale * y]])
    found = cv2.warpAffine(
        image, moved, (side_px, side_px), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(found, np.uint8)


def voted(images: list[UInt8]) -> VotedFaces:
    return VotedFaces(np.stack(images), np.zeros((len(images), 10), np.uint8))


def places(faces: VotedFaces) -> np.ndarray:
    """Return where the mesh is and how wide, (N, 3): x, y, width in shares of the image's side."""
    points = locate_stills(faces.images, shipped_landmarker()) / faces.images.shape[1]
    return np.stack([*points.mean(axis=1).T[:2], np.ptp(points[:, :, 0], axis=1)], axis=1)


def test_a_set_that_is_framed_as_ferplus_stays_the_same(portrait: tuple[UInt8, Roi]) -> None:
    faces = voted([cut(portrait, share, 64) for share in (0.8, 0.87, 0.9, 0.95)])
    assert framed(faces) is faces


@pytest.mark.parametrize(('share', 'side_px'), [(0.55, 64), (0.35, 128), (0.2, 256)])
def test_a_face_with_room_around_it_fills_the_image(
    portrait: tuple[UInt8, Roi], share: float, side_px: int
) -> None:
    loose = voted([cut(portrait, share, side_px, right) for right in (-0.1, 0.0, 0.1, 0.15)])
    close = framed(loose)
    assert close.votes is loose.votes
    # The mesh is about where it is in a face that FER+ cut, wherever in its image it was.
    usual = places(voted([cut(portrait, 0.87, 64)]))
    np.testing.assert_allclose(places(close), np.repeat(usual, 4, axis=0), atol=0.18)


def test_pixels_stay_as_they_are_where_faces_are_about_as_large(
    portrait: tuple[UInt8, Roi],
) -> None:
    loose = voted([cut(portrait, share, 160) for share in (0.38, 0.4, 0.42)])
    for before, after in zip(loose.images, framed(loose).images):
        size = len(after)
        _, _, (x, y), _ = cv2.minMaxLoc(cv2.matchTemplate(before, after, cv2.TM_SQDIFF))
        assert (before[y : y + size, x : x + size] == after).all()


def test_who_is_in_the_middle_is_meant(portrait: tuple[UInt8, Roi]) -> None:
    alone = cut(portrait, 0.35, 200)
    together = alone.copy()
    together[:90, -90:] = cut(portrait, 0.85, 90) // 2  # somebody nearer, in a dark corner
    close = framed(voted([alone, together])).images
    middle = close[:, 20:50, 20:50].mean(axis=(1, 2))
    assert middle[1] == pytest.approx(middle[0], rel=0.1)


def test_an_image_without_a_face_is_cut_where_the_others_are(portrait: tuple[UInt8, Roi]) -> None:
    ramp = np.tile(np.arange(128, dtype=np.uint8), (128, 1))  # a pixel's value is its column
    faces = [cut(portrait, 0.4, 128, right=0.1) for _ in range(3)]
    close = framed(voted([*faces, ramp])).images
    # The others' faces are a tenth of the side right of the middle.
    assert float(close[3].mean()) == pytest.approx(64 + 0.1 * 128, abs=4)


@pytest.fixture(scope='module')
def loose_npz(portrait: tuple[UInt8, Roi], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a set with much room around its faces, neutral and happy by turns."""
    image = cut(portrait, 0.4, 160)
    votes = np.zeros((32, 10), np.uint8)
    votes[::2, 0] = votes[1::2, 1] = 10
    path = tmp_path_factory.mktemp('loose') / 'loose.npz'
    np.savez(path, images=np.stack([image] * len(votes)), votes=votes)
    return path


@pytest.mark.parametrize(
    'read',
    [
        lambda npz: scored_faces(npz),
        lambda npz: drawn(npz, 8, 0)[0],
        lambda npz: load_gallery(npz)._faces,
        lambda npz: _Pool.drawn(npz, 32, shipped_landmarker(), np.random.default_rng(0)).faces,
        lambda npz: (
            load_split(
                npz, shipped_landmarker(), npz.with_name('marks.npz'), 48, drop_single=True
            ).faces
        ),
    ],
    ids=['static', 'robustness', 'temporal', 'adaptation', 'training'],
)
def test_who_measures_and_who_learns_reads_it_framed(
    loose_npz: Path, read: Callable[[Path], VotedFaces]
) -> None:
    assert read(loose_npz).images.shape[1] < 100


def test_landmarks_for_action_units_are_those_of_the_framed_faces(loose_npz: Path) -> None:
    assert np.nanmax(landmarks_of(loose_npz, shipped_landmarker())[:, :, :2]) < 100


def test_a_set_without_faces_stays_the_same() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (9, 48, 48), np.uint8)
    faces = voted(list(noise))
    assert framed(faces) is faces
