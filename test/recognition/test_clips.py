"""Clips of made faces through a net that is one line of arithmetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_clip_model import LABELS, write_clip_model

from fer_ros.errors import ModelError
from fer_ros.inference.factory import load_engine
from fer_ros.inference.manifest import Task
from fer_ros.recognition.clips import ClipRecogniser
from fer_ros.recognition.sampling import Sampling

MS = 1_000_000


def clips(folder: Path, how: Sampling = Sampling.UNIFORM, **options: object) -> ClipRecogniser:
    manifest = write_clip_model(folder, **options)  # type: ignore[arg-type]
    return ClipRecogniser(load_engine(str(manifest), Task.CLIP_EXPRESSION), how)


def grey(level: int) -> np.ndarray:
    return np.full((8, 8, 3), level, np.uint8)


def show(recogniser: ClipRecogniser, stamp_ms: int, level: int, face_id: str = 'f1') -> None:
    if recogniser.wants(face_id, stamp_ms * MS):
        recogniser.add(face_id, grey(level), stamp_ms * MS)
    recogniser.judge(stamp_ms * MS)


@pytest.mark.parametrize('how', list(Sampling))
@pytest.mark.parametrize('layout', ['NCTHW', 'NTCHW'])
def test_what_brightens_is_joy(tmp_path: Path, layout: str, how: Sampling) -> None:
    recogniser = clips(tmp_path, how, layout=layout)
    for stamp_ms in range(0, 1600, 33):
        show(recogniser, stamp_ms, 30 + stamp_ms // 10)
    told = recogniser.told('f1')
    assert told is not None
    assert told.labels == tuple(LABELS)
    assert told.dominant == 'joy'
    assert told.probabilities.sum() == pytest.approx(1.0)


def test_by_hand(tmp_path: Path) -> None:
    recogniser = clips(tmp_path, span_ms=1600, every_ms=1500)
    for index in range(32):  # a crop every 50 ms is just what is kept
        show(recogniser, 50 * index, 8 * index)
    told = recogniser.told('f1')
    assert told is not None
    # Judged at 0 ms, in vain, and at 1500 ms: crops 0 to 30; the middles of the first and of the
    # last of 16 segments are crops 0 and 30: levels 0 and 240 of 255.
    assert (told.start_ns, told.stamp_ns) == (0, 1500 * MS)
    odds = np.exp(240 / 255)
    assert told.probabilities.tolist() == pytest.approx([1 / (1 + odds), odds / (1 + odds)])


def test_a_clip_that_is_too_short_is_counted_and_survived(tmp_path: Path) -> None:
    recogniser = clips(tmp_path)
    for stamp_ms in (0, 33, 510, 1020):
        show(recogniser, stamp_ms, 100)
    # At 0 and at 510 ms less than half of 1.6 s was seen; at 1020 ms more.
    assert recogniser.skipped == {'short': 2}
    assert recogniser.told('f1') is not None
    assert recogniser.told('f2') is None


def test_it_runs_at_its_own_low_rate_on_all_faces_at_once(tmp_path: Path) -> None:
    recogniser = clips(tmp_path)
    batches: list[int] = []
    engine = recogniser.engine

    class Counted:
        manifest, backend, reason = engine.manifest, engine.backend, ''

        def run(self, batch: np.ndarray, **others: np.ndarray) -> tuple[np.ndarray, ...]:
            batches.append(len(batch))
            return engine.run(batch)

    recogniser._engine = Counted()
    for stamp_ms in range(0, 3000, 40):
        for face_id in ('f1', 'f2'):
            if recogniser.wants(face_id, stamp_ms * MS):
                recogniser.add(face_id, grey(50), stamp_ms * MS)
        recogniser.judge(stamp_ms * MS)
    assert batches == [2] * 4  # at about 1.0, 1.5, 2.1 and 2.6 s


def test_memory_is_bounded(tmp_path: Path) -> None:
    recogniser = clips(tmp_path)
    for stamp_ms in range(0, 20_000, 5):
        show(recogniser, stamp_ms, 50)
    assert len(recogniser._pasts['f1'].crops) <= 32
    recogniser.forget(['f1', 'nobody'])
    assert recogniser._pasts == {}


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ({'frames': 0}, 'expected the option frames, a whole number from 1 on, found 0'),
        ({'every_ms': None}, 'expected the option every_ms'),
    ],
)
def test_a_manifest_that_does_not_say_how_is_refused(
    tmp_path: Path, options: dict[str, object], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        clips(tmp_path, **options)  # type: ignore[arg-type]


def test_an_unknown_layout_is_refused(tmp_path: Path) -> None:
    manifest = write_clip_model(tmp_path)
    text = manifest.read_text(encoding='utf-8').replace('layout: NCTHW', 'layout: THWC')
    manifest.write_text(text, encoding='utf-8')
    with pytest.raises(ModelError, match='layout: expected one of NCTHW, NTCHW'):
        ClipRecogniser(load_engine(str(manifest), Task.CLIP_EXPRESSION))
