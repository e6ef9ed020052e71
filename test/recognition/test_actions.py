"""What is told of a face that speaks, in the frame that was recognised and in those after it."""

import numpy as np
import pytest
from made_faces import aligned, expression, face

from fer_ros.recognition.actions import FaceActions
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import ActionUnit, AlignedFace, Face

UNITS = {1: ActionUnit(0.0, 0.5), 26: ActionUnit(0.3, 0.5)}
CROP = aligned(np.zeros((48, 48, 3), np.uint8))


class Reader:
    """Reads the same units of every face."""

    def read(self, face: Face, aligned: AlignedFace, *, rest: float) -> dict[int, ActionUnit]:
        return UNITS


class Meter:
    """Is half sure that everybody speaks."""

    def update(self, face_id: str, units: object, *, stamp_ns: int) -> float:
        return 0.5


def test_speech_is_taken_out_of_what_was_recognised_and_only_once() -> None:
    actions = FaceActions(reader=Reader())  # type: ignore[arg-type]
    actions._meter = Meter()  # type: ignore[assignment]
    read = actions.add(face(), CROP, expression(surprise=0.8))
    assert read.probabilities[EMOTIONS.index('surprise')] == pytest.approx(0.4)
    assert read.action_units == UNITS
    # The next frame has units of its own, but what was recognised is the same.
    again = actions.renew(face(), CROP, read)
    assert again.probabilities.tolist() == read.probabilities.tolist()
    assert actions.explain('f1', again).speech == 0.5
