from __future__ import annotations

from dataclasses import replace

import pytest
from made_faces import expression, quality

from fer_ros.errors import ConfigError
from fer_ros.recognition.trust import TrustConfig, abstention, compound
from fer_ros.taxonomy import EMOTIONS, QualityFlag
from fer_ros.types import Compound

CONFIG = TrustConfig(min_confidence=0.4, max_entropy=0.85, min_quality=0.15, compound_share=0.3)
SURE = expression(happiness=0.9)
# Entropy 0.79: six alike of 0.05 and two of 0.35, which is below the least confidence.
TORN = expression(
    happiness=0.35, anger=0.35, surprise=0.05, sadness=0.05, disgust=0.05, fear=0.05, contempt=0.05
)
HALF_SURE = expression(happiness=0.45, anger=0.3)
UNIFORM = expression(**dict.fromkeys(EMOTIONS[1:], 0.125))
DARK_BLUR = QualityFlag.DARK | QualityFlag.BLUR


@pytest.mark.parametrize(
    ('shown', 'seen', 'reason'),
    [
        (SURE, quality(1.0), ''),
        (SURE, quality(0.5, DARK_BLUR), ''),
        (SURE, quality(0.15, DARK_BLUR), ''),
        (SURE, quality(0.1, DARK_BLUR), 'blur, dark'),
        (SURE, quality(0.1), 'low_quality'),
        (UNIFORM, quality(0.1, QualityFlag.EXTREME_POSE), 'extreme_pose'),
        (UNIFORM, quality(1.0), 'high_entropy'),
        (TORN, quality(1.0), 'low_confidence'),
        (TORN, quality(0.5, DARK_BLUR), 'low_confidence, blur, dark'),
        # Sure enough for a good face, not for a face with flaws.
        (HALF_SURE, quality(1.0), ''),
        (HALF_SURE, quality(0.5, QualityFlag.LOW_RESOLUTION), 'low_resolution'),
        (HALF_SURE, quality(0.5, QualityFlag.OCCLUDED_LOWER), 'occluded_lower'),
        (replace(SURE, novelty=1.2), quality(1.0), 'out_of_distribution'),
        (replace(SURE, novelty=1.2), quality(0.5, DARK_BLUR), 'out_of_distribution, blur, dark'),
        (replace(SURE, novelty=1.0), quality(1.0), ''),
        (UNIFORM, quality(0.5, DARK_BLUR), 'high_entropy, blur, dark'),
    ],
)
def test_reason_of_an_abstention(shown, seen, reason) -> None:
    assert abstention(shown, seen, CONFIG) == reason


def test_limits_are_taken_from_the_configuration() -> None:
    assert abstention(SURE, quality(1.0), TrustConfig(min_confidence=0.95)) == 'low_confidence'
    assert abstention(TORN, quality(1.0), TrustConfig(max_entropy=0.5)) == 'high_entropy'
    assert abstention(SURE, quality(0.9), TrustConfig(min_quality=0.95)) == 'low_quality'
    new = replace(SURE, novelty=1.2)
    assert abstention(new, quality(1.0), TrustConfig(max_novelty=1.5)) == ''
    strict = TrustConfig(min_confidence_impaired=0.95)
    assert abstention(SURE, quality(0.5, DARK_BLUR), strict) == 'blur, dark'


def test_compound_share_by_hand() -> None:
    # 0.24 of 0.36 + 0.24: the rest, neutral, takes no part.
    found = compound(expression(neutral=0.1, surprise=0.36, fear=0.24, anger=0.2), CONFIG)
    assert found == Compound('fear', pytest.approx(0.4))


def test_neutral_is_never_the_second() -> None:
    found = compound(expression(neutral=0.3, happiness=0.45, surprise=0.25), CONFIG)
    assert found == Compound('surprise', pytest.approx(0.25 / 0.7))


@pytest.mark.parametrize(
    ('shares', 'is_one'),
    [
        ({'happiness': 0.7, 'surprise': 0.3001}, True),
        ({'happiness': 0.71, 'surprise': 0.29}, False),
        ({'happiness': 1.0}, False),
        # A neutral face is not a compound, whatever is left over.
        ({'neutral': 0.4, 'happiness': 0.3, 'surprise': 0.3}, False),
    ],
)
def test_what_is_a_compound(shares: dict[str, float], is_one: bool) -> None:
    total = sum(shares.values())
    shown = expression(**{label: share / total for label, share in shares.items()})
    assert (compound(shown, CONFIG) is not None) is is_one


@pytest.mark.parametrize(
    ('name', 'value', 'high'),
    [
        ('min_confidence', -0.1, '1'),
        ('min_confidence_impaired', 1.1, '1'),
        ('max_novelty', -1.0, '100'),
        ('max_entropy', 1.1, '1'),
        ('min_quality', float('nan'), '1'),
        ('compound_share', 0.6, '0.5'),
    ],
)
def test_refuses_what_is_out_of_range(name: str, value: float, high: str) -> None:
    with pytest.raises(ConfigError) as caught:
        TrustConfig(**{name: value})
    assert str(caught.value) == f'{name}: expected a number in [0, {high}], found {value!r}'
