"""Makes a face look as a robot's camera might show it: cheap enough for one core.

Each face gets its own draw; all randomness comes from one NumPy generator, so a seed repeats it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from fer_ros.types import Float64, UInt8


@dataclass(frozen=True, slots=True)
class AugmentConfig:
    """How far and how often; shares are probabilities a face.

    :param rotation_deg: deviation of the turn about the aligned pose.
    :param scale: deviation of the logarithm of the size.
    :param shift: deviation of the place, as a share of the crop's side.
    :param unaligned: share of faces that are left as their image shows them.
    :param tone: share with another contrast, brightness and gamma.
    :param dark: share in low light, with the noise that comes with it.
    :param small: share seen from afar, ``small_px`` pixels and more across.
    :param occluded: share with a patch in front.
    """

    rotation_deg: float = 6.0
    scale: float = 0.06
    shift: float = 0.03
    unaligned: float = 0.05
    mirror: float = 0.5
    tone: float = 0.5
    dark: float = 0.05
    noise: float = 0.1
    blur: float = 0.1
    jpeg: float = 0.1
    small: float = 0.1
    small_px: int = 16
    occluded: float = 0.15


def augment(
    image: UInt8,
    frame_to_aligned: Float64,
    size_px: int,
    config: AugmentConfig,
    rng: np.random.Generator,
) -> UInt8:
    """Return one (size_px, size_px) crop of an image (S, S), drawn anew at each call."""
    matrix = frame_to_aligned
    if rng.random() < config.unaligned:
        matrix = np.eye(2, 3) * (size_px / image.shape[0])
    face = _cut(image, _jittered(matrix, size_px, config, rng), size_px)
    draw = rng.random(7)
    if draw[0] < config.occluded:
        face = _occlude(face, rng)
    if draw[1] < config.tone:
        face = _tone(face, rng)
    if draw[2] < config.blur:
        face = _blur(face, rng)
    if draw[3] < config.small:
        face = _small(face, config.small_px, rng)
    if draw[4] < config.dark:
        face = _noise(_scaled(face, rng.uniform(0.08, 0.4)), rng.uniform(2.0, 6.0), rng)
    elif draw[5] < config.noise:
        face = _noise(face, rng.uniform(2.0, 14.0), rng)
    if draw[6] < config.jpeg:
        face = _jpeg(face, int(rng.integers(15, 60)))
    return face


def _jittered(
    matrix: Float64, size_px: int, config: AugmentConfig, rng: np.random.Generator
) -> Float64:
    """Turn, scale, shift and perhaps mirror a transform about the middle of the crop."""
    turn, grow, dx, dy = rng.standard_normal(4)
    angle = math.radians(config.rotation_deg * turn)
    scale = math.exp(config.scale * grow)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    side = -1.0 if rng.random() < config.mirror else 1.0
    linear = np.array([[side * cos, -side * sin], [sin, cos]])
    middle = np.full(2, size_px / 2)
    moved = middle + np.array([dx, dy]) * (config.shift * size_px)
    jittered = linear @ matrix
    jittered[:, 2] += moved - linear @ middle
    return jittered


def _cut(image: UInt8, matrix: Float64, size_px: int) -> UInt8:
    """Warp as the run time does (fer_ros.alignment.crop), but for a mirrored matrix too."""
    centred = matrix.copy()
    centred[:, 2] += centred[:, :2] @ (0.5, 0.5) - 0.5
    face: UInt8 = cv2.warpAffine(
        image,
        centred,
        (size_px, size_px),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return face


def _scaled(face: UInt8, factor: float, offset: float = 0.0) -> UInt8:
    """Return ``factor * face + offset``, clipped."""
    return np.asarray(cv2.convertScaleAbs(np.maximum(face * factor + offset, 0.0)), np.uint8)


def _tone(face: UInt8, rng: np.random.Generator) -> UInt8:
    """Bend, stretch and lift the tones, and perhaps light the face from one side."""
    levels = np.linspace(0.0, 1.0, 256) ** math.exp(rng.normal(0.0, 0.35))
    levels = (levels - 0.5) * math.exp(rng.normal(0.0, 0.25)) + 0.5 + rng.normal(0.0, 0.08)
    table = np.clip(levels * 255.0, 0.0, 255.0).astype(np.uint8)
    bent: UInt8 = cv2.LUT(face, table)
    if rng.random() < 0.3:
        start, end = rng.uniform(0.4, 1.2, 2).tolist()
        ramp = np.linspace(start, end, face.shape[1])
        shaded = bent * (ramp if rng.random() < 0.7 else ramp[:, None])
        bent = np.asarray(np.clip(shaded, 0.0, 255.0), np.uint8)
    return bent


def _blur(face: UInt8, rng: np.random.Generator) -> UInt8:
    """Put the face out of focus or move it during the exposure."""
    if rng.random() < 0.5:
        return np.asarray(cv2.GaussianBlur(face, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)
    length = int(rng.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    middle, angle = (length - 1) / 2, rng.uniform(0.0, math.pi)
    for step in np.linspace(-middle, middle, 2 * length):
        row = round(middle + step * math.sin(angle))
        kernel[row, round(middle + step * math.cos(angle))] = 1.0
    return np.asarray(cv2.filter2D(face, -1, kernel / kernel.sum()), np.uint8)


def _small(face: UInt8, small_px: int, rng: np.random.Generator) -> UInt8:
    """See the face from afar: fewer pixels, enlarged again."""
    side = face.shape[0]
    fewer = int(rng.integers(small_px, max(side * 3 // 4, small_px + 1)))
    small = cv2.resize(face, (fewer, fewer), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def _noise(face: UInt8, deviation: float, rng: np.random.Generator) -> UInt8:
    """Add the sensor's noise."""
    noisy = face + rng.standard_normal(face.shape, np.float32) * np.float32(deviation)
    return np.asarray(np.clip(noisy, 0.0, 255.0), np.uint8)


def _jpeg(face: UInt8, quality: int) -> UInt8:
    """Compress and decompress."""
    _, code = cv2.imencode('.jpg', face, (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8)


def _occlude(face: UInt8, rng: np.random.Generator) -> UInt8:
    """Put a hand, a mask, dark glasses or anything else before the face."""
    side = face.shape[0]
    covered = face.copy()
    shade = int(rng.integers(0, 256))
    kind = rng.random()
    if kind < 0.2:  # a mask from the nose down
        top = int(side * rng.uniform(0.55, 0.7))
        half = int(side * rng.uniform(0.3, 0.5))
        left, right = side // 2 - half, side // 2 + half
        cv2.rectangle(covered, (left, top), (right, side), shade, -1)
    elif kind < 0.35:  # glasses
        for eye in (0.325, 0.675):
            centre = (int(side * eye), int(side * 0.385))
            axes = (int(side * rng.uniform(0.1, 0.16)), int(side * rng.uniform(0.07, 0.12)))
            cv2.ellipse(covered, centre, axes, 0, 0, 360, shade // 3, -1)
    else:  # a hand, hair, a cup
        x, y = rng.integers(0, side, 2).tolist()
        width, height = (side * rng.uniform(0.08, 0.3, 2)).astype(int).tolist()
        turn = rng.uniform(0, 180)
        cv2.ellipse(covered, (x, y), (width, height), turn, 0, 360, shade, -1)
    if rng.random() < 0.5:  # it has a texture of its own
        covered = np.where(covered != face, _noise(covered, 20.0, rng), face)
    return np.asarray(covered, np.uint8)
