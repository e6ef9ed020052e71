"""Clips of made stills, seen by a net that is one line of arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.evaluation.compositions import Composition, Gallery, compose
from fer_ros.evaluation.ferplus import VotedFaces
from fer_ros.evaluation.morph import AlignedStill, Morph
from fer_ros.evaluation.shaky_camera import draw_disturbance, draw_stamps
from fer_ros.inference.manifest import Colour, InputSpec, Manifest, Task
from fer_ros.recognition.static import StaticRecogniser
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Float32


class Brightness:
    """Neutral is dark, happiness is bright."""

    backend = 'made'
    manifest = Manifest(
        id='brightness', task=Task.STATIC_EXPRESSION, file=None, sha256='0' * 64,  # type: ignore[arg-type]
        licence='Apache-2.0', source='made',
        input=InputSpec('image', 48, 48, Colour.GRAY, (0.0,), (255.0,)),
        outputs=('logits', 'embedding'), labels=EMOTIONS, temperature=1.0, options={},
    )  # fmt: skip

    def run(self, batch: Float32) -> tuple[Float32, ...]:
        logits = np.zeros((len(batch), len(EMOTIONS)), np.float32)
        logits[:, 1] = 8 * (batch.mean(axis=(1, 2, 3)) - 0.5)
        return logits, logits


def gallery(*labels: int) -> Gallery:
    rng = np.random.default_rng(0)
    votes = np.zeros((len(labels), 10), np.uint8)
    votes[np.arange(len(labels)), labels] = 10
    images = rng.integers(0, 256, (len(labels), 48, 48)).astype(np.uint8)
    landmarks = rng.uniform(5, 43, (len(labels), 478, 3)).astype(np.float32)
    return Gallery(VotedFaces(images, votes), landmarks)


def clips(count: int, seed: int = 0) -> list[Composition]:
    made = gallery(0, 0, 1, 3)
    return list(compose(made, StaticRecogniser(Brightness()), None, count, seed=seed))


def test_clips_are_whole_and_repeat() -> None:
    one, other = clips(4), clips(4)
    for clip, again in zip(one, other):
        count = len(clip.stamps_ns)
        assert clip.probabilities.shape == (count, 8)
        assert clip.quality.shape == clip.strength.shape == (count,)
        assert list(clip.stamps_ns) == sorted(set(clip.stamps_ns))
        assert clip.stamps_ns == again.stamps_ns
        np.testing.assert_array_equal(clip.probabilities, again.probabilities)
    assert [clip.stamps_ns for clip in clips(4, seed=1)] != [clip.stamps_ns for clip in one]


def test_faces_that_annotators_do_not_agree_on_are_no_gallery() -> None:
    with pytest.raises(DataError, match='expected neutral and expressive ones'):
        gallery(0, 0)


def test_a_morph_goes_from_one_face_to_the_other() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(8, 40, (478, 2)).astype(np.float32)
    dark, bright = np.full((48, 48), 60, np.uint8), np.full((48, 48), 60, np.uint8)
    dark[20:28, 10:14] = 200  # a mark that wanders 10 px to the right
    bright[20:28, 20:24] = 200
    move = np.array([10.0, 0.0], np.float32)
    morph = Morph(AlignedStill(dark, points, 0), AlignedStill(bright, points + move, 1))
    columns = [morph.face(strength)[24].argmax() for strength in (0.0, 0.5, 1.0)]
    assert columns[0] in range(10, 14)
    assert columns[1] in range(14, 20)
    assert columns[2] in range(20, 24)
    # Whole, not two ghosts: as bright on its way as at its end.
    assert morph.face(0.5)[24].max() > 150


def test_eyes_close() -> None:
    points = np.full((478, 2), 24.0, np.float32)
    points[[33, 133]] = [[10, 20], [20, 20]]
    points[[362, 263]] = [[28, 20], [38, 20]]
    face = np.full((48, 48), 120, np.uint8)
    face[19:22, 10:21] = 10
    morph = Morph(AlignedStill(face, points, 0), AlignedStill(face, points, 1))
    assert morph.face(0.0)[20, 15] < 40
    assert morph.face(0.0, closed=1.0)[20, 15] == 120


def test_landmarks_of_missed_faces_are_refused() -> None:
    with pytest.raises(DataError, match='leave missed faces out'):
        AlignedStill(np.zeros((48, 48), np.uint8), np.full((478, 2), np.nan, np.float32), 0)


def test_cameras_differ_and_keep_their_limits() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        stamps = draw_stamps(3.0, rng)
        assert stamps == sorted(set(stamps))
        assert 0 <= stamps[0] < 10_000_000
        how = draw_disturbance(np.array(stamps) / 1e9, rng)
        quality = how.quality(rng)
        assert ((quality > 0) & (quality <= 1)).all()
        assert ((how.lids >= 0) & (how.lids <= 1)).all()
