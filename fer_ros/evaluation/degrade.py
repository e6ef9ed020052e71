"""What a robot's camera does to a face, step by step: each step a function of a grey square.

The places of eyes and mouth come from the landmarks of the face as it was; where those were
missed, from the framing of FER+. All randomness comes from the generator that is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fer_ros.types import Float32, Float64, UInt8

Step = Callable[[UInt8, Float32, np.random.Generator], UInt8]

_SIDE = 48  # widths of blur are told for faces of this size, FER+'s
_READ_NOISE = 2.0  # deviation that a sensor adds in low light, of 255

# Corners of the eyes and of the mouth, base of the nose, chin (MediaPipe's indices); and their
# places in FER+ in shares of the side, for faces that the mesh does not find.
_EYES, _MOUTH, _CHIN = (33, 263), (61, 291), 152
_USUAL: Float64 = np.array([(0.25, 0.38), (0.75, 0.38), (0.37, 0.76), (0.63, 0.76), (0.5, 0.97)])


@dataclass(frozen=True, slots=True)
class Condition:
    """A named way to make a face harder to read.

    :param apply: takes the image (S, S), landmarks (N, 3), NaN where they were missed, and a
        generator; returns another image, which may be smaller.
    """

    name: str
    apply: Step


def turned(degrees: float) -> Step:
    """Turn the image in its plane, clockwise; its edge goes on outside."""

    def step(image: UInt8, _points: Float32, _rng: np.random.Generator) -> UInt8:
        side = image.shape[0]
        middle = (side - 1) / 2
        matrix = cv2.getRotationMatrix2D((middle, middle), -degrees, 1.0)
        out: UInt8 = cv2.warpAffine(
            image, matrix, (side, side), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        return out

    return step


def blurred(sigma_px: float) -> Step:
    """Put the face out of focus by a Gaussian of this width in a face of 48 px."""

    def step(image: UInt8, _points: Float32, _rng: np.random.Generator) -> UInt8:
        sigma = sigma_px * image.shape[0] / _SIDE
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)

    return step


def smeared(length_px: float) -> Step:
    """Move the face by so much of a face of 48 px, any way, while the shutter is open."""

    def step(image: UInt8, _points: Float32, rng: np.random.Generator) -> UInt8:
        length = max(length_px * image.shape[0] / _SIDE, 1.0)
        size = 2 * math.ceil(length / 2) + 1
        angle = rng.uniform(0.0, math.pi)
        way = np.array([math.cos(angle), math.sin(angle)]) * length / 2
        kernel = np.zeros((8 * size, 8 * size), np.float32)
        start, end = ((size / 2 + sign * way) * 8 for sign in (-1, 1))
        cv2.line(kernel, start.astype(int).tolist(), end.astype(int).tolist(), 1.0, 8)
        kernel = cv2.resize(kernel, (size, size), interpolation=cv2.INTER_AREA)
        border = cv2.BORDER_REPLICATE
        return np.asarray(
            cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=border), np.uint8
        )

    return step


def darkened(gain: float) -> Step:
    """Take light away and add the noise that a sensor then shows."""

    def step(image: UInt8, _points: Float32, rng: np.random.Generator) -> UInt8:
        return _clipped(image * gain + rng.normal(0.0, _READ_NOISE, image.shape))

    return step


def brightened(gain: float) -> Step:
    """Expose too long."""

    def step(image: UInt8, _points: Float32, _rng: np.random.Generator) -> UInt8:
        return _clipped(image * gain)

    return step


def noisy(deviation: float) -> Step:
    """Add white noise of this deviation, of 255."""

    def step(image: UInt8, _points: Float32, rng: np.random.Generator) -> UInt8:
        return _clipped(image + rng.normal(0.0, deviation, image.shape))

    return step


def compressed(quality: int) -> Step:
    """Go through JPEG of this quality, 1..100."""

    def step(image: UInt8, _points: Float32, _rng: np.random.Generator) -> UInt8:
        _, code = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE), np.uint8)

    return step


def shrunk(side_px: int) -> Step:
    """See the face from afar: an image of fewer pixels, as the camera would have it."""

    def step(image: UInt8, _points: Float32, _rng: np.random.Generator) -> UInt8:
        return np.asarray(
            cv2.resize(image, (side_px, side_px), interpolation=cv2.INTER_AREA), np.uint8
        )

    return step


def eyes_hidden(image: UInt8, points: Float32, rng: np.random.Generator) -> UInt8:
    """Put a bar over eyes and brows, of any shade, plain or with a texture."""
    right, left, *_ = _places(image, points)
    apart = math.hypot(*(left - right))
    tilt = math.degrees(math.atan2(*(left - right)[::-1]))
    middle = (right + left) / 2 - _across(left - right) * 0.08 * apart
    return _cover(image, middle, (1.5 * apart, 0.62 * apart), tilt, rng)


def mouth_hidden(image: UInt8, points: Float32, rng: np.random.Generator) -> UInt8:
    """Put a bar over the mouth and what is around it, as a hand, a cup or a scarf does."""
    right, left, *mouth, chin = _places(image, points)
    apart = math.hypot(*(left - right))
    tilt = math.degrees(math.atan2(*(left - right)[::-1]))
    middle = 0.85 * np.mean(mouth, axis=0) + 0.15 * chin
    wide = max(1.35 * math.hypot(*(mouth[1] - mouth[0])), 0.9 * apart)
    return _cover(image, middle, (wide, 0.62 * apart), tilt, rng)


def chain(*steps: Step) -> Step:
    """Do one after the other; places of eyes and mouth are those of the first image."""

    def step(image: UInt8, points: Float32, rng: np.random.Generator) -> UInt8:
        for one in steps:
            image = one(image, points, rng)
        return image

    return step


def _as_it_is(image: UInt8, _points: Float32, _rng: np.random.Generator) -> UInt8:
    """Return the face untouched."""
    return image


CLEAN = Condition('clean', _as_it_is)
CONDITIONS: tuple[Condition, ...] = (
    CLEAN,
    *(Condition(f'rotation_{degrees:+d}', turned(degrees)) for degrees in (-45, -30, -15)),
    *(Condition(f'rotation_{degrees:+d}', turned(degrees)) for degrees in (15, 30, 45)),
    Condition('blur_1', blurred(1.0)),
    Condition('blur_2', blurred(2.0)),
    Condition('blur_3', blurred(3.0)),
    Condition('dark_0.3', darkened(0.3)),
    Condition('dark_0.1', darkened(0.1)),
    Condition('noise_12', noisy(12.0)),
    Condition('noise_25', noisy(25.0)),
    Condition('jpeg_30', compressed(30)),
    Condition('jpeg_10', compressed(10)),
    Condition('eyes_hidden', eyes_hidden),
    Condition('mouth_hidden', mouth_hidden),
    Condition('32px', shrunk(32)),
    Condition('24px', shrunk(24)),
    Condition('16px', shrunk(16)),
)


def random_condition(rng: np.random.Generator) -> Condition:
    """Draw a condition of any strength, now and then two at once: for fits, not for figures."""
    first = _draw(rng)
    if rng.random() >= 0.25:
        return first
    # A covered face is covered before anything else happens to it.
    second = _draw(rng)
    pair = sorted((first, second), key=lambda condition: condition.name not in _COVERS)
    return Condition('+'.join(one.name for one in pair), chain(*(one.apply for one in pair)))


_COVERS = ('eyes_hidden', 'mouth_hidden')


def _draw(rng: np.random.Generator) -> Condition:
    """Draw one condition."""
    kind = int(rng.integers(11))
    if kind == 0:
        return Condition('rotation', turned(rng.uniform(-50.0, 50.0)))
    if kind == 1:
        return Condition('blur', blurred(rng.uniform(0.4, 3.5)))
    if kind == 2:
        return Condition('smear', smeared(rng.uniform(2.0, 12.0)))
    if kind == 3:
        return Condition('dark', darkened(math.exp(rng.uniform(math.log(0.05), math.log(0.6)))))
    if kind == 4:
        return Condition('bright', brightened(rng.uniform(1.2, 3.0)))
    if kind == 5:
        return Condition('noise', noisy(rng.uniform(4.0, 35.0)))
    if kind == 6:
        return Condition('jpeg', compressed(int(rng.integers(4, 50))))
    if kind == 7:
        return Condition(_COVERS[0], eyes_hidden)
    if kind == 8:
        return Condition(_COVERS[1], mouth_hidden)
    if kind == 9:
        return Condition('small', shrunk(int(rng.integers(12, 44))))
    return CLEAN


def _places(image: UInt8, points: Float32) -> Float64:
    """Return (5, 2): right and left eye, right and left corner of the mouth, chin."""
    if len(points) and np.isfinite(points).all():
        found: Float64 = points[[*_EYES, *_MOUTH, _CHIN], :2].astype(np.float64)
        return found
    usual: Float64 = _USUAL * image.shape[0]
    return usual


def _across(along: Float64) -> Float64:
    """Return the unit vector that points down the face, given one from right to left eye."""
    down: Float64 = np.array([-along[1], along[0]]) / math.hypot(*along)
    return down


def _cover(
    image: UInt8,
    middle: Float64,
    size: tuple[float, float],
    tilt_deg: float,
    rng: np.random.Generator,
) -> UInt8:
    """Draw a turned bar."""
    mask = np.zeros(image.shape, np.uint8)
    corners = cv2.boxPoints((middle.tolist(), size, tilt_deg))
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1)
    texture = rng.uniform(10.0, 245.0) + rng.normal(0.0, 12.0, image.shape) * rng.integers(2)
    return np.where(mask == 1, _clipped(texture), image)


def _clipped(values: NDArray[np.floating]) -> UInt8:
    """Round to what eight bits hold."""
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)
