"""Whether an action unit is read, and nothing else: units drawn one at a time into neutral faces.

Each face is first seen at rest for a while, so that its own neutral is known, then with one unit
at half and at full strength, with half a smile, turned, and lit anew. What a unit reads when
another is drawn is cross-talk; what it reads when nothing is drawn is a false intensity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fer_ros.evaluation.au_drawn import MeshReader, ReadFace, places_to_read, to_read
from fer_ros.evaluation.au_warp import Portrait, act, follow, relight, turn, ways
from fer_ros.recognition.action_units import ActionUnitReader
from fer_ros.recognition.au_filters import BLINK, CODES
from fer_ros.types import ActionUnit, Float32, Float64, UInt8

STRENGTHS = (0.5, 1.0)
TURNS_DEG = (-20.0, 20.0)
LIGHTS = ((0.0, 0.5), (math.pi / 2, 0.5), (math.pi, 0.5))  # direction and strength
_REST_FRAMES, _REST_STEP_NS = 100, 100_000_000
_STEP_NS = 1_000_000_000  # between drawings: nothing moves fast
_BLINK_STEP_NS = 60_000_000
_FROWN = 4
_SIDE_LEAD = 0.2  # by which the side that smiles must be ahead

Progress = Callable[[Iterable[Portrait]], Iterable[Portrait]]


@dataclass(frozen=True, slots=True, eq=False)
class Crosstalk:
    """What was read; rows are units drawn, columns units read, both in the order of CODES.

    :param faces: how many neutral faces were used.
    :param half, full: (21, 21) mean intensities with the row's unit at half and full strength.
    :param sides: share of half-smiles whose side was told.
    :param turned, lit, unknown: (21,) mean false intensities of a turned head, of other light,
        and of a neutral face at first sight; and of each the 95th percentile.
    :param reliability: (21,) correlation of what is read with what was drawn, over everything.
    :param frowns: mean intensity of unit 4 at full strength, for each way to furrow.
    """

    faces: int
    half: Float64
    full: Float64
    sides: float
    turned: Float64
    lit: Float64
    unknown: Float64
    percentiles: Float64
    reliability: Float64
    frowns: Float64

    @property
    def hits(self) -> list[int]:
        """Units that rise most when they are drawn."""
        return [code for index, code in enumerate(CODES) if self.full[index].argmax() == index]

    @property
    def monotonic(self) -> list[int]:
        """Units that are read stronger when they are drawn stronger."""
        return [
            code
            for index, code in enumerate(CODES)
            if self.full[index, index] > self.half[index, index]
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        rows = ('turned', 'lit', 'unknown')
        return {
            'faces': self.faces,
            'codes': list(CODES),
            'full': np.round(self.full, 3).tolist(),
            'half': np.round(self.half, 3).tolist(),
            'rises_most': self.hits,
            'monotonic': self.monotonic,
            'half_smiles_told': round(self.sides, 3),
            'frowns': np.round(self.frowns, 3).tolist(),
            'false_intensity': {
                name: {str(c): round(float(v), 3) for c, v in zip(CODES, getattr(self, name))}
                for name in rows
            },
            'false_intensity_p95': {
                name: {str(c): round(float(v), 3) for c, v in zip(CODES, row)}
                for name, row in zip(rows, self.percentiles)
            },
            'reliability': {str(c): round(float(v), 3) for c, v in zip(CODES, self.reliability)},
        }

    def to_markdown(self) -> str:
        """Return the matrix at full strength as a table, in hundredths."""
        head = '| drawn \\ read | ' + ' | '.join(map(str, CODES)) + ' |'
        rule = '| --- ' * (len(CODES) + 1) + '|'
        rows = [
            f'| **{code}** | '
            + ' | '.join(
                f'**{100 * value:.0f}**' if column == index else f'{100 * value:.0f}'
                for column, value in enumerate(self.full[index])
            )
            + ' |'
            for index, code in enumerate(CODES)
        ]
        false = [
            f'| {name} | ' + ' | '.join(f'{100 * value:.0f}' for value in row) + ' |'
            for name, row in (
                ('head turned 20 deg', self.turned),
                ('other light', self.lit),
                ('first sight', self.unknown),
            )
        ]
        return '\n'.join([head, rule, *rows, *false])


def measure(
    faces: Sequence[Portrait], mesh: MeshReader, progress: Progress | None = None
) -> Crosstalk:
    """Draw every unit into every face and read it back."""
    seen = [_session(face, mesh) for face in (progress(faces) if progress else faces)]
    sessions = [session for session in seen if session is not None]
    truth = np.concatenate([session.truth for session in sessions])
    read = np.concatenate([session.read for session in sessions])
    false = {
        name: np.concatenate([getattr(session, name) for session in sessions])
        for name in ('turned', 'lit', 'unknown')
    }
    half, full = (
        np.stack([read[truth[:, index] == strength].mean(axis=0) for index in range(len(CODES))])
        for strength in STRENGTHS
    )
    undisturbed = np.concatenate([false['turned'], false['lit']])
    return Crosstalk(
        faces=len(sessions),
        half=half,
        full=full,
        sides=float(np.mean([side for session in sessions for side in session.sides])),
        turned=false['turned'].mean(axis=0),
        lit=false['lit'].mean(axis=0),
        unknown=false['unknown'].mean(axis=0),
        percentiles=np.stack([np.percentile(rows, 95, axis=0) for rows in false.values()]),
        reliability=_correlations(
            np.concatenate([truth, np.zeros_like(undisturbed)]),
            np.concatenate([read, undisturbed]),
        ),
        frowns=np.nanmean([session.frowns for session in sessions], axis=0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Session:
    """One face: (N, 21) drawn and read, half-smiles told or not, frowns, false intensities."""

    truth: Float64
    read: Float64
    sides: tuple[bool, ...]
    frowns: tuple[float, ...]
    turned: Float64
    lit: Float64
    unknown: Float64


def _session(portrait: Portrait, mesh: MeshReader) -> _Session | None:
    """Show one face in every way; None where the mesh loses it."""
    sitter = _Sitter(portrait, mesh)
    base = follow(portrait, portrait.points_px.astype(np.float64))
    unknown = sitter.rest(base)
    if unknown is None:
        return None
    truth, read = [], []
    for column, code in enumerate(CODES):
        for strength in STRENGTHS:
            found = (
                sitter.blink(base, strength)
                if code == BLINK
                else sitter.show(act(portrait, code, strength))
            )
            if found is not None:
                row = np.zeros(len(CODES))
                row[column] = strength
                truth.append(row)
                read.append(_row(found))
    return _Session(
        np.array(truth),
        np.array(read),
        tuple(_smiles(portrait, sitter)),
        tuple(_frowns(portrait, sitter)),
        sitter.rows(turn(portrait, math.radians(degrees)) for degrees in TURNS_DEG),
        sitter.rows(relight(portrait, *light) for light in LIGHTS),
        _row(unknown)[None],
    )


def _smiles(portrait: Portrait, sitter: _Sitter) -> Iterable[bool]:
    """Yield whether the side of each half-smile was told."""
    for left, right in ((1.0, 0.0), (0.0, 1.0)):
        found = sitter.show(act(portrait, 12, left, right))
        if found is not None:
            lead = (found[12].left or 0.0) - (found[12].right or 0.0)
            yield (lead if left else -lead) > _SIDE_LEAD


def _frowns(portrait: Portrait, sitter: _Sitter) -> Iterable[float]:
    """Yield how strong a frown is with each way to furrow; nan where the mesh loses the face."""
    for way in range(1, ways(_FROWN) + 1):
        found = sitter.show(act(replace(portrait, way=way), _FROWN, 1.0))
        yield math.nan if found is None else found[_FROWN].intensity


class _Sitter:
    """A face that is looked at over time, as the pipeline would."""

    def __init__(self, portrait: Portrait, mesh: MeshReader) -> None:
        self._portrait = portrait
        self._places: Float32 = places_to_read(portrait)
        self._mesh = mesh
        self._reader = ActionUnitReader()
        self._stamp_ns = 0

    def rest(self, image: UInt8) -> dict[int, ActionUnit] | None:
        """Look at the face at rest until its neutral is known; return the first sight."""
        found = self._look(image)
        if found is None:
            return None
        first = self._read(found, rest=1.0)
        for _ in range(_REST_FRAMES):
            self._stamp_ns += _REST_STEP_NS
            self._read(found, rest=1.0)
        return first

    def show(self, image: UInt8, step_ns: int = _STEP_NS) -> dict[int, ActionUnit] | None:
        """Look at a drawn image; it teaches nothing."""
        self._stamp_ns += step_ns
        found = self._look(image)
        return None if found is None else self._read(found, rest=0.0)

    def rows(self, images: Iterable[UInt8]) -> Float64:
        """Return (N, 21) intensities of images in which nothing is drawn."""
        found = [self.show(image) for image in images]
        return np.array([_row(units) for units in found if units is not None]).reshape(-1, 21)

    def blink(self, base: UInt8, strength: float) -> dict[int, ActionUnit] | None:
        """Close and open the lids within a fifth of a second; return the frame of the closure."""
        if self.show(base) is None:
            return None
        closed = self.show(act(self._portrait, 43, strength), _BLINK_STEP_NS)
        self.show(base, _BLINK_STEP_NS)
        return closed

    def _look(self, image: UInt8) -> ReadFace | None:
        small = to_read(image)
        return self._mesh.read(small, self._places, stamp_ns=self._stamp_ns)

    def _read(self, found: ReadFace, *, rest: float) -> dict[int, ActionUnit]:
        face = replace(found.face, stamp_ns=self._stamp_ns)
        return self._reader.read(face, found.aligned, rest=rest)


def _row(units: dict[int, ActionUnit]) -> Float64:
    """Return the intensities of the CODES."""
    return np.array([units[code].intensity for code in CODES])


def _correlations(truth: Float64, read: Float64) -> Float64:
    """Return (21,) Pearson correlations; 0 where nothing was ever read."""
    a, b = truth - truth.mean(axis=0), read - read.mean(axis=0)
    length = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.where(length > 0, (a * b).sum(axis=0) / np.maximum(length, 1e-12), 0.0)
