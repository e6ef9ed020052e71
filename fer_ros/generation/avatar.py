"""Draws the avatar with OpenCV: a picture of any pose, without a browser or a robot."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.generation.portrait import BACKGROUND, HEIGHT, WIDTH, Portrait, Shape, portrait
from fer_ros.generation.units import INDEX
from fer_ros.types import Float64, UInt8

SAMPLES = 8  # of a curve between two of its points
SHIFT = 4  # bits of a pixel's fraction that OpenCV draws with


@cache
def default_portrait() -> Portrait:
    """Return the avatar's face, made once."""
    return portrait()


def draw(units: Float64, height_px: int = HEIGHT, face: Portrait | None = None) -> UInt8:
    """Return a picture of (C,) units, (height, width, 3) RGB with the aspect of the canvas."""
    face = face or default_portrait()
    scale = height_px / HEIGHT
    image = np.empty((height_px, round(WIDTH * scale), 3), np.float32)
    image[:] = _colour(BACKGROUND)
    points = dict(zip(face.names, face.pose(units) * scale))
    outlines: dict[str, Float64] = {}
    for shape in face.shapes:
        outline = _outline(shape, points)
        outlines[shape.name] = outline
        shown = sum(units[INDEX[unit]] * share for unit, share in shape.shows.items())
        alpha = min(shape.alpha + float(shown), 1.0)
        if alpha <= 0.01:
            continue
        clip = outlines[shape.clip] if shape.clip else None
        if shape.fill:
            _paint(image, outline, shape.fill, 0.0, shape.blur * scale, alpha, clip)
        if shape.stroke:
            closed = shape.loop or len(shape.paths) > 1
            line = outline if not closed else np.vstack([outline, outline[:1]])
            width = shape.width * scale
            _paint(image, line, shape.stroke, width, shape.blur * scale, alpha, clip)
    found: UInt8 = np.clip(image + 0.5, 0, 255).astype(np.uint8)
    return found


def _outline(shape: Shape, points: dict[str, Float64]) -> Float64:
    """Return (N, 2) points along a shape's paths."""
    curves = [
        curve(np.array([points[name] for name in path]), loop=shape.loop) for path in shape.paths
    ]
    return np.vstack(curves)


def curve(points: Float64, *, loop: bool = False) -> Float64:
    """Return a smooth curve through (N, 2) points (centripetal in spirit: Catmull-Rom)."""
    if len(points) < 3:
        return points
    if loop:
        padded = np.vstack([points[-1:], points, points[:2]])
    else:
        padded = np.vstack([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = (np.arange(SAMPLES) / SAMPLES)[:, None, None]
    a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    between = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    found: Float64 = between.transpose(1, 0, 2).reshape(-1, 2)
    return found if loop else np.vstack([found, points[-1:]])


def _paint(
    image: NDArray[np.float32],
    outline: Float64,
    colour: str,
    width: float,
    blur: float,
    alpha: float,
    clip: Float64 | None,
) -> None:
    """Mix a colour into the image inside an outline, or along it where it has a width."""
    margin = int(3 * blur + width + 2)
    low = np.maximum(np.floor(outline.min(axis=0)).astype(int) - margin, 0)
    high = np.ceil(outline.max(axis=0)).astype(int) + margin
    part = image[low[1] : high[1], low[0] : high[0]]
    if not part.size:
        return
    mask = np.zeros(part.shape[:2], np.uint8)
    if width:
        thickness = max(round(width), 1)
        cv2.polylines(mask, [_fixed(outline - low)], False, 255, thickness, cv2.LINE_AA, SHIFT)
    else:
        cv2.fillPoly(mask, [_fixed(outline - low)], 255, cv2.LINE_AA, SHIFT)
    if blur > 0.3:
        mask = cv2.GaussianBlur(mask, (0, 0), blur)
    if clip is not None:
        inside = np.zeros_like(mask)
        cv2.fillPoly(inside, [_fixed(clip - low)], 255, cv2.LINE_AA, SHIFT)
        mask = np.minimum(mask, inside)
    part += (mask[..., None] * np.float32(alpha / 255)) * (_colour(colour) - part)


def _fixed(points: Float64) -> NDArray[np.int32]:
    """Return points as OpenCV takes fractions of a pixel."""
    return np.round(points * (1 << SHIFT)).astype(np.int32)


@cache
def _colour(text: str) -> NDArray[np.float32]:
    """Return an HTML colour as RGB."""
    return np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], np.float32)
