from __future__ import annotations

import numpy as np
import pytest

from fer_ros.errors import ConfigError
from fer_ros.recognition.circumplex import VALENCE_AROUSAL, circumplex_of, valence_arousal
from fer_ros.taxonomy import EMOTIONS


def of(**shares: float) -> tuple[float, float]:
    probabilities = np.array([shares.get(label, 0.0) for label in EMOTIONS], np.float32)
    return valence_arousal(probabilities, circumplex_of(EMOTIONS))


def test_every_emotion_has_a_place() -> None:
    assert set(VALENCE_AROUSAL) == set(EMOTIONS)
    assert np.abs(circumplex_of(EMOTIONS)).max() <= 1.0


@pytest.mark.parametrize(
    ('label', 'pleasant', 'aroused'),
    [
        ('happiness', True, True),
        ('surprise', True, True),
        ('sadness', False, False),
        ('anger', False, True),
        ('disgust', False, True),
        ('fear', False, True),
        ('contempt', False, True),
    ],
)
def test_quadrants(label: str, pleasant: bool, aroused: bool) -> None:
    valence, arousal = of(**{label: 1.0})
    assert (valence > 0, arousal > 0) == (pleasant, aroused)


def test_neutral_is_the_origin() -> None:
    assert of(neutral=1.0) == (0.0, 0.0)


def test_expectation_by_hand() -> None:
    # 0.5 * (0.76, 0.48) + 0.25 * (-0.63, -0.27) + 0.25 * (0, 0)
    assert of(happiness=0.5, sadness=0.25, neutral=0.25) == pytest.approx((0.2225, 0.1725))


def test_order_is_that_of_the_labels() -> None:
    np.testing.assert_array_equal(
        circumplex_of(('anger', 'neutral')), [VALENCE_AROUSAL['anger'], (0.0, 0.0)]
    )


def test_never_leaves_the_plane() -> None:
    far = np.array([[3.0, -3.0]])
    assert valence_arousal(np.ones(1, np.float32), far) == (1.0, -1.0)


def test_unknown_labels_are_named() -> None:
    with pytest.raises(ConfigError, match=r"found \['happy', 'sad'\]; correct the label order"):
        circumplex_of(('happy', 'neutral', 'sad'))
