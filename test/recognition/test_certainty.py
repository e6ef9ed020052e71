from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from made_faces import GOOD
from made_net import FakeEngine

from fer_ros.errors import ConfigError, ModelError
from fer_ros.recognition import StaticRecogniser
from fer_ros.recognition.certainty import HARDSHIPS, Certainty, hardships
from fer_ros.types import AlignedFace, FaceQuality

WORSE = {
    'few_pixels': {'width_px': (30.0, 20.0, 9.0)},
    'blur': {'sharpness': (0.6, 0.4, 0.0)},
    'dark': {'brightness': (0.2, 0.1, 0.01)},
    'noise': {'noise': (0.03, 0.05, 0.2)},
    'turn': {'turn_rad': (0.3, 0.9, 1.5)},
    'hidden_upper': {'hidden_upper': (0.2, 0.6, 1.0)},
    'hidden_lower': {'hidden_lower': (0.2, 0.6, 1.0)},
    'burnt': {'burnt': (0.1, 0.4, 1.0)},
    'tilt': {'tilt_rad': (0.2, 0.8, 1.5)},
}


def test_a_good_face_has_no_hardship() -> None:
    assert hardships(GOOD) == (0.0,) * len(HARDSHIPS)


@pytest.mark.parametrize('name', HARDSHIPS)
def test_each_hardship_rises_step_by_step_and_alone(name: str) -> None:
    ((field, values),) = WORSE[name].items()
    rows = [hardships(replace(GOOD, **{field: value})) for value in values]
    index = HARDSHIPS.index(name)
    found = [0.0, *(row[index] for row in rows)]
    assert found == sorted(set(found))
    assert all(value == 0 for row in rows for i, value in enumerate(row) if i != index)


def test_hardships_by_hand() -> None:
    bad = FaceQuality(0.1, GOOD.flags, 9.0, 0.35, 0.125, 0.04, 0.5, 0.25, 0.75, 0.125, 0.6)
    assert hardships(bad) == pytest.approx((2.0, 0.5, 1.0, 1.0, 0.25, 0.25, 0.75, 0.125, 0.36))
    certainty = Certainty(heat=(0.1, 0.2, 0, 0, 0, 0, 0.4, 0, 0))
    assert certainty.temperature(bad) == pytest.approx(math.exp(0.2 + 0.1 + 0.3))
    assert certainty.temperature(GOOD) == 1.0


def test_novelty_is_one_where_the_embedding_is_as_short_as_hardly_any() -> None:
    certainty = Certainty(least_norm=2.5)
    embedding = np.array([3.0, 4.0], np.float32)
    assert certainty.novelty(embedding) == pytest.approx(0.5)
    assert certainty.novelty(embedding / 4) == pytest.approx(2.0)
    assert Certainty().novelty(embedding * 0) == 0.0


def recogniser(**options: object) -> StaticRecogniser:
    engine = FakeEngine(temperature=1.0)
    object.__setattr__(engine, 'manifest', replace(engine.manifest, options=options))
    return StaticRecogniser(engine)


def test_a_covered_face_is_answered_less_surely_and_the_same() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[0, -1] = 2  # the fake net's logits are 0 and 2
    good = AlignedFace('a', 0, pixels, np.eye(2, 3), GOOD)
    covered = replace(good, quality=replace(GOOD, hidden_lower=1.0))
    asked = recogniser(certainty={'heat': {'hidden_lower': math.log(2.0)}})
    sure, unsure = asked.recognise([good, covered])
    assert sure.confidence == pytest.approx(1 / (1 + math.exp(-2)))
    assert unsure.confidence == pytest.approx(1 / (1 + math.exp(-1)))
    assert sure.dominant == unsure.dominant == 'happiness'
    same = recogniser().recognise([covered])[0]
    assert same.confidence == pytest.approx(sure.confidence)


@pytest.mark.parametrize(
    ('entry', 'words'),
    [
        ({'heat': {'fog': 1.0}}, 'certainty.heat: expected weights of few_pixels'),
        ({'heat': [1.0]}, 'certainty.heat: expected weights of'),
        ({'heat': {'blur': -0.1}}, 'certainty.heat.blur: expected a number from 0 on, found -0.1'),
        ({'heat': {'blur': 'much'}}, "found 'much'"),
        ({'least_norm': math.nan}, 'certainty.least_norm: expected a number from 0 on, found nan'),
        (3, 'certainty.heat: expected weights of'),
    ],
)
def test_a_wrong_manifest_is_one_line(entry: object, words: str) -> None:
    with pytest.raises(ConfigError, match='expected'):
        Certainty.from_options({'certainty': entry})
    with pytest.raises(ModelError) as caught:
        recogniser(certainty=entry)
    assert str(caught.value).startswith("model 'fake': options.certainty")
    assert words in str(caught.value)
    assert '\n' not in str(caught.value)
