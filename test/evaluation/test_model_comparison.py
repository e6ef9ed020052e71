from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fer_ros.evaluation.model_comparison import compare_models, compared
from fer_ros.taxonomy import EMOTIONS


def answers(wrong: range, count: int = 100) -> np.ndarray:
    """Say 0 of every face but those of a range."""
    said = np.zeros(count, np.int64)
    said[wrong] = 1
    return said


def test_a_clear_difference_is_told_with_its_interval() -> None:
    labels = np.zeros(100, np.int64)
    found = compared(answers(range(30)), answers(range(5)), labels, 8)
    assert found.accuracy.a == pytest.approx(0.70)
    assert found.accuracy.b == pytest.approx(0.95)
    assert found.accuracy.b_minus_a.value == pytest.approx(0.25)
    assert found.accuracy.b_minus_a.low > 0
    assert (found.mcnemar.only_a, found.mcnemar.only_b) == (0, 25)
    assert found.mcnemar.p_exact == pytest.approx(2 / 2**25)
    assert found.verdict == 'B is better'
    assert compared(answers(range(5)), answers(range(30)), labels, 8).verdict == 'A is better'


def test_a_few_faces_show_no_difference() -> None:
    found = compared(answers(range(3)), answers(range(2, 4)), np.zeros(100, np.int64), 8)
    assert found.verdict == 'no difference shown'


def test_faces_without_a_label_do_not_count() -> None:
    labels = np.where(np.arange(100) < 30, -1, 0)
    found = compared(answers(range(30)), answers(range(5)), labels, 8)
    assert found.faces == 70
    assert found.accuracy.b_minus_a.value == 0.0
    assert found.verdict == 'no difference shown'


class Shaded:
    """Answers with the brightness of the face, some shades off."""

    def __init__(self, name: str, shift: int) -> None:
        self.name, self.shift = name, shift
        self.engine = self
        self.manifest = self
        self.input = self
        self.id, self.labels, self.width = name, EMOTIONS, 48

    def logits(self, crops: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        said = [(int(crop.mean()) // 32 + self.shift) % 8 for crop in crops]
        return np.eye(8, dtype=np.float32)[said], np.zeros((len(crops), 1), np.float32)


def none_found(images: np.ndarray, *_: object, **__: object) -> np.ndarray:
    return np.full((len(images), 478, 3), np.nan, np.float32)


def test_two_models_on_an_npz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emotions = [index % 8 for index in range(40)]
    votes = np.zeros((40, 10), np.uint8)
    votes[range(40), emotions] = 10
    images = np.stack([np.full((48, 48), 32 * one + 16, np.uint8) for one in emotions])
    np.savez(tmp_path / 'faces.npz', images=images, votes=votes)
    monkeypatch.setattr('fer_ros.evaluation.model_comparison.locate_stills', none_found)
    good, bad = Shaded('good', 0), Shaded('bad', 1)
    found = compare_models(tmp_path / 'faces.npz', bad, good, None)  # type: ignore[arg-type]
    assert (found.a, found.b) == ('bad', 'good')
    assert list(found.protocols) == ['A8', 'A7', 'B8', 'B7']
    eight = found.to_dict()['protocols']['A8']
    assert eight['verdict'] == 'B is better'
    assert eight['faces'] == 40
    assert eight['uar']['b_minus_a']['value'] == 1.0
    assert found.protocols['A7'].faces == 35
    lines = found.to_text().splitlines()
    assert lines[:2] == ['A: bad', 'B: good']
    assert lines[3] == '  WAR 0.00 -> 100.00: +100.00 points [+100.00, +100.00]'
