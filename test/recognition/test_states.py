"""Named states: the shipped ones, PSPI by hand, and what a wrong file is told."""

from pathlib import Path

import pytest

from fer_ros.errors import ConfigError
from fer_ros.recognition.states import load_states, scores
from fer_ros.types import ActionUnit


def units(**strengths: float) -> dict[int, ActionUnit]:
    return {int(name[2:]): ActionUnit(value, 0.5) for name, value in strengths.items()}


def test_the_shipped_states_load() -> None:
    names = [state.name for state in load_states()]
    assert {'confused', 'bored', 'interested', 'in_pain'} <= set(names)
    assert all(state.source for state in load_states())
    assert load_states('none') == ()


def test_pain_is_the_scale_of_prkachin_and_solomon() -> None:
    # PSPI = AU4 + max(AU6, AU7) + max(AU9, AU10) + AU43, of 16: 4 + 3 + 2 + 1 = 10.
    shown = units(au4=0.8, au6=0.6, au7=0.2, au9=0.1, au10=0.4, au43=1.0)
    [pain] = [state for state in load_states() if state.name == 'in_pain']
    assert pain.score(shown, 0.0, 0.0) == pytest.approx(10 / 16)
    assert pain.score({}, 0.0, 0.0) == 0.0


def test_contradiction_and_affect_lower_a_score(tmp_path: Path) -> None:
    path = tmp_path / 'states.yaml'
    path.write_text(
        'states: {odd: {action_units: {4: 1}, against: {12: 0.5}, valence: -0.5, tolerance: 0.5}}'
    )
    [odd] = load_states(str(path))
    assert odd.score(units(au4=0.8), -0.5, 0.9) == pytest.approx(0.8)
    assert odd.score(units(au4=0.8, au12=1.0), -0.5, 0.0) == pytest.approx(0.3)
    # exp(-1/2) at a distance of one tolerance.
    assert odd.score(units(au4=1.0), 0.0, 0.0) == pytest.approx(0.60653, abs=1e-5)
    assert scores([odd], {}, -0.5, 0.0) == {'odd': 0.0}


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('states: {a: {action_units: {3: 1}}}', "'a': action_units: expected FACS codes"),
        ('states: {a: {action_units: {4: two}}}', 'expected a number in [0.01, 100]'),
        ('states: {a: {action_units: {4: null}}}', 'expected a weight'),
        ('states: {a: {against: {4: 1}}}', 'expected action_units, valence or arousal'),
        ('states: {a: {valence: 2}}', "'a': valence: expected a number in [-1, 1], found 2"),
        ('states: {a: {valence: 0, mood: 1}}', "found ['mood']"),
        ('states: {a: {action_units: {4: 1}, against: {6|7: 1}}}', "found '6|7'"),
        ('states: {in pain: {valence: 0}}', 'expected a name of letters'),
        ('emotions: {}', "expected one mapping 'states'"),
        ('states: {a: {action_units: [4]}}', 'expected a mapping of FACS codes'),
        ('[1', 'not readable as YAML'),
    ],
)
def test_a_wrong_file_is_told_what_and_where(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / 'mine.yaml'
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_states(str(path))
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match='expected a YAML file'):
        load_states('/nowhere/states.yaml')
