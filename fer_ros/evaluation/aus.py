"""What the action units read on real faces: how far each emotion is from neutral in each unit.

Every face is seen for the first time, so it is compared with the population's neutral. No filter
is fitted to emotion labels (:mod:`fer_ros.training.fit_action_units`); were there any, they would
be listed apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment import Landmarker, align, describe
from fer_ros.errors import DataError
from fer_ros.evaluation.ferplus import load_faces, majority
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.metrics.classes import Labels
from fer_ros.evaluation.stills import Progress, locate_stills
from fer_ros.recognition.action_units import ActionUnitReader
from fer_ros.recognition.au_filters import CODES, OBLIQUE, rows_of, shipped_filters
from fer_ros.recognition.face_shape import face_shape
from fer_ros.recognition.face_texture import face_texture
from fer_ros.roi import roi_from_landmarks
from fer_ros.taxonomy import EMOTIONS, LandmarkScheme
from fer_ros.types import AlignedFace, Face, Float32, Float64, Frame, Landmarks, UInt8

_CROP_PX = 48
_COLUMNS = (*CODES, OBLIQUE)
# What the issue asks: units, emotion, Cohen's d. Units that are joined are read as their mean.
BARS: tuple[tuple[tuple[int, ...], str, float], ...] = (
    ((12,), 'happiness', 2.3),
    ((6,), 'happiness', 1.2),
    ((1,), 'surprise', 1.2),
    ((2,), 'surprise', 1.2),
    ((25,), 'surprise', 2.0),
    ((5,), 'surprise', 0.9),
    ((26,), 'surprise', 0.8),
    ((4,), 'anger', 0.8),
    ((7,), 'anger', 0.5),
    ((15,), 'sadness', 0.4),
    ((OBLIQUE,), 'sadness', 0.4),
    ((9,), 'disgust', 0.6),
)


@dataclass(frozen=True, slots=True, eq=False)
class UnitReport:
    """Distances from neutral.

    :param faces: how many faces each emotion has.
    :param unread: faces without landmarks, which are left out.
    :param distance: Cohen's d of the intensity as published, by emotion and FACS code.
    :param score_distance: the same of the filters' scores, before they become an intensity.
    :param neutral: mean intensity of neutral faces by FACS code: false, and of identity alone.
    :param bars: what is asked and what is reached.
    """

    faces: Mapping[str, int]
    unread: int
    distance: Mapping[str, Mapping[int, float]]
    score_distance: Mapping[str, Mapping[int, float]]
    neutral: Mapping[int, float]
    bars: tuple[Mapping[str, Any], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            'faces': dict(self.faces),
            'unread': self.unread,
            'cohens_d': _plain(self.distance),
            'cohens_d_of_scores': _plain(self.score_distance),
            'false_intensity_of_neutral': {
                str(code): round(value, 3) for code, value in self.neutral.items()
            },
            'bars': [dict(bar) for bar in self.bars],
            'fitted_to_emotion_labels': [],
        }

    def to_text(self) -> str:
        """Return a table for people."""
        emotions = list(self.distance)
        lines = ['  AU  ' + ''.join(f'{emotion:>11}' for emotion in emotions)]
        for code in _COLUMNS:
            row = ''.join(f'{self.distance[emotion].get(code, 0.0):11.2f}' for emotion in emotions)
            lines.append(f' {code:3d}  {row}')
        for bar in self.bars:
            said = 'reached' if bar['met'] else 'MISSED'
            lines.append(
                f'AU{bar["units"]} {bar["emotion"]}: {bar["d"]:.2f}, {bar["asked"]} asked: {said}'
            )
        worst = max(self.neutral, key=lambda code: self.neutral[code])
        lines.append(
            f'neutral at first sight: at most {self.neutral[worst]:.2f} on average (AU{worst})'
        )
        return '\n'.join([*lines, f'{self.unread} faces without landmarks'])


def landmarks_of(
    npz: Path, landmarker: Landmarker, known: Path | None = None, progress: Progress | None = None
) -> Float32:
    """Return (N, 478, 3) landmarks of an npz's faces, NaN where the mesh sees none.

    :param known: npz with the array ``landmarks`` of an earlier run.
    :raises DataError: one of the files is not as it must be.
    """
    images = framed(load_faces(npz), progress).images
    if known is None:
        return locate_stills(images, landmarker, progress=progress)
    try:
        with np.load(known, allow_pickle=False) as archive:
            landmarks: Float32 = archive['landmarks'].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f'{known}: expected an npz with landmarks, found: {error}') from None
    if landmarks.shape != (len(images), 478, 3):
        raise DataError(
            f'{known}: expected landmarks ({len(images)}, 478, 3), found {landmarks.shape}; '
            'find them again'
        )
    return landmarks


def evaluate_aus(npz: Path, landmarks: Float32) -> UnitReport:
    """Read every face of an npz of voted faces and compare each emotion with neutral.

    :param landmarks: (N, 478, 3) of its images, NaN where there are none.
    :raises DataError: the file is not of that format, or shows no neutral face.
    """
    faces = framed(load_faces(npz))
    labels = majority(faces.votes)
    found = np.isfinite(landmarks).all(axis=(1, 2)) & (landmarks.shape[1] > 0)
    scored = found & (labels >= 0)
    if not (labels[scored] == 0).any():
        raise DataError(f'{npz}: expected neutral faces to compare with, found none')
    read = [
        first_sight(image, points)
        for image, points in zip(faces.images[scored], landmarks[scored])
    ]
    intensities = np.array([row for row, _ in read])
    scores = np.array([row for _, row in read])
    return report(intensities, scores, labels[scored], unread=int((labels >= 0).sum()) - len(read))


def first_sight(image: UInt8, points_px: Float32) -> tuple[Float64, Float64]:
    """Return intensities and scores of a face that was never seen before."""
    face, crop = face_of(image, points_px)
    units = ActionUnitReader().read(face, crop, rest=0.0)
    texture = face_texture(crop, face.landmarks_px)
    rows = shipped_filters().scores(face_shape(face.landmarks_px).points_cm, texture)
    # A still has no course over time: a blink is closed eyes.
    scores = [rows[rows_of(43 if code == 45 else code)[-1]] for code in _COLUMNS]
    return np.array([units[code].intensity for code in _COLUMNS]), np.array(scores)


def face_of(image: UInt8, points_px: Float32) -> tuple[Face, AlignedFace]:
    """Return what the rooms make of a still whose landmarks are known."""
    colour = cv2.cvtColor(image, cv2.COLOR_GRAY2RGB) if image.ndim == 2 else image
    frame = Frame(0, 'still', 0, np.asarray(colour, np.uint8))
    scheme = LandmarkScheme.MEDIAPIPE_478
    landmarks = Landmarks(roi_from_landmarks(points_px), points_px, 1.0, scheme)
    face = describe(frame, 'still', landmarks)
    return face, align(frame, face, _CROP_PX)


def report(intensities: Float64, scores: Float64, labels: Labels, *, unread: int) -> UnitReport:
    """Compare emotions with neutral.

    :param intensities, scores: (N, 22), CODES and OBLIQUE.
    :param labels: (N,) of EMOTIONS.
    """
    present = [
        (index, name) for index, name in enumerate(EMOTIONS) if index and (labels == index).any()
    ]
    tables = [
        {
            name: {
                code: cohens_d(values[labels == index, column], values[labels == 0, column])
                for column, code in enumerate(_COLUMNS)
            }
            for index, name in present
        }
        for values in (intensities, scores)
    ]
    bars = []
    for codes, emotion, asked in BARS:
        columns = [_COLUMNS.index(code) for code in codes]
        rows = labels == EMOTIONS.index(emotion)
        if rows.any():
            joined = intensities[:, columns].mean(axis=1)
            d = cohens_d(joined[rows], joined[labels == 0])
            units = '1+4' if codes == (OBLIQUE,) else '+'.join(map(str, codes))
            bars.append(
                {'units': units, 'emotion': emotion, 'asked': asked, 'd': d, 'met': d >= asked}
            )
    counts = {name: int((labels == index).sum()) for index, name in enumerate(EMOTIONS)}
    means = intensities[labels == 0].mean(axis=0).tolist()
    neutral = dict(zip(_COLUMNS, means))
    return UnitReport(counts, unread, tables[0], tables[1], neutral, tuple(bars))


def cohens_d(group: NDArray[np.float64], neutral: NDArray[np.float64]) -> float:
    """Return the difference of means over the pooled standard deviation (Cohen 1988)."""
    n, m = len(group), len(neutral)
    if n + m < 3:
        return 0.0
    squares = ((group - group.mean()) ** 2).sum() + ((neutral - neutral.mean()) ** 2).sum()
    pooled = float(np.sqrt(squares / (n + m - 2)))
    return float(group.mean() - neutral.mean()) / pooled if pooled > 1e-12 else 0.0


def _plain(table: Mapping[str, Mapping[int, float]]) -> dict[str, dict[str, float]]:
    return {
        emotion: {str(code): round(value, 3) for code, value in row.items()}
        for emotion, row in table.items()
    }
