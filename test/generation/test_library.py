from pathlib import Path

import numpy as np
import pytest

from fer_ros.errors import ConfigError
from fer_ros.generation import Library, load_library
from fer_ros.generation.units import INDEX, channels_of
from fer_ros.taxonomy import HRI_EXPRESSIONS

# EMFACS (Friesen & Ekman 1983), as far as this face has the units.
PROTOTYPES = {
    'happy': (6, 12), 'sad': (1, 4, 15), 'surprised': (1, 2, 5, 26),
    'scared': (1, 2, 4, 5, 20, 26),
    'angry': (4, 5, 7, 23), 'disgusted': (9, 15, 16), 'contempt': ('12R', '14R'),
}  # fmt: skip


def test_it_has_the_25_names_and_contempt(library: Library) -> None:
    assert set(library.expressions) == {*HRI_EXPRESSIONS, 'contempt'}
    assert not library.units('neutral').any()


@pytest.mark.parametrize('name', PROTOTYPES)
def test_prototypes_hold_their_units(library: Library, name: str) -> None:
    units = library.units(name)
    for unit in PROTOTYPES[name]:
        assert units[channels_of(unit)].min() >= 0.2, unit


def test_no_two_expressions_are_alike(library: Library) -> None:
    faces = {name: library.units(name) for name in library.expressions}
    for name, face in faces.items():
        for other, second in faces.items():
            if name < other:
                assert np.abs(face - second).max() >= 0.2, (name, other)


def test_variants_differ_from_the_plain_one_and_come_back(library: Library) -> None:
    for name, spec in library.expressions.items():
        if name == 'neutral':
            continue
        assert len(spec.variants) >= 2, name
        assert not np.array_equal(library.units(name, 1.0, 0), library.units(name, 1.0, 1))
        again = library.units(name, 1.0, len(spec.variants))
        assert np.array_equal(library.units(name), again)


def test_no_expression_fights_itself(library: Library) -> None:
    for name, spec in library.expressions.items():
        for face in spec.variants:
            for strong, weak in library.conflicts:
                overlap = min(face[strong], face[weak])
                assert overlap < 0.5, (name, strong, weak)


def test_intensity_scales_and_blends_mix(library: Library) -> None:
    assert np.allclose(library.units('happy', 0.5), library.units('happy') / 2)
    mixed = library.blend('happy', 'surprised', 0.25)
    assert mixed[INDEX['12L']] == pytest.approx(0.75 * 0.9)
    assert mixed[INDEX['26']] == pytest.approx(0.25 * 0.75)


def test_the_circumplex_meets_its_anchors_and_is_smooth(library: Library) -> None:
    happy = library.circumplex(0.76, 0.48)
    assert happy[INDEX['12L']] > 0.7
    assert library.circumplex(-0.63, -0.27)[INDEX['15L']] > 0.5
    assert np.abs(library.circumplex(0.0, 0.0)).max() < 0.25
    around = [
        library.circumplex(0.8 * np.cos(a), 0.8 * np.sin(a)) for a in np.arange(0, 6.3, 0.02)
    ]
    assert np.abs(np.diff(around, axis=0)).max() < 0.1
    assert np.min(around) >= 0.0
    assert np.max(around) <= 1.0


def test_speech_leaves_something_of_a_smile(library: Library) -> None:
    share = library.speech_share
    assert share[INDEX['26']] == 1.0
    assert 0.0 < share[INDEX['12L']] < 0.5
    assert share[INDEX['1L']] == share[INDEX['43L']] == 0.0
    assert {'sil', 'aa', 'PP', 'level'} <= set(library.visemes)


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('expressions: {happy: {}}', 'expected a mapping with at least neutral'),
        ('expressions: {neutral: {units: {}, rise_s: 0, hold_s: 1, decay_s: 1, valence: 0, '
         'arousal: 0}}', 'rise_s: expected a number in [0.05, 10], found 0'),
        ('expressions: {neutral: {unit: {}}}', "found ['unit']"),
        ('expressions: {neutral: {units: {12: 7}, rise_s: 1}}', 'unit 12L: expected a number'),
        ('expressions: {neutral: {units: {}}}', 'expected the layout of the shipped file'),
    ],
)  # fmt: skip
def test_refuses_a_bad_library(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / 'mine.yaml'
    path.write_text(text, encoding='utf-8')
    with pytest.raises(ConfigError) as error:
        load_library(path)
    assert words in str(error.value)
    assert str(path) in str(error.value)


def test_an_unknown_name_is_told_what_there_is(library: Library) -> None:
    with pytest.raises(ConfigError, match="'joyous': expected one of neutral, angry"):
        library.units('joyous')
