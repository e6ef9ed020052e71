"""What adaptation gains and what it costs, on sequences made of faces with votes.

Nobody in FER+ is seen twice, so people are made: a *habit* (brows and corners of the mouth a
little up or down, the same in every picture, by a warp of the image) is given to faces that
others voted on. Such a person is first at rest for a few seconds, then shows expressions that are
scored. Rooms are made by drawing faces so that emotions are as frequent as the room wants it.
Both keep the votes of the untouched faces as the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment import Landmarker
from fer_ros.errors import DataError, ModelError
from fer_ros.evaluation.ferplus import VotedFaces, load_faces, majority
from fer_ros.evaluation.framing import framed
from fer_ros.evaluation.seen import located, prepared
from fer_ros.evaluation.stills import locate_stills
from fer_ros.recognition import AdaptationConfig, Adapter, Reference, StaticRecogniser
from fer_ros.taxonomy import EMOTIONS
from fer_ros.types import Expression, Float32, Float64, UInt8

PEOPLE, FACES = 70, 1000
STEP_NS = 200_000_000
REST_FACES, REST_ROUNDS, SHOWN_FACES = 10, 4, 14  # 8 s at rest, then what is scored
HABIT = 0.07  # deviation of brows and mouth, in distances of the eyes
FACE_STEPS = 5  # a second of each face of a room

# Brows from their inner end outwards, and the corners of the mouth (MediaPipe's indices).
_BROWS, _CORNERS = (55, 107, 66, 285, 336, 296), (61, 291)
_EYES = (33, 263)

# How often each emotion occurs: what is left is shared as in the npz.
ROOMS: dict[str, dict[str, float]] = {
    'as it is': {},
    'cheerful': {'happiness': 0.7},
    'tense': {'anger': 0.3, 'sadness': 0.25, 'fear': 0.1},
    'surprising': {'surprise': 0.5},
    'sober': {'neutral': 0.8},
}

Progress = Callable[[Iterable[int]], Iterable[int]]


@dataclass(frozen=True, slots=True)
class Gain:
    """Accuracy (A8) without and with a correction, 0..1, of n answers."""

    n: int
    plain: float
    adapted: float


@dataclass(frozen=True, slots=True)
class AdaptationReport:
    """Gains of both corrections.

    :param people: of people with a habit: ``all``, ``at rest`` (voted neutral), ``expressive``.
    :param ordinary: of people without one.
    :param rooms: by the name of the room.
    """

    model: str
    people: dict[str, Gain]
    ordinary: dict[str, Gain]
    rooms: dict[str, Gain]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """Return a table for people."""
        groups = (
            ('people with a habit', self.people),
            ('people without', self.ordinary),
            ('rooms', self.rooms),
        )
        lines = [f'{"":20} {"":12} answers   plain adapted    gain']
        for title, gains in groups:
            lines += [
                f'{title:20} {name:12} {gain.n:7d} {gain.plain:7.3f} {gain.adapted:7.3f} '
                f'{gain.adapted - gain.plain:+7.3f}'
                for name, gain in gains.items()
            ]
        return '\n'.join([*lines, self.model])


def evaluate_adaptation(
    npz: Path,
    recogniser: StaticRecogniser,
    landmarker: Landmarker,
    *,
    config: AdaptationConfig | None = None,
    people: int = PEOPLE,
    faces: int = FACES,
    seed: int = 0,
    progress: Progress | None = None,
) -> AdaptationReport:
    """Measure both corrections on an npz with ``images`` and ``votes``.

    :param config: bounds and times; which correction is on is chosen here.
    :param people: as many are made, with a habit and without.
    :param faces: to draw people and rooms from.
    :param progress: wraps the people's numbers, to show how far it is.
    :raises DataError: too few faces, or not of that format.
    :raises ModelError: the model has no reference.
    """
    config = config or AdaptationConfig()
    manifest = recogniser.engine.manifest
    try:
        reference = Reference.from_options(manifest.options, EMOTIONS)
    except ValueError as error:
        raise ModelError(f"model '{manifest.id}': options.{error}") from None
    rng = np.random.default_rng(seed)
    pool = _Pool.drawn(npz, faces, landmarker, rng)
    by_person = _settings(config, person=True)
    with_habit: list[tuple[int, int, int]] = []
    without: list[tuple[int, int, int]] = []
    for _ in progress(range(people)) if progress else range(people):
        rows = pool.person(rng)
        habit = rng.normal(0.0, HABIT, 2)
        for scored, amount in ((with_habit, habit), (without, 0.0 * habit)):
            answers = pool.seen(rows, amount, recogniser, landmarker)
            scored += _lived(answers, pool.labels[rows], Adapter(reference, by_person))
    expressions = pool.seen(np.arange(len(pool.labels)), np.zeros(2), recogniser, landmarker)
    rooms = {
        name: _visited(
            expressions, pool.labels, shares, Adapter(reference, _settings(config, room=True)), rng
        )
        for name, shares in ROOMS.items()
    }
    return AdaptationReport(manifest.id, _gains(with_habit), _gains(without), rooms)


def with_habit(image: UInt8, points: Float32, habit: Float64) -> UInt8:
    """Return the face with brows and corners of the mouth moved down the face.

    :param points: (N, 3) landmarks; without any the image stays as it is.
    :param habit: (2,) brows and corners, in distances of the eyes; up where negative.
    """
    if not len(points) or not np.isfinite(points).all() or not habit.any():
        return image
    along = points[_EYES[1], :2] - points[_EYES[0], :2]
    apart = float(np.hypot(*along))
    down = np.array([-along[1], along[0]]) / apart
    side = image.shape[0]
    rows, columns = np.mgrid[:side, :side].astype(np.float32)
    field = np.zeros((side, side))
    for indices, amount, reach in ((_BROWS, habit[0], 0.16), (_CORNERS, habit[1], 0.2)):
        strongest = np.zeros((side, side))
        for x, y in points[list(indices), :2]:
            squares = (columns + 0.5 - x) ** 2 + (rows + 0.5 - y) ** 2
            strongest = np.maximum(strongest, np.exp(-squares / (2 * (reach * apart) ** 2)))
        field += strongest * amount * apart
    from_x = (columns - field * down[0]).astype(np.float32)
    from_y = (rows - field * down[1]).astype(np.float32)
    moved = cv2.remap(image, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class _Pool:
    """Faces to make people and rooms of."""

    faces: VotedFaces
    labels: NDArray[np.int64]
    points: Float32

    @classmethod
    def drawn(
        cls, npz: Path, count: int, landmarker: Landmarker, rng: np.random.Generator
    ) -> _Pool:
        """Draw faces that A8 scores."""
        voted = load_faces(npz)
        rows = np.flatnonzero(majority(voted.votes) >= 0)
        kept = np.zeros(len(voted.votes), bool)
        kept[rng.permutation(rows)[:count]] = True
        faces = voted.take(kept) if kept.any() else voted
        labels = majority(faces.votes)
        if (labels == 0).sum() < REST_FACES or (labels > 0).sum() < SHOWN_FACES:
            raise DataError(
                f'{npz}: expected {REST_FACES} neutral faces and {SHOWN_FACES} others, found '
                f'{int((labels == 0).sum())} and {int((labels > 0).sum())}; use a larger set'
            )
        faces = framed(faces)
        return cls(faces, labels, locate_stills(faces.images, landmarker))

    def person(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw rows: neutral faces for the rest, then faces as they come."""
        neutral = rng.permutation(np.flatnonzero(self.labels == 0))[:REST_FACES]
        others = np.setdiff1d(np.arange(len(self.labels)), neutral)
        return np.concatenate([neutral, rng.permutation(others)[:SHOWN_FACES]])

    def seen(
        self,
        rows: NDArray[np.int64],
        habit: Float64,
        recogniser: StaticRecogniser,
        landmarker: Landmarker,
    ) -> list[Expression]:
        """Return what is recognised in faces, after a habit was given to them."""
        images = [with_habit(self.faces.images[row], self.points[row], habit) for row in rows]
        points = located(images, landmarker) if habit.any() else self.points[rows]
        size = recogniser.engine.manifest.input.width
        aligned = [prepared(image, row, size)[0] for image, row in zip(images, points)]
        answers: list[Expression] = []
        for start in range(0, len(aligned), 64):
            answers += recogniser.recognise(aligned[start : start + 64])
        return answers


def _settings(
    config: AdaptationConfig, *, person: bool = False, room: bool = False
) -> AdaptationConfig:
    """Return the settings with one correction on."""
    values = {name: getattr(config, name) for name in AdaptationConfig.__slots__}
    return AdaptationConfig(**{**values, 'person': person, 'room': room})


def _lived(
    answers: Sequence[Expression], labels: NDArray[np.int64], adapter: Adapter
) -> list[tuple[int, int, int]]:
    """Let a person rest, then score: label, plain answer, adapted answer."""
    stamp_ns = 0
    for answer in [*answers[:REST_FACES]] * REST_ROUNDS:
        stamp_ns += STEP_NS
        adapter.adapt('person', answer, stamp_ns=stamp_ns)
    scored = []
    for answer, label in zip(answers[REST_FACES:], labels[REST_FACES:]):
        stamp_ns += STEP_NS
        adapted = adapter.adapt('person', answer, stamp_ns=stamp_ns)
        scored.append((int(label), _index(answer), _index(adapted)))
    return scored


def _visited(
    answers: Sequence[Expression],
    labels: NDArray[np.int64],
    shares: dict[str, float],
    adapter: Adapter,
    rng: np.random.Generator,
) -> Gain:
    """Meet faces one after the other in a room where emotions have these shares."""
    counts = np.bincount(labels, minlength=len(EMOTIONS)).astype(np.float64)
    wanted = np.array([shares.get(name, np.nan) for name in EMOTIONS])
    others = np.where(np.isnan(wanted), counts, 0.0)
    rest = 1.0 - float(np.nansum(wanted))
    wanted = np.where(np.isnan(wanted), rest * others / max(float(others.sum()), 1.0), wanted)
    weights = np.divide(wanted, counts, out=np.zeros_like(wanted), where=counts > 0)[labels]
    met = rng.choice(len(labels), len(labels), p=weights / weights.sum())
    scored = []
    for number, row in enumerate(met):
        for step in range(FACE_STEPS):
            stamp_ns = (number * FACE_STEPS + step) * STEP_NS
            adapted = adapter.adapt(f'f{number}', answers[row], stamp_ns=stamp_ns)
        adapter.forget([f'f{number}'])
        scored.append((int(labels[row]), _index(answers[row]), _index(adapted)))
    return _gain(np.array(scored))


def _index(expression: Expression) -> int:
    """Return the place of the dominant label."""
    return int(expression.probabilities.argmax())


def _gains(scored: list[tuple[int, int, int]]) -> dict[str, Gain]:
    """Score all answers, those at rest and the others."""
    rows = np.array(scored)
    neutral = rows[:, 0] == 0
    groups = {'all': rows, 'at rest': rows[neutral], 'expressive': rows[~neutral]}
    return {name: _gain(group) for name, group in groups.items()}


def _gain(rows: NDArray[np.int64]) -> Gain:
    """Score label, plain and adapted answer, (N, 3)."""
    if not len(rows):
        return Gain(0, 0.0, 0.0)
    plain, adapted = ((rows[:, 0] == rows[:, column]).mean() for column in (1, 2))
    return Gain(len(rows), float(plain), float(adapted))
