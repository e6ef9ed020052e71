"""A mouth that speaks is not a mouth that is surprised."""

import math

import numpy as np
import pytest

from fer_ros.recognition.speech import SpeechMeter, without_speech
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import ActionUnit, Expression

FRAME_NS = 33_333_333


def mouth(opening: float) -> dict[int, ActionUnit]:
    return {code: ActionUnit(opening, 0.5) for code in (25, 26, 27)}


def follow(openings: list[float]) -> list[float]:
    meter = SpeechMeter()
    return [
        meter.update('a', mouth(opening), stamp_ns=index * FRAME_NS)
        for index, opening in enumerate(openings)
    ]


def test_four_syllables_a_second_are_speech() -> None:
    found = follow([0.3 + 0.2 * math.sin(2 * math.pi * 4 * i / 30) for i in range(60)])
    assert found[0] == 0.0
    assert found[-1] == 1.0


def test_one_opening_is_not() -> None:
    rise = [i / 10 for i in range(10)]
    assert max(follow(rise + [0.9] * 20 + rise[::-1])) == 0.0


def test_a_trembling_measurement_is_not() -> None:
    assert max(follow([0.3 + 0.04 * (-1) ** i for i in range(90)])) == 0.0


def test_it_is_over_when_the_mouth_rests() -> None:
    talk = [0.3 + 0.2 * math.sin(2 * math.pi * 4 * i / 30) for i in range(60)]
    assert follow([*talk, *[0.3] * 60])[-1] == 0.0


def surprised(units: dict[int, ActionUnit]) -> Expression:
    shares = np.zeros(8, np.float32)
    shares[EMOTIONS.index('surprise')], shares[0] = 0.8, 0.2
    return Expression(EMOTIONS, shares, 0.0, 0.0, 0.8, ('made',), units)


def test_speech_gives_surprise_back_to_neutral() -> None:
    found = without_speech(surprised({1: ActionUnit(0.0, 0.5)}), 0.75)
    assert found.probabilities[EMOTIONS.index('surprise')] == pytest.approx(0.2)
    assert found.probabilities[0] == pytest.approx(0.8)
    assert found.confidence == pytest.approx(0.8)


def test_who_speaks_with_raised_brows_stays_surprised() -> None:
    expression = surprised({1: ActionUnit(0.6, 0.5)})
    found = without_speech(expression, 1.0)
    assert found.probabilities.tolist() == expression.probabilities.tolist()
    assert without_speech(expression, 0.0) is expression
