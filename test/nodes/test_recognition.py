from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from builtin_interfaces.msg import Time

from fer_ros.nodes.recognition import NS_PER_S, Recognition
from fer_ros.types import CameraIntrinsics, Frame

INTRINSICS = CameraIntrinsics(4, 2, 3.0, 3.0, 2.0, 1.0)


class Made:
    """A pipeline without nets, and outputs without topics."""

    model_ids = ()

    def __init__(self) -> None:
        self.resets = 0
        self.intrinsics: list[CameraIntrinsics | None] = []
        self.metric: list[bool] = []
        self.told: list[str] = []

    def process(self, frame: Frame, intrinsics: CameraIntrinsics | None) -> object:
        self.intrinsics.append(intrinsics)
        return object()

    def end(self) -> list[str]:
        return ['over']

    def tell(self, events: list[str], header: Any) -> None:
        self.told += [f'{event} at {header.stamp.sec}' for event in events]

    def reset(self) -> None:
        self.resets += 1

    def publish(self, *_: Any, metric: bool, model_ids: tuple[str, ...]) -> None:
        self.metric.append(metric)


@pytest.fixture
def made() -> Made:
    return Made()


def take(
    recognition: Recognition, stamp_ns: int = 0, frame_id: str = 'camera', **how: Any
) -> None:
    frame = Frame(stamp_ns, frame_id, 0, np.zeros((4, 8, 3), np.uint8))
    result = recognition.recognise(frame, how.get('intrinsics', INTRINSICS))
    recognition.publish(result, frame, SimpleNamespace(), SimpleNamespace())  # type: ignore[arg-type]


def of(made: Made) -> Recognition:
    return Recognition(made, made, {}, made.told.append)  # type: ignore[arg-type]


def test_transforms_need_intrinsics_and_a_frame_to_hang_from(made: Made) -> None:
    recognition = of(made)
    take(recognition, 1)
    take(recognition, 2, intrinsics=None)
    take(recognition, 3, frame_id='')
    assert made.metric == [True, False, False]
    # Those of an image twice as large, in the pixels of this one.
    assert made.intrinsics == [
        CameraIntrinsics(8, 4, 6.0, 6.0, 4.0, 2.0),
        None,
        made.intrinsics[0],
    ]


@pytest.mark.parametrize(('back_ns', 'resets'), [(NS_PER_S // 2, 0), (NS_PER_S // 2 + 1, 1)])
def test_a_jump_back_begins_anew(made: Made, back_ns: int, resets: int) -> None:
    recognition = of(made)
    take(recognition, NS_PER_S)
    take(recognition, NS_PER_S - back_ns)
    assert (made.resets, len(made.told)) == (resets, resets)


def test_the_end_is_told(made: Made) -> None:
    of(made).end(Time(sec=7))
    assert made.told == ['over at 7']
