"""Ids of real faces in composed scenes: hidden, crossing, blurred, with a camera that moves."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from moving_people import follow, ids, people

from fer_ros.pipeline import Pipeline, PipelineConfig

pytestmark = pytest.mark.data


@pytest.fixture(scope='module')
def pipeline() -> Pipeline:
    return Pipeline(PipelineConfig(temporal_model='filter'))


def test_one_hidden_for_nearly_a_second(pipeline: Pipeline, media: Path) -> None:
    one = people(media)[0]

    def draw(scene: np.ndarray, index: int) -> None:
        one.paste(scene, 200 + index, 150)
        if 10 <= index < 38:  # something large passes
            cv2.rectangle(scene, (120, 0), (360, 360), (70, 90, 60), -1)

    seen = follow(pipeline, 45, draw)
    assert len(ids(seen)) == 1
    assert seen[9]
    assert not any(seen[12:38])
    assert all(seen[40:])


def test_who_takes_the_place_of_one_who_hides_is_somebody_else(
    pipeline: Pipeline, media: Path
) -> None:
    one, other = people(media)[0], people(media)[1]

    def draw(scene: np.ndarray, index: int) -> None:
        if index < 10:
            one.paste(scene, 300, 150)
        elif index >= 20:
            other.paste(scene, 310, 150)

    seen = follow(pipeline, 26, draw)
    assert len(ids(seen)) == 2
    assert ids(seen[:10]).isdisjoint(ids(seen[20:]))


@pytest.mark.parametrize('pair', [(0, 1), (2, 3)])
def test_two_who_cross_keep_their_ids(
    pipeline: Pipeline, media: Path, pair: tuple[int, int]
) -> None:
    front, back = (people(media)[index] for index in pair)

    def draw(scene: np.ndarray, index: int) -> None:
        back.paste(scene, 480 - 11 * index, 150)
        front.paste(scene, 130 + 11 * index, 155)

    seen = follow(pipeline, 32, draw)
    first, last = seen[3], seen[-1]
    assert len(first) == len(last) == 2
    assert len(ids(seen)) == 2
    # Who was on the left is on the right now.
    assert sorted(first, key=first.get) == sorted(last, key=last.get, reverse=True)  # type: ignore[arg-type]


def test_the_camera_swings_and_blurs(pipeline: Pipeline, media: Path) -> None:
    crowd = people(media)

    def draw(scene: np.ndarray, index: int) -> np.ndarray:
        swing = 60 * np.sin(index / 5)  # up to 12 px a frame
        for place, person in enumerate(crowd[:3]):
            person.paste(scene, 120 + 200 * place + swing, 150)
        length = 1 + round(abs(12 * np.cos(index / 5)) / 2)
        return cv2.blur(scene, (length, 1))

    seen = follow(pipeline, 32, draw)
    assert len(ids(seen)) == 3
    assert all(len(faces) == 3 for faces in seen[3:])
