from __future__ import annotations

import math

import numpy as np
import pytest
from made_faces import aligned
from made_net import LABELS, FakeEngine

from fer_ros.errors import ConfigError
from fer_ros.recognition.static import StaticRecogniser, softmax


def crop(first: int, last: int) -> np.ndarray:
    """Return a crop whose red corners are the two logits."""
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[0, 0, 0], pixels[0, 3, 0] = first, last
    pixels[1, :3, 0] = 10 * first, 7, 10 * last
    return pixels


def logits(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_softmax_by_hand() -> None:
    # e^0 : e^ln3 = 1 : 3
    found = softmax(logits((0.0, math.log(3.0)), (5.0, 5.0)))
    np.testing.assert_allclose(found, [(0.25, 0.75), (0.5, 0.5)], atol=1e-6)
    assert found.dtype == np.float32


def test_temperature_flattens() -> None:
    # Logits of 2 ln 3 at temperature 2 are those of ln 3; at 1 they are 1 : 9.
    row = logits((0.0, 2 * math.log(3.0)))
    np.testing.assert_allclose(softmax(row, 2.0), [(0.25, 0.75)], atol=1e-6)
    np.testing.assert_allclose(softmax(row, 1.0), [(0.1, 0.9)], atol=1e-6)


def test_softmax_of_large_logits() -> None:
    found = softmax(logits((1e4, 0.0), (-1e4, -1e4)))
    np.testing.assert_allclose(found, [(1.0, 0.0), (0.5, 0.5)], atol=1e-6)


def test_no_faces_need_no_net() -> None:
    engine = FakeEngine()
    assert StaticRecogniser(engine).recognise([]) == []
    assert engine.batches == []


def test_expression_of_one_face() -> None:
    (found,) = StaticRecogniser(FakeEngine(temperature=2.0)).recognise([aligned(crop(2, 6))])
    # (6 - 2) / 2 = 2: happiness is e^2 / (1 + e^2).
    share = math.exp(2) / (1 + math.exp(2))
    np.testing.assert_allclose(found.probabilities, (1 - share, share), atol=1e-6)
    assert found.labels == LABELS
    assert found.dominant == 'happiness'
    assert found.confidence == pytest.approx(share)
    assert (found.valence, found.arousal) == pytest.approx((0.76 * share, 0.48 * share))
    assert found.model_ids == ('fake',)
    np.testing.assert_array_equal(found.embedding, (20, 7, 60))


def test_all_faces_in_one_batch_and_in_order() -> None:
    engine = FakeEngine()
    faces = [aligned(crop(0, 9)), aligned(crop(9, 0)), aligned(crop(3, 4))]
    found = StaticRecogniser(engine).recognise(faces)
    assert [batch.shape for batch in engine.batches] == [(3, 3, 4, 4)]
    assert [row.dominant for row in found] == ['happiness', 'neutral', 'happiness']
    assert [row.embedding.tolist() for row in found] == [[0, 7, 90], [90, 7, 0], [30, 7, 40]]


def test_all_faces_may_be_averaged_with_their_mirror_images() -> None:
    engine = FakeEngine()
    recogniser = StaticRecogniser(engine, mirror_below=1.0)
    found, embeddings = recogniser.logits([crop(0, 8), crop(2, 4)])
    # Both faces, then both mirror images, whose columns run the other way.
    seen, again = engine.batches
    np.testing.assert_array_equal(seen[:, 0, 0, 0], (0, 2))
    np.testing.assert_array_equal(again[:, 0, 0, 0], (8, 4))
    np.testing.assert_array_equal(found, [(4, 4), (3, 3)])
    # Columns 0, 1, 2 of the second row and, mirrored, 3, 2, 1.
    np.testing.assert_array_equal(embeddings, [(0, 43.5, 43.5), (10, 23.5, 23.5)])


def test_only_torn_faces_are_looked_at_again() -> None:
    # At a temperature of 4 the better of two logits that are 2 apart has 1 / (1 + e^-0.5) = 0.62,
    # of those 8 apart 0.88.
    engine = FakeEngine(temperature=4.0)
    recogniser = StaticRecogniser(engine, mirror_below=0.7)
    found, embeddings = recogniser.logits([crop(0, 8), crop(2, 4), crop(5, 5)])
    seen, again = engine.batches
    assert len(seen) == 3
    np.testing.assert_array_equal(again[:, 0, 0, 0], (4, 5))
    np.testing.assert_array_equal(found, [(0, 8), (3, 3), (5, 5)])
    np.testing.assert_array_equal(embeddings, [(0, 7, 80), (10, 23.5, 23.5), (25, 28.5, 28.5)])


@pytest.mark.parametrize(('share', 'looks'), [(0.0, 1), (0.5, 1), (0.51, 2), (1.0, 2)])
def test_how_torn_a_face_has_to_be(share: float, looks: int) -> None:
    engine = FakeEngine()
    StaticRecogniser(engine, mirror_below=share).logits([crop(3, 3)])
    assert len(engine.batches) == looks


@pytest.mark.parametrize('share', [-0.1, 1.1, math.nan])
def test_no_share_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match='mirror_below: expected a probability'):
        StaticRecogniser(FakeEngine(), mirror_below=share)
