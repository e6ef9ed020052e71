"""Intensity beside the person's own neutral."""

import numpy as np
import pytest

from fer_ros.recognition.intensity import IntensityMeter
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import ActionUnit, Expression

STEP_NS = 100_000_000


def expression(happy: float, sad: float = 0.0, units: dict[int, ActionUnit] | None = None):  # type: ignore[no-untyped-def]
    shares = np.zeros(len(EMOTIONS), np.float32)
    shares[EMOTIONS.index('happiness')] = happy
    shares[EMOTIONS.index('sadness')] = sad
    shares[0] = 1.0 - happy - sad
    return Expression(EMOTIONS, shares, 0.0, 0.0, 0.5, ('made',), units or {})


def test_without_action_units_it_is_the_mass_beyond_rest() -> None:
    meter = IntensityMeter()
    found = meter.update('a', expression(0.56), weight=1.0, stamp_ns=0)
    assert found == pytest.approx((0.56 - 0.12) / 0.88)


def test_action_units_grade_what_the_label_is_certain_of() -> None:
    weak = expression(1.0, units={12: ActionUnit(0.3, 1.0), 6: ActionUnit(0.3, 1.0)})
    strong = expression(1.0, units={12: ActionUnit(0.9, 1.0), 6: ActionUnit(0.9, 1.0)})
    low, high = (
        IntensityMeter().update('a', one, weight=1.0, stamp_ns=0) for one in (weak, strong)
    )
    # Reliance 1.6 of 1.8: what is not read counts as the label says.
    assert low == pytest.approx(1 / 9 + 8 / 9 * 0.3)
    assert high == pytest.approx(1 / 9 + 8 / 9 * 0.9)


def test_a_face_that_looks_a_little_sad_at_rest_is_at_rest() -> None:
    meter = IntensityMeter()
    first = meter.update('a', expression(0.0, 0.35), weight=1.0, stamp_ns=0)
    for index in range(1, 600):
        last = meter.update('a', expression(0.0, 0.35), weight=1.0, stamp_ns=index * STEP_NS)
    assert first > 0.25
    assert last < 0.05


def test_who_always_smiles_still_smiles() -> None:
    meter = IntensityMeter()
    for index in range(600):
        last = meter.update('a', expression(0.97), weight=1.0, stamp_ns=index * STEP_NS)
    assert last > 0.9


def test_forgets() -> None:
    meter = IntensityMeter()
    for index in range(100):
        meter.update('a', expression(0.3), weight=1.0, stamp_ns=index * STEP_NS)
    meter.forget(['a'])
    fresh = IntensityMeter().update('a', expression(0.3), weight=1.0, stamp_ns=0)
    assert meter.update('a', expression(0.3), weight=1.0, stamp_ns=10**12) == fresh
