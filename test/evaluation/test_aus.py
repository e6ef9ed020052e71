"""Action units on real faces: Cohen's d by hand, bars, and files that are not as they must be."""

from pathlib import Path

import numpy as np
import pytest

from fer_ros.errors import DataError
from fer_ros.evaluation.aus import BARS, cohens_d, landmarks_of, report
from fer_ros.recognition.au_filters import CODES
from fer_ros.taxonomy import EMOTIONS


def test_cohens_d_by_hand() -> None:
    # Means 3 and 1, variances (n - 1) 1 and 1: d = 2.
    assert cohens_d(np.array([2.0, 3.0, 4.0]), np.array([0.0, 1.0, 2.0])) == pytest.approx(2.0)
    # Squares 8 + 0 over 3 + 3 - 2: the deviation is sqrt(2).
    d = cohens_d(np.array([0.0, 2.0, 4.0]), np.array([1.0, 1.0, 1.0]))
    assert d == pytest.approx(1.0 / np.sqrt(2.0))
    assert cohens_d(np.ones(3), np.ones(3)) == 0.0


def test_a_report_names_what_is_reached_and_missed() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat([0, 1], 50)
    values = random.uniform(0.0, 0.1, (100, len(CODES) + 1))
    values[50:, CODES.index(12)] += 0.8
    found = report(values, values, labels, unread=3)
    assert found.faces['happiness'] == 50
    assert list(found.distance) == ['happiness']
    bars = {bar['units']: bar for bar in found.bars}
    assert set(bars) == {'12', '6'}
    assert bars['12']['met']
    assert not bars['6']['met']
    figures = found.to_dict()
    assert figures['unread'] == 3
    assert figures['fitted_to_emotion_labels'] == []
    assert set(figures['cohens_d']['happiness']) == {*map(str, CODES), '104'}
    assert 'AU6 happiness' in found.to_text()
    assert 'MISSED' in found.to_text()


def test_the_bars_are_units_and_emotions_that_there_are() -> None:
    for codes, emotion, asked in BARS:
        assert set(codes) <= {*CODES, 104}
        assert emotion in EMOTIONS
        assert asked > 0.0


def test_landmarks_of_another_file_are_refused(tmp_path: Path) -> None:
    npz, known = tmp_path / 'faces.npz', tmp_path / 'landmarks.npz'
    votes = np.zeros((2, 10), np.uint8)
    np.savez(npz, images=np.zeros((2, 48, 48), np.uint8), votes=votes)
    np.savez(known, landmarks=np.zeros((3, 478, 3), np.float32))
    with pytest.raises(DataError, match='expected landmarks'):
        landmarks_of(npz, None, known)  # type: ignore[arg-type]
    known.write_text('no')
    with pytest.raises(DataError, match='expected an npz with landmarks'):
        landmarks_of(npz, None, known)  # type: ignore[arg-type]
