"""Occluders drawn on faces, to fit and to test the occlusion net: they are no photographs."""

from __future__ import annotations

from enum import Enum

import cv2
import numpy as np

from fer_ros.types import Float32, Float64, UInt8

# A surgical mask's outline: over the nose, along the cheeks, below the chin.
_MASK = (93, 197, 323, 361, 397, 365, 152, 136, 172, 132)
_EYES = ((33, 133), (362, 263))


class Half(Enum):
    """What an occluder hides."""

    UPPER = 'upper'
    LOWER = 'lower'


def occlude(
    pixels: UInt8,
    points_px: Float32,
    half: Half,
    rng: np.random.Generator,
    textures: UInt8,
) -> UInt8:
    """Return the image with both eyes or the mouth hidden.

    :param pixels: (H, W, 3).
    :param points_px: (468 or 478, 3) landmarks of the face.
    :param textures: (N, H, W) grey images to cut some of the occluders from.
    """
    shape, worn = _shape(pixels.shape[:2], points_px, half, rng)
    if worn and rng.random() < 0.7:  # dark glasses with reflections, a pale mask with shading
        level = rng.uniform(5, 80) if half is Half.UPPER else rng.uniform(60, 245)
        texture = np.clip(level + _smooth(pixels.shape[:2], rng, rng.uniform(3, 25)), 0, 255)
    else:
        texture = _texture(pixels.shape[:2], points_px, pixels, rng, textures)
    edge = rng.uniform(0.7, 2.5)
    alpha = cv2.GaussianBlur(shape, (0, 0), edge).astype(np.float32)[:, :, None] / 255.0
    mixed = pixels * (1.0 - alpha) + texture[:, :, None] * alpha
    hidden: UInt8 = mixed.astype(np.uint8)
    return hidden


def _shape(
    size: tuple[int, int], points_px: Float32, half: Half, rng: np.random.Generator
) -> tuple[UInt8, bool]:
    """Draw a bar, an oval, or what people wear: glasses and masks; and tell which."""
    mask = np.zeros(size, np.uint8)
    points = points_px[:, :2]
    apart = points[263] - points[33]
    span = float(np.hypot(*apart))
    tilt = float(np.degrees(np.arctan2(apart[1], apart[0]))) + rng.normal(0, 6)
    if half is Half.UPPER:
        centre = (points[33] + points[263]) / 2
        width, height = span * rng.uniform(1.2, 1.7), span * rng.uniform(0.4, 0.9)
    else:
        centre = (points[61] + points[291]) / 2
        mouth = points[[61, 291, 0, 17]]
        wide, high = np.ptp(mouth, axis=0).tolist()
        width = max(wide, 0.6 * span) * rng.uniform(1.15, 2.2)
        height = max(high, 0.3 * span) * rng.uniform(1.2, 2.4)
    centre = centre + rng.normal(0, 0.03 * span, 2)
    kind = int(rng.integers(3))
    if kind == 0:
        corners = cv2.boxPoints((centre.tolist(), (width, height), tilt))
        cv2.fillPoly(mask, [corners.astype(np.int32)], 255)
    elif kind == 1:
        cv2.ellipse(mask, (centre.tolist(), (1.2 * width, 1.3 * height), tilt), 255, -1)
    elif half is Half.UPPER:
        axes = (span * rng.uniform(0.4, 0.58), span * rng.uniform(0.25, 0.45))
        for outer, inner in _EYES:
            middle = (points[outer] + points[inner]) / 2
            cv2.ellipse(mask, (middle.tolist(), axes, tilt), 255, -1)
        middle_y = float((points[133] + points[362])[1] / 2)
        cv2.line(mask, _pixel(points[133, 0], middle_y), _pixel(points[362, 0], middle_y), 255, 3)
    else:
        cv2.fillPoly(mask, [points[list(_MASK)].astype(np.int32)], 255)
    return mask, kind == 2


def _pixel(x: float, y: float) -> tuple[int, int]:
    """Round a point."""
    return round(float(x)), round(float(y))


def _texture(
    size: tuple[int, int],
    points_px: Float32,
    pixels: UInt8,
    rng: np.random.Generator,
    textures: UInt8,
) -> Float64:
    """Return (H, W) grey: plain, shaded, blotched, cut from an image, striped, or a hand."""
    kind = rng.integers(6)
    if kind == 0:
        grey = np.full(size, rng.uniform(5, 250))
    elif kind == 1:
        grey = rng.uniform(30, 220) + _smooth(size, rng, 30.0)
    elif kind == 2:
        cells = rng.uniform(0, 255, rng.integers(4, 20, 2))
        grey = cv2.resize(cells, size[::-1], interpolation=cv2.INTER_LINEAR)
    elif kind == 3:
        cut = textures[rng.integers(len(textures))]
        top, left = rng.integers(0, cut.shape[0] // 2), rng.integers(0, cut.shape[1] // 2)
        part = cut[top : top + cut.shape[0] // 2, left : left + cut.shape[1] // 2][::-1]
        grey = cv2.resize(part.astype(np.float64), size[::-1], interpolation=cv2.INTER_CUBIC)
    elif kind == 4:
        grey = rng.uniform(60, 190) + _stripes(size, rng) * rng.uniform(10, 60)
    else:  # a hand: the face's own skin, fingers apart by narrow shadows
        x, y = points_px[50, :2].clip(0, np.array(size[::-1]) - 1).astype(int)
        skin = float(pixels[y, x].mean()) + rng.normal(0, 10)
        grey = skin - rng.uniform(15, 60) * np.abs(_stripes(size, rng)) ** 6
        grey = grey + _smooth(size, rng, 10.0)
    return np.clip(grey + rng.normal(0, 3, size), 0, 255)


def _smooth(size: tuple[int, int], rng: np.random.Generator, strength: float) -> Float64:
    """Return soft shading around 0."""
    cells = rng.normal(0, strength, (3, 3))
    shading: Float64 = cv2.resize(cells, size[::-1], interpolation=cv2.INTER_CUBIC)
    return shading


def _stripes(size: tuple[int, int], rng: np.random.Generator) -> Float64:
    """Return stripes of a random direction and width, -1..1."""
    angle, period = rng.uniform(0, np.pi), rng.uniform(12, 60)
    along = np.arange(size[1])[None] * np.cos(angle) + np.arange(size[0])[:, None] * np.sin(angle)
    waves: Float64 = np.sin(2 * np.pi * (along / period + rng.random()))
    return waves
