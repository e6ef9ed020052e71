"""Faces that others have cut out, on the sample's portrait."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_ros.alignment import align, crop
from fer_ros.errors import FrameError
from fer_ros.pipeline import CropPipeline, Pipeline
from fer_ros.sources import open_source
from fer_ros.types import Frame, Roi, UInt8

SAMPLE = Path(__file__).resolve().parents[1] / 'samples' / 'astronaut.mcap'


@pytest.fixture(scope='module')
def pipeline() -> CropPipeline:
    return CropPipeline()


@pytest.fixture(scope='module')
def faces() -> dict[str, UInt8]:
    """The first frame's face as other nodes cut it out."""
    with open_source(SAMPLE) as source:
        frame = next(iter(source))
    face = Pipeline().process(frame).states[0].face
    box = face.roi
    wide = Roi(box.x - box.width, box.y - box.height, 3 * box.width, 3 * box.height)
    return {
        'aligned': align(frame, face, 128).pixels,
        'cropped': crop(frame, box),
        'with room around it': crop(frame, wide),
    }


def picture(pixels: UInt8, stamp_ms: int) -> Frame:
    return Frame(stamp_ms * 1_000_000, 'camera', 0, np.ascontiguousarray(pixels))


@pytest.mark.parametrize('how', ['aligned', 'cropped', 'with room around it'])
def test_a_smile_is_read_in_a_cut_out_face(
    pipeline: CropPipeline, faces: dict[str, UInt8], how: str
) -> None:
    pipeline.reset()
    for index in range(3):
        result = pipeline.process_crop('ab', picture(faces[how], 1000 + 40 * index))
        [state] = result.states
        assert (state.face.face_id, state.label, state.abstained) == ('ab', 'happiness', '')
        assert result.tracked == ('ab',)
    assert state.expression.action_units[12].intensity > 0.3


def test_of_two_faces_the_one_in_the_middle_is_meant(
    pipeline: CropPipeline, faces: dict[str, UInt8]
) -> None:
    pipeline.reset()
    wide = faces['with room around it']
    near = cv2.resize(faces['cropped'], None, fx=1.2, fy=1.2)  # surer to be a face
    beside = cv2.copyMakeBorder(wide, 0, 0, 300, 300, cv2.BORDER_REPLICATE)
    beside[: near.shape[0], : near.shape[1]] = near
    [state] = pipeline.process_crop('ab', picture(beside, 1000)).states
    box = state.face.roi
    assert box.x + box.width / 2 == pytest.approx(beside.shape[1] / 2, abs=box.width / 2)


def test_each_face_has_a_time_of_its_own(pipeline: CropPipeline, faces: dict[str, UInt8]) -> None:
    pipeline.reset()
    pipeline.process_crop('ab', picture(faces['aligned'], 1000))
    pipeline.process_crop('cd', picture(faces['aligned'], 1000))
    with pytest.raises(FrameError, match='face ab: expected a stamp after') as caught:
        pipeline.process_crop('ab', picture(faces['aligned'], 1000))
    assert caught.value.reason == 'time_back'
    pipeline.forget(['ab'])
    assert pipeline.process_crop('ab', picture(faces['aligned'], 500)).states


def test_a_picture_without_a_face_gives_none(
    pipeline: CropPipeline, faces: dict[str, UInt8]
) -> None:
    pipeline.reset()
    grey = np.full((96, 96, 3), 128, np.uint8)
    assert pipeline.process_crop('ab', picture(grey, 1000)).states == ()
    assert pipeline.process_crop('ab', picture(faces['aligned'], 1040)).states
    assert pipeline.process_crop('ab', picture(grey, 1080)).states == ()
