"""Real faces with one action unit drawn into them: what the muscle moves, and the folds it makes.

The mesh is pushed along the unit's direction in the head's own axes (``au_fields.csv``), the image
follows it triangle by triangle, and the light changes along its folds (``au_folds.csv``). The
result is an image: what the mesh and the patches read from it is up to them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.recognition.face_shape import SKIN, face_shape, neutral_face
from fer_ros.types import Float32, Float64, UInt8

# Inner edges of lips and lids, the subject's right corner first.
UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_LID = (246, 161, 160, 159, 158, 157, 173)
LOWER_LID = (7, 163, 144, 145, 153, 154, 155)
_EYE = (33, *UPPER_LID, 133)
_CLOSED = 0.92  # share of the gap between the lids that is gone at full strength
_MIDLINE_CM = 0.6  # over this distance a half's motion fades into the other half's
# Rings around the face: their size / the face's, and the share of its motion that they join in.
_RINGS = ((1.35, 0.7), (2.2, 0.0))
_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

TWO_SIDED = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 20, 43)
DRAWN = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25, 26, 27, 28, 43)


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """An image of one face and its mesh.

    :param pixels: (S, S) or (S, S, 3) uint8.
    :param points_px: (478, 3) in its pixels.
    :param way: which of the ways to furrow that people have this one has, from 1 on; beyond
        those that a unit has, the first again.
    """

    pixels: UInt8
    points_px: Float32
    way: int = 1


@dataclass(frozen=True, slots=True)
class Fold:
    """A line of changed light; points are pairs of mesh points, whose middle is meant."""

    way: int
    width_cm: float
    shade: float
    points: tuple[tuple[int, int], ...]


def act(portrait: Portrait, code: int, left: float, right: float | None = None) -> UInt8:
    """Return the image with one action unit at these strengths, 0..1.

    :param right: as the left side where it is not given.
    """
    right = left if right is None else right
    moved = moved_points(portrait, code, left, right)
    image = follow(portrait, moved)
    image = _open_mouth(image, portrait.points_px, moved)
    return _shaded(image, portrait, moved, code, left, right)


def turn(portrait: Portrait, yaw_rad: float) -> UInt8:
    """Return the image with the head turned to the subject's left, by its mesh."""
    points = portrait.points_px.astype(np.float64)
    centre = points[[234, 454]].mean(axis=0)
    cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
    offset = points - centre
    moved = points.copy()
    # z points away from the camera: turning to the left (image right) moves near points there.
    moved[:, 0] = centre[0] + cos * offset[:, 0] - sin * offset[:, 2]
    moved[:, 2] = centre[2] + sin * offset[:, 0] + cos * offset[:, 2]
    return follow(portrait, moved)


def relight(portrait: Portrait, angle_rad: float, strength: float) -> UInt8:
    """Return the image with light from one side: a slope across it, and another gamma."""
    height, width = portrait.pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    slope = (x / width - 0.5) * math.cos(angle_rad) + (y / height - 0.5) * math.sin(angle_rad)
    gain = np.exp(2.0 * strength * slope)
    grey = (portrait.pixels / 255.0) ** (1.0 + 0.5 * strength)
    lit = grey * (gain if portrait.pixels.ndim == 2 else gain[:, :, None])
    return np.asarray(np.clip(255.0 * lit, 0, 255), np.uint8)


def moved_points(portrait: Portrait, code: int, left: float, right: float) -> Float64:
    """Return where the mesh is with the unit: (478, 3) in pixels."""
    points = portrait.points_px.astype(np.float64)
    field = right * half_field(code) + left * mirrored(half_field(code))
    moved: Float64 = points.copy()
    moved[:SKIN] += field[:SKIN] @ face_shape(portrait.points_px).head_to_frame.T
    if code == 43:
        mirror = neutral_face().mirror
        for strength, upper, lower in (
            (right, UPPER_LID, LOWER_LID),
            (left, mirror[list(UPPER_LID)], mirror[list(LOWER_LID)]),
        ):
            gap = points[list(lower)] - points[list(upper)]
            moved[list(upper)] = points[list(upper)] + _CLOSED * strength * gap
    return moved


def mirrored(field: Float64) -> Float64:
    """Return the same motion of the other half."""
    twin: Float64 = field[neutral_face().mirror] * (-1.0, 1.0, 1.0)
    return twin


@functools.cache
def half_field(code: int) -> Float64:
    """Return (478, 3) centimetres that the right half's muscles move each point by."""
    points = neutral_face().points_cm
    rows = [row for row in _controls() if row[0] == code]
    weights = np.zeros((len(rows), len(points)))
    vectors = np.zeros((len(rows), 3))
    for index, (_, part, point, out, up, forward, radius) in enumerate(rows):
        distance = np.linalg.norm(points - points[point], axis=1)
        weights[index] = np.exp(-0.5 * (distance / radius) ** 2) * _parts()[part]
        vectors[index] = (-out, up, forward)
    total = np.maximum(weights.sum(axis=0), 1.0)
    fade = 1.0 / (1.0 + np.exp(4.0 * points[:, 0] / _MIDLINE_CM))
    field: Float64 = (weights / total).T @ vectors * fade[:, None]
    return field


def follow(portrait: Portrait, moved: Float64) -> UInt8:
    """Return the image whose triangles go where the mesh goes; around the face it stays."""
    pixels = portrait.pixels
    height, width = pixels.shape[:2]
    before = portrait.points_px.astype(np.float64)
    source, target = _with_rings(before, before), _with_rings(before, moved)
    owner = np.full((height, width), -1, np.int32)
    triangles = _triangles()
    corners = target[triangles]
    # Near triangles over far ones, as a turned head hides its own cheek.
    order = np.argsort(-corners[:, :, 2].mean(axis=1))
    fixed = np.round((corners[:, :, :2] - 0.5) * 16).astype(np.int32)
    for index in order.tolist():
        cv2.fillConvexPoly(owner, fixed[index], index, cv2.LINE_8, 4)
    y, x = np.mgrid[0:height, 0:width]
    flow = np.stack([x, y], axis=2).astype(np.float32)
    inside = owner >= 0
    flow[inside] = _source_of(
        flow[inside], owner[inside], source[triangles, :2], corners[:, :, :2]
    )
    image: UInt8 = cv2.remap(pixels, flow, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return image


def _source_of(xy: Float32, owner: NDArray[np.int32], source: Float64, target: Float64) -> Float32:
    """Return where pixels of the target come from, by the affine map of their triangle."""
    edges = np.stack([target[:, 1] - target[:, 0], target[:, 2] - target[:, 0]], axis=2)
    determinant = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    flat = np.abs(determinant) < 1e-6
    edges[flat] = np.eye(2)
    inverse = np.linalg.inv(edges)
    origin = source[:, 1:] - source[:, :1]
    matrix = np.swapaxes(origin, 1, 2) @ inverse
    offset = xy + 0.5 - target[owner, 0]
    shares = np.einsum('nij,nj->ni', matrix[owner], offset)
    return np.asarray(source[owner, 0] + shares - 0.5, np.float32)


def _open_mouth(image: UInt8, before: Float32, after: Float64) -> UInt8:
    """Darken what parted lips show, as far as they part."""
    upper, lower = after[list(UPPER_LIP), :2], after[list(LOWER_LIP), :2]
    gap = float((lower - upper)[3:8, 1].mean())
    was = float((before[list(LOWER_LIP), 1] - before[list(UPPER_LIP), 1])[3:8].mean())
    width = float(np.linalg.norm(upper[-1] - upper[0]))
    share = min(max((gap - max(was, 0.0)) / max(0.06 * width, 1e-6), 0.0), 1.0)
    if share <= 0.0:
        return image
    mask = np.zeros(image.shape[:2], np.uint8)
    contour = np.concatenate([upper, lower[::-1]])
    cv2.fillPoly(mask, [np.round((contour - 0.5) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), max(0.01 * width, 0.3)).astype(np.float32) / 255.0
    soft *= share
    top = int(upper[:, 1].min())
    skin = np.median(image[max(top - 8, 0) : top + 1], (0, 1))
    alpha = soft if image.ndim == 2 else soft[:, :, None]
    return np.asarray(image * (1.0 - alpha) + 0.3 * skin * alpha, np.uint8)


def _shaded(
    image: UInt8, portrait: Portrait, moved: Float64, code: int, left: float, right: float
) -> UInt8:
    """Draw the unit's folds and bulges at the moved mesh."""
    scale = float(np.linalg.norm(face_shape(portrait.points_px).head_to_frame, axis=1)[0])
    mirror = neutral_face().mirror
    gain = np.ones(image.shape[:2], np.float32)
    for fold in _folds_of(code, portrait.way):
        for strength, twin in ((right, False), (left, True)):
            if strength > 0.0:
                pairs = np.array(fold.points)
                pairs = mirror[pairs] if twin else pairs
                gain -= strength * _profile(image, moved[pairs, :2].mean(axis=1), fold, scale)
    shaded = image * (gain if image.ndim == 2 else gain[:, :, None])
    return np.asarray(np.clip(shaded, 0, 255), np.uint8)


def _profile(image: UInt8, line: Float64, fold: Fold, scale: float) -> Float32:
    """Return the light lost around a line: its core, less half of that in its flanks."""
    sigma = max(fold.width_cm * scale, 0.6)
    canvas = np.zeros(image.shape[:2], np.uint8)
    dots = np.round((line - 0.5) * 16).astype(np.int32)
    thick = max(round(sigma), 1)
    if len(dots) == 1:
        centre = (int(dots[0, 0]), int(dots[0, 1]))
        cv2.circle(canvas, centre, round(16 * sigma), 255, -1, cv2.LINE_AA, 4)
    else:
        cv2.polylines(canvas, [dots], False, 255, thick, cv2.LINE_AA, 4)
    core = cv2.GaussianBlur(canvas.astype(np.float32), (0, 0), sigma)
    core /= max(float(core.max()), 1e-6)
    flanks = cv2.GaussianBlur(core, (0, 0), 2.0 * sigma)
    return np.asarray(fold.shade * (core - flanks), np.float32)


def _with_rings(points: Float64, moved: Float64) -> Float64:
    """Return the moved skin and the rings around it: (540, 3)."""
    oval, motion = points[list(_OVAL)], (moved - points)[list(_OVAL)]
    centre = oval.mean(axis=0)
    rings = [centre + size * (oval - centre) + share * motion for size, share in _RINGS]
    return np.concatenate([moved[:SKIN], *rings])


@functools.cache
def _triangles() -> NDArray[np.int32]:
    """Return (T, 3) triangles of the neutral mesh seen from the front, with its ring."""
    face = neutral_face().points_cm
    points = _with_rings(face, face)[:, :2].astype(np.float32)
    low, high = points.min(axis=0) - 1.0, points.max(axis=0) + 1.0
    plane = cv2.Subdiv2D((float(low[0]), float(low[1]), *map(float, high - low)))
    for x, y in points.tolist():
        plane.insert((x, y))
    corners = np.asarray(plane.getTriangleList()).reshape(-1, 3, 2)
    index = np.linalg.norm(corners[:, :, None] - points, axis=3)
    inside = index.min(axis=2).max(axis=1) < 1e-3
    return np.asarray(index.argmin(axis=2)[inside], np.int32)


@functools.cache
def _parts() -> Mapping[str, Float64]:
    """Return, for each part, 1 for the points of its side of the seam and 0 for the others."""
    points = neutral_face().points_cm
    mirror = neutral_face().mirror
    mouth = _above(points, points[list(UPPER_LIP)] - (0, 0.05, 0))
    mouth[list(UPPER_LIP[1:-1])], mouth[list(LOWER_LIP[1:-1])] = 1.0, 0.0
    eye = _above(points, (points[list(_EYE)] + points[[33, *LOWER_LID, 133]]) / 2)
    eye[list(UPPER_LID)], eye[list(LOWER_LID)] = 1.0, 0.0
    other = points[:, 0] > 0
    eye[other] = eye[mirror[other]]
    return {
        'any': np.ones(len(points)),
        'above_mouth': mouth,
        'below_mouth': 1.0 - mouth,
        'above_eye': eye,
        'below_eye': 1.0 - eye,
    }


def _above(points: Float64, seam: Float64) -> Float64:
    """Return 1 for the points above a seam, which goes on level beyond its ends."""
    order = np.argsort(seam[:, 0])
    height = np.interp(points[:, 0], seam[order, 0], seam[order, 1])
    return np.asarray(points[:, 1] > height, np.float64)


def _rows(name: str) -> list[list[str]]:
    text = resources.files(__package__).joinpath(name).read_text(encoding='utf-8')
    return [line.split(',') for line in text.splitlines() if line and not line.startswith('#')]


@functools.cache
def _controls() -> list[tuple[int, str, int, float, float, float, float]]:
    return [
        (int(code), part, int(point), float(out), float(up), float(forward), float(radius))
        for code, part, point, out, up, forward, radius in _rows('au_fields.csv')
    ]


def ways(code: int) -> int:
    """Return in how many ways people furrow with a unit."""
    return max((1, *(fold.way for fold in _folds().get(code, ()))))


def _folds_of(code: int, way: int) -> list[Fold]:
    """Return the folds of everybody and those of one way."""
    chosen = 1 + (way - 1) % ways(code)
    return [fold for fold in _folds().get(code, ()) if fold.way in (0, chosen)]


@functools.cache
def _folds() -> Mapping[int, tuple[Fold, ...]]:
    table: dict[int, tuple[Fold, ...]] = {}
    for code, way, width, shade, places in _rows('au_folds.csv'):
        points = tuple(
            (int(place.split('+')[0]), int(place.split('+')[-1])) for place in places.split()
        )
        fold = Fold(int(way), float(width), float(shade), points)
        table[int(code)] = (*table.get(int(code), ()), fold)
    return table
