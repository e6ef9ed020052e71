"""EMFACS as data: what speaks for and against a label."""

import pytest

from fer_ros.recognition.emfacs import emfacs, evidence, evidences, prototype
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import ActionUnit


def unit(intensity: float, confidence: float = 1.0) -> ActionUnit:
    return ActionUnit(intensity, confidence)


def test_every_emotion_has_rows_and_no_unit_stands_on_both_sides() -> None:
    assert set(emfacs()) == set(EMOTIONS)
    for links in emfacs().values():
        codes = [link.code for link in links]
        assert len(codes) == len(set(codes))
        assert all(-1.0 <= link.weight <= 1.0 and link.weight for link in links)


def test_a_smile_speaks_for_happiness_and_against_sadness() -> None:
    units = {12: unit(0.9), 6: unit(0.5), 15: unit(0.0)}
    happy = evidence('happiness', units)
    assert happy.speaks_for == (12, 6)
    assert happy.speaks_against == ()
    # (1 x 0.9 + 0.6 x 0.5) / 1.6
    assert happy.support == pytest.approx(0.75)
    sad = evidence('sadness', units)
    assert sad.speaks_against == (12,)
    assert sad.support == pytest.approx(-0.9)


def test_contempt_is_what_one_side_shows_more() -> None:
    even = {12: ActionUnit(0.8, 1.0, left=0.8, right=0.8)}
    half = {12: ActionUnit(0.4, 1.0, left=0.8, right=0.0)}
    assert evidence('contempt', even).speaks_for == ()
    assert evidence('contempt', half).speaks_for == (12,)


def test_units_without_confidence_say_nothing() -> None:
    assert prototype('happiness', {12: unit(1.0, 0.0)}) == (0.0, 0.0)
    found = evidences(('happiness', 'unheard of'), {})
    assert [item.support for item in found] == [0.0, 0.0]


def test_reliance_is_the_share_that_is_read() -> None:
    strength, reliance = prototype('happiness', {12: unit(0.6, 0.9)})
    assert strength == pytest.approx(0.6)
    assert reliance == pytest.approx(0.9 / 1.8)
