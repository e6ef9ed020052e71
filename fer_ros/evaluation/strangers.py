"""Pictures that hold no face as the net knows them, made of those that do.

At run time the mesh is asked first, and misses most of them; what it lets through meets the
recogniser, which has to say that it does not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_ros.alignment import Landmarker
from fer_ros.evaluation.degrade import Condition
from fer_ros.evaluation.robustness import CONFIDENT
from fer_ros.evaluation.seen import located, prepared
from fer_ros.recognition import StaticRecogniser, TrustConfig, abstention
from fer_ros.types import Float32, UInt8

STRANGERS_SHOWN = 150
_NO_POINTS = np.empty((0, 3), np.float32)


def negative(image: UInt8, _points: Float32, _rng: np.random.Generator) -> UInt8:
    """Swap light and dark."""
    return np.asarray(255 - image, np.uint8)


def shuffled(image: UInt8, _points: Float32, _rng: np.random.Generator) -> UInt8:
    """Swap the quarters: eyes below, mouth above."""
    half = image.shape[0] // 2
    return np.ascontiguousarray(np.roll(image, (half, half), axis=(0, 1)))


def static(image: UInt8, _points: Float32, rng: np.random.Generator) -> UInt8:
    """Show nothing but noise."""
    return rng.integers(0, 256, image.shape).astype(np.uint8)


# A face on its head is none of them: it is found, and turned upright.
STRANGERS = tuple(Condition(step.__name__, step) for step in (negative, shuffled, static))


@dataclass(frozen=True, slots=True)
class StrangerFigures:
    """What became of one kind of picture; shares 0..1.

    :param found: share in which the mesh finds a face.
    :param novel: share that the net calls out of distribution when it is shown all of them.
    :param vouched: share that would get a label at run time: found, and not abstained from.
    :param confident: share that would get one with a confidence above 0.8.
    """

    n: int
    found: float
    novel: float
    vouched: float
    confident: float


def show_strangers(
    images: Sequence[UInt8],
    recogniser: StaticRecogniser,
    landmarker: Landmarker,
    trust: TrustConfig,
    seed: int,
) -> dict[str, StrangerFigures]:
    """Make each kind of stranger of the images and return what becomes of it."""
    size_px = recogniser.engine.manifest.input.width
    figures = {}
    for condition in STRANGERS:
        rng = np.random.default_rng(seed)
        shown = [condition.apply(image, _NO_POINTS, rng) for image in images]
        asked = recogniser.recognise([prepared(image, _NO_POINTS, size_px)[0] for image in shown])
        seen = [
            face
            for face, found in (
                prepared(image, points, size_px)
                for image, points in zip(shown, located(shown, landmarker))
            )
            if found
        ]
        told = [
            answer.confidence
            for answer, face in zip(recogniser.recognise(seen), seen)
            if not abstention(answer, face.quality, trust)
        ]
        count = len(shown)
        figures[condition.name] = StrangerFigures(
            n=count,
            found=len(seen) / count,
            novel=sum(answer.novelty > trust.max_novelty for answer in asked) / count,
            vouched=len(told) / count,
            confident=sum(value > CONFIDENT for value in told) / count,
        )
    return figures
