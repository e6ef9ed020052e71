from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.cli.main import main
from fer_ros.generation import Library
from fer_ros.generation.avatar import curve, default_portrait, draw
from fer_ros.generation.portrait import portrait
from fer_ros.generation.sheet import contact_sheet
from fer_ros.generation.units import CHANNELS, INDEX, vector
from fer_ros.pipeline import Pipeline, PipelineConfig
from fer_ros.taxonomy import EMOTION_TO_HRI
from fer_ros.types import ActionUnit, Frame


def point(name: str, units: dict) -> np.ndarray:  # type: ignore[type-arg]
    face = default_portrait()
    found: np.ndarray = face.pose(vector(units))[face.names.index(name)]
    return found


def test_the_face_is_the_same_on_both_sides() -> None:
    face = portrait()
    for index, name in enumerate(face.names):
        if name.endswith('_L'):
            other = face.points[face.names.index(name[:-2] + '_R')]
            assert other == pytest.approx((400 - face.points[index][0], face.points[index][1]))


def test_a_unit_of_one_side_moves_that_side() -> None:
    # The face's own left is on the right of the picture.
    left, right = point('corner_L', {'12L': 1}), point('corner_R', {'12L': 1})
    assert left[0] > point('corner_L', {})[0] + 15
    assert left[1] < point('corner_L', {})[1] - 15
    assert right == pytest.approx(point('corner_R', {}))


def test_units_move_what_their_muscles_do() -> None:
    rest = point('brow1_L', {})
    assert point('brow1_L', {1: 1})[1] < rest[1] - 15
    assert point('brow1_L', {4: 1})[1] > rest[1] + 15
    assert point('low', {26: 1})[1] > point('low', {})[1] + 20
    assert point('up2_L', {43: 1})[1] == pytest.approx(point('low2_L', {43: 1})[1], abs=3)
    assert point('iris0_L', {61: 1})[0] > point('iris0_L', {})[0] + 10
    # Tilted to the left shoulder, the head's top goes to the face's own left.
    assert point('crown', {55: 0.2})[0] > point('crown', {})[0] + 30
    assert point('shoulder_L', {55: 0.2}) == pytest.approx(point('shoulder_L', {}))


def test_every_unit_of_the_face_can_be_seen() -> None:
    # With an open mouth, for the tongue; a jaw thrust can not be seen from the front.
    around = {25: 0.5, 26: 0.5}
    before = draw(vector(around), 240).astype(int)
    for channel in set(CHANNELS) - {'29'}:
        changed = np.abs(draw(vector({**around, channel: 1.0}), 240).astype(int) - before).max()
        assert changed > 20, channel


def test_a_curve_goes_through_its_points() -> None:
    points = np.array([(0.0, 0.0), (4.0, 1.0), (5.0, 5.0), (1.0, 6.0)])
    for loop in (False, True):
        smooth = curve(points, loop=loop)
        assert len(smooth) == (33 if loop else 25) - loop
        for wanted in points:
            assert np.abs(smooth - wanted).sum(axis=1).min() < 1e-9


def test_the_page_gets_all_that_it_needs() -> None:
    told = portrait().as_json()
    count = len(told['points'])
    names = {shape['name'] for shape in told['shapes']}
    for shape in told['shapes']:
        assert all(0 <= i < count for path in shape['paths'] for i in path)
        assert shape['clip'] in names | {''}
    assert set(told['moves']) <= set(told['channels'])


def test_the_sheet_and_the_film_are_written(tmp_path: Path) -> None:
    sheet, library = tmp_path / 'sheet.png', tmp_path / 'two.yaml'
    numbers = 'rise_s: 1, hold_s: 1, decay_s: 1, valence: 0, arousal: 0'
    library.write_text(
        f'expressions:\n  neutral: {{units: {{}}, {numbers}}}\n'
        f'  shut: {{units: {{43: 1}}, {numbers}}}\n',
        encoding='utf-8',
    )
    assert main(['generate', '--sheet', str(sheet), '--expressions', str(library)]) == 0
    assert cv2.imread(str(sheet)).shape == (200, 2150, 3)
    script = tmp_path / 'script.yaml'
    script.write_text(
        'requests: [{at_s: 0.0, expression: happy}]\nduration_s: 0.2', encoding='utf-8'
    )
    film, frames = tmp_path / 'film.mp4', tmp_path / 'frames'
    words = ['--script', str(script), '--video', str(film), '--frames', str(frames), '--json']
    assert main(['generate', *words]) == 0
    assert len(list(frames.glob('*.png'))) == 5
    assert cv2.VideoCapture(str(film)).get(cv2.CAP_PROP_FRAME_COUNT) == 5
    assert main(['generate', '--sheet', str(tmp_path / 'no' / 'sheet.png')]) == 2


def test_a_sheet_of_few(library: Library) -> None:
    sheet = contact_sheet(library, ['happy', 'sad'], height_px=60, columns=2)
    assert sheet.shape == (26 + 60 + 6, 2 * (3 * 50 + 10), 3)


def read(units: np.ndarray) -> str:
    """Return what our own recogniser says of the drawn face."""
    pixels = draw(units)
    pipeline = Pipeline(PipelineConfig())
    for sequence in range(30):  # a second at 30 Hz: what it says over time, not of a moment
        stamp_ns = sequence * 33_000_000
        result = pipeline.process(Frame(stamp_ns, 'avatar', sequence, pixels), None)
    assert result.states, 'no face was found'
    return EMOTION_TO_HRI[result.states[0].expression.dominant]


@pytest.mark.parametrize('name', ['neutral', 'happy', 'surprised', 'angry', 'sad', 'scared'])
def test_our_own_recogniser_reads_the_face_as_it_is_meant(library: Library, name: str) -> None:
    assert read(library.units(name)) == name


def test_the_smile_is_what_makes_it_happy(library: Library) -> None:
    units = library.units('happy')
    units[[INDEX['12L'], INDEX['12R']]] = 0.0
    assert read(units) != 'happy'


def test_our_own_action_units_follow_those_that_are_drawn() -> None:
    pipeline = Pipeline(PipelineConfig())
    sequence = 0

    def see(units: dict[int, float], frames: int) -> Mapping[int, ActionUnit]:
        nonlocal sequence
        pixels = draw(vector(units))
        for _ in range(frames):
            frame = Frame(sequence * 33_000_000, 'avatar', sequence, pixels)
            result = pipeline.process(frame, None)
            sequence += 1
        return result.states[0].expression.action_units

    see({}, 40)  # to learn the face's own neutral
    # Lids that are down for less than half a second are a blink.
    for code, frames in {1: 4, 12: 4, 25: 4, 26: 4, 43: 16}.items():
        commanded = (0.0, 0.4, 0.8, 0.2)
        recovered = [see({code: value}, frames)[code].intensity for value in commanded]
        assert np.corrcoef(commanded, recovered)[0, 1] >= 0.8, (code, recovered)
