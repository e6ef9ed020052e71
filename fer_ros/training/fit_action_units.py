"""Fit the action units' filters without any emotion label.

``python -m fer_ros.training.fit_action_units --data FERPLUS --out models/data/action_units.npz``

NumPy alone, seeded. Units are drawn, one at a time, into faces of FER+ Training that nearly
everybody calls neutral (:mod:`fer_ros.evaluation.au_warp`) and read back through the mesh: that
is each unit's template. The noise is how neutral people differ, how turned heads and other light
are misread, and the other units. A filter is then the template through the inverse of the noise
(the matched filter), with settings per unit in ``models/training/action-units.csv``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fer_ros.alignment import Landmarker
from fer_ros.config import share_dir
from fer_ros.evaluation.au_drawn import (
    MeshReader,
    neutral_rows,
    places_to_read,
    portraits,
    to_read,
)
from fer_ros.evaluation.au_warp import (
    DRAWN,
    Portrait,
    act,
    follow,
    half_field,
    mirrored,
    relight,
    turn,
)
from fer_ros.evaluation.ferplus import VotedFaces, load_faces
from fer_ros.evaluation.stills import aligned, alignments, locate_stills
from fer_ros.inference.manifest import Task
from fer_ros.inference.onnxruntime_engine import OnnxRuntimeEngine
from fer_ros.inference.store import find_manifest
from fer_ros.recognition.au_filters import (
    FEATURES,
    OBLIQUE,
    OBLIQUE_OF,
    ROWS,
    TWO_SIDED,
    rows_of,
)
from fer_ros.recognition.face_shape import SKIN, face_shape, neutral_face
from fer_ros.recognition.face_texture import CROP_PX, face_texture, texture_at
from fer_ros.taxonomy import EMOTIONS, Emotion
from fer_ros.types import Float32, Float64, UInt8

_SHAPE = SKIN * 3  # features before the texture's
_LIKELY = 0.7  # share of the votes of people whose differences are noise
_TURN_RAD = np.radians(25.0)


@dataclass(frozen=True, slots=True)
class Setting:
    """How one unit's filter is made.

    :param kind: 'filter', or 'measure' for plain distances (``au-measures.csv``).
    :param reach: only points that the muscle moves by this share of its most are read; 0: all.
    :param anatomy: how much of the motion as drawn is added to the template as read.
    :param shape_ridge, texture_ridge: variance added to the noise of each feature; an infinite
        one leaves the features out.
    :param others: weight of the other units in the noise.
    :param smiles: weight of real smiles in the noise, for units that a smile is mistaken for.
    :param furrow: 1 where the furrow between the brows is read, 0 where not.
    """

    code: int
    kind: str
    reach: float
    anatomy: float
    shape_ridge: float
    texture_ridge: float
    others: float
    smiles: float
    furrow: float


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What a fit needs to know.

    :param mean: (FEATURES,) of neutral people.
    :param noise: (FEATURES, FEATURES) covariance of neutral people.
    :param smiles: second moment of how real smiles differ from neutral.
    :param nuisance: second moment of what turned heads and other light change.
    :param templates: by code, mean change by the right half (or both, of a unit without sides).
    :param moments: by code, second moment of the change, both sides.
    :param wobble: (N, FEATURES) the changes by turn and light themselves.
    """

    mean: Float64
    noise: Float64
    smiles: Float64
    nuisance: Float64
    templates: dict[int, Float64]
    moments: dict[int, Float32]
    wobble: Float32


def main() -> None:
    """Fit, report and write."""
    parser = argparse.ArgumentParser(description='Fit the filters of action units on FER+.')
    parser.add_argument('--data', type=Path, required=True, help='folder of ferplus_train.npz')
    parser.add_argument('--landmarks', type=Path, help='npz of landmarks found before')
    parser.add_argument('--out', type=Path, required=True, help='filters to write (.npz)')
    parser.add_argument('--faces', type=int, default=160, help='neutral faces to draw into')
    parser.add_argument('--seed', type=int, default=1)
    options = parser.parse_args()
    landmarker = Landmarker(OnnxRuntimeEngine(find_manifest('facemesh-478', Task.FACE_LANDMARKS)))
    faces = load_faces(options.data / 'ferplus_train.npz')
    if options.landmarks:
        landmarks = np.load(options.landmarks)['landmarks']
    else:
        landmarks = locate_stills(faces.images, landmarker)
    rng = np.random.default_rng(options.seed)
    rows = rng.permutation(neutral_rows(faces, landmarks))[: options.faces]
    drawn = draw(faces, landmarks, rows, MeshReader(landmarker), rng)
    people = population(faces, landmarks)
    smiling = population(faces, landmarks, Emotion.HAPPINESS)
    arrays = filters(statistics(people, smiling, *drawn), settings(), people)
    with options.out.open('wb') as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    print(json.dumps({'faces': len(rows), 'bytes': options.out.stat().st_size}))


def settings() -> list[Setting]:
    """Read the table of settings."""
    path = share_dir() / 'models' / 'training' / 'action-units.csv'
    rows = [line.split(',') for line in path.read_text(encoding='utf-8').splitlines()]
    return [Setting(int(row[0]), row[1], *map(float, row[2:])) for row in rows if row[0][0] != '#']


def measure(code: int) -> Float64:
    """Return (FEATURES,) weights of a right half's measure."""
    path = share_dir() / 'models' / 'training' / 'au-measures.csv'
    weights = np.zeros(FEATURES)
    for unit, point, weight in np.loadtxt(path, delimiter=','):
        if int(unit) == code:
            weights[3 * int(point) + 1] += weight
    return weights


def features(shape_cm: Float64, texture: Float32) -> Float32:
    """Return (FEATURES,) as the filters read them."""
    return np.concatenate([shape_cm[:SKIN].ravel(), texture]).astype(np.float32)


def mirror_of(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return (N, FEATURES) of the mirrored faces."""
    twin = neutral_face().mirror[:SKIN]
    cube = rows[:, :-1].reshape(len(rows), 2, SKIN, 3)[:, :, twin]
    sign = np.ones((2, 1, 3), rows.dtype)
    sign[0, 0, 0] = -1
    # The furrow is looked for on both sides of the middle.
    return np.concatenate([(cube * sign).reshape(len(rows), FEATURES - 1), rows[:, -1:]], axis=1)


def population(
    faces: VotedFaces, landmarks_px: Float32, emotion: Emotion = Emotion.NEUTRAL
) -> Float32:
    """Return (N, FEATURES) of people who likely show an emotion."""
    votes = faces.votes[:, EMOTIONS.index(emotion.value)]
    share = votes / np.maximum(faces.votes.sum(axis=1), 1)
    chosen = np.isfinite(landmarks_px).all(axis=(1, 2)) & (share >= _LIKELY)
    points, images = landmarks_px[chosen], faces.images[chosen]
    matrices = alignments(points, images.shape[1], CROP_PX)
    crops = aligned(images, matrices, CROP_PX)
    return np.stack(
        [
            features(
                face_shape(one).points_cm,
                texture_at(crop, (one[:SKIN, :2] @ m[:, :2].T + m[:, 2]).astype(np.float32)),
            )
            for one, crop, m in zip(points, crops, matrices)
        ]
    )


def draw(
    faces: VotedFaces,
    landmarks_px: Float32,
    rows: NDArray[np.intp],
    reader: MeshReader,
    rng: np.random.Generator,
) -> tuple[dict[int, Float32], Float32]:
    """Draw every unit into every face.

    :return: changes by code at full strength, (N, FEATURES) each, of the right half where a unit
        has two; and the changes by turned heads and other light.
    """
    changes: dict[int, list[Float32]] = {code: [] for code in DRAWN}
    wobble: list[Float32] = []
    for portrait in portraits(faces, landmarks_px, rows.tolist()):

        def seen(image: UInt8, portrait: Portrait = portrait) -> Float32 | None:
            found = reader.read(to_read(image), places_to_read(portrait))
            if found is None:
                return None
            points = found.face.landmarks_px
            return features(face_shape(points).points_cm, face_texture(found.aligned, points))

        base = seen(follow(portrait, portrait.points_px.astype(np.float64)))
        if base is None:
            continue
        for code in DRAWN:
            strength = float(rng.uniform(0.4, 1.0))
            after = seen(act(portrait, code, 0.0 if code in TWO_SIDED else strength, strength))
            if after is not None:
                changes[code].append((after - base) / np.float32(strength))
        for after in map(seen, _disturbed(portrait, rng)):
            if after is not None:
                wobble.append(after - base)
    return {code: np.stack(rows) for code, rows in changes.items()}, np.stack(wobble)


def _disturbed(portrait: Portrait, rng: np.random.Generator) -> list[UInt8]:
    """Return the face turned twice and lit anew once."""
    return [
        *(turn(portrait, rng.uniform(-_TURN_RAD, _TURN_RAD)) for _ in range(2)),
        relight(portrait, rng.uniform(0.0, 2 * np.pi), rng.uniform(0.2, 0.7)),
    ]


def statistics(
    people: Float32, smiling: Float32, changes: dict[int, Float32], wobble: Float32
) -> Statistics:
    """Return mean, noise and templates, everything made symmetric by mirror images."""
    mean = (people.mean(axis=0) + mirror_of(people).mean(axis=0)) / 2
    both = np.concatenate([people, mirror_of(people)]) - mean
    templates, moments = {}, {}
    for code, rows in changes.items():
        twins = mirror_of(rows)
        sides = 1 if code in TWO_SIDED else 2  # of a unit without sides, both are the same event
        templates[code] = np.asarray(
            rows.mean(axis=0) if sides == 1 else (rows + twins).mean(axis=0) / 2, np.float64
        )
        moments[code] = (rows.T @ rows + twins.T @ twins) / np.float32(sides * len(rows))
    one_side = np.sum([templates[code] for code in OBLIQUE_OF], axis=0)
    templates[OBLIQUE] = one_side + mirror_of(one_side[None])[0]
    shaken = np.concatenate([wobble, mirror_of(wobble)])
    # Turn (twice) and light (once) for each face; their moments are added, not averaged.
    nuisance = 2.0 * (shaken.T @ shaken).astype(np.float64) / len(shaken)
    noise = (both.T @ both).astype(np.float64) / len(both)
    smiles = np.concatenate([smiling, mirror_of(smiling)]) - mean
    smiled = (smiles.T @ smiles).astype(np.float64) / len(smiles)
    return Statistics(mean.astype(np.float64), noise, smiled, nuisance, templates, moments, wobble)


def filters(
    found: Statistics, table: list[Setting], people: Float32
) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of the file: weights, offset, spread and jitter by row."""
    weights = np.zeros((ROWS, FEATURES))
    solver = _solver(found)
    for setting in table:
        right = solver(setting)
        left = mirror_of(right[None])[0]
        rows = rows_of(setting.code)
        if len(rows) == 1:
            middle = (right + left) / 2
            weights[rows[0]] = middle / (middle @ found.templates[setting.code])
        else:
            scale = right @ found.templates[setting.code]
            weights[rows[0]], weights[rows[1]] = right / scale, left / scale
            weights[rows[2]] = (weights[rows[0]] + weights[rows[1]]) / 2
    # What a side's filter sees of the other side must not make both of a pair fall short of 1.
    for setting in table:
        rows = rows_of(setting.code)
        if len(rows) == 3:
            template = found.templates[setting.code]
            whole = weights[rows[2]] @ (template + mirror_of(template[None])[0])
            weights[rows[2]] /= whole
    kept = weights.astype(np.float16).astype(np.float32)
    offset = kept @ found.mean
    return {
        'weights': kept.astype(np.float16),
        'offset': offset,
        'spread': (people @ kept.T - offset).std(axis=0),
        'jitter': np.sqrt(((found.wobble @ kept.T) ** 2).mean(axis=0)),
    }


def _solver(found: Statistics) -> Callable[[Setting], Float64]:
    """Return a function that makes the filter of a right half; noise is inverted once a kind."""
    shape = np.arange(FEATURES) < _SHAPE
    noises: dict[tuple[float, ...], Float64] = {}

    def noise(setting: Setting) -> Float64:
        key = setting.shape_ridge, setting.texture_ridge, setting.others, setting.smiles
        if key not in noises:
            total = found.noise + found.nuisance + setting.smiles * found.smiles
            for moment in found.moments.values():
                total += setting.others * moment
            ridge = np.where(shape, setting.shape_ridge, setting.texture_ridge)
            ridge[-1] = 0.0
            total[np.diag_indices(FEATURES)] += np.where(np.isfinite(ridge), ridge, 0.0)
            noises.clear()  # one at a time: each is 60 MB
            noises[key] = total
        return noises[key]

    def solve(setting: Setting) -> Float64:
        if setting.kind == 'measure':
            return measure(setting.code)
        codes = OBLIQUE_OF if setting.code == OBLIQUE else (setting.code,)
        field = np.sum([half_field(code) for code in codes], axis=0)
        if setting.code not in TWO_SIDED:
            field = field + mirrored(field)
        motion = np.concatenate([field[:SKIN].ravel(), np.zeros(FEATURES - _SHAPE)])
        template = found.templates[setting.code] + setting.anatomy * motion
        length = np.linalg.norm(field[:SKIN], axis=1)
        near = np.repeat(length >= setting.reach * length.max(), 3)
        used = np.concatenate([near, near, [setting.furrow > 0]])
        used &= np.where(
            shape, np.isfinite(setting.shape_ridge), np.isfinite(setting.texture_ridge)
        )
        chosen = np.flatnonzero(used)
        right = np.zeros(FEATURES)
        right[chosen] = np.linalg.solve(noise(setting)[np.ix_(chosen, chosen)], template[chosen])
        return right

    return solve


if __name__ == '__main__':
    main()
