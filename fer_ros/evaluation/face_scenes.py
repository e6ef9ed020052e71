"""Camera frames with a real face of a chosen size at a known place.

A photo is scaled until the face has the width asked for, and put into the frame with its own
surroundings, the faces beside it included. Around the photo goes on what it shows, mirrored, with
every face wiped out: texture and edges as in a room or outdoors. Sensor noise and JPEG come last,
as from a camera.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from fer_ros.types import Frame, Roi, UInt8

FRAME_SIZE = (1280, 720)
WIPED = 1.9  # side of what is wiped out, in sides of the face's box: hair and chin too
NOISE = 2.5  # standard deviation of the sensor noise, of 255
JPEG_QUALITY = 92
STEP_NS = 33_333_333
IMAGE_SUFFIXES = frozenset({'.jpg', '.jpeg', '.png', '.bmp', '.webp'})


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """A photo and the boxes of its faces, in its pixels.

    :param pixels: (H, W, 3) uint8 RGB.
    """

    name: str
    pixels: UInt8
    faces: tuple[Roi, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A still camera's view of one face.

    :param pixels: (720, 1280, 3) uint8 RGB without noise.
    :param face: the face's box.
    """

    pixels: UInt8
    face: Roi
    seed: int

    def frames(self, count: int) -> Iterator[Frame]:
        """Take pictures of it, each with noise of its own."""
        random = np.random.default_rng(self.seed)
        for index in range(count):
            yield Frame(index * STEP_NS, 'camera', index, photograph(self.pixels, random))


def photo_files(folder: Path) -> list[Path]:
    """Return the images of a folder, or of its ``media``, by name."""
    media = folder / 'media'
    places = media if media.is_dir() else folder
    return sorted(path for path in places.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)


def scenes(portrait: Portrait, width_px: int, positions: int, seed: int) -> Iterator[Scene]:
    """Show each face of a photo at this width and at so many places."""
    random = np.random.default_rng([seed, width_px])
    empty = wiped(portrait.pixels, portrait.faces)
    for face in portrait.faces:
        scale = width_px / face.width
        shown, surroundings = (_scaled(pixels, scale) for pixels in (portrait.pixels, empty))
        for _ in range(positions):
            x, y = _place(face, scale, random)
            left, top = round(x - face.x * scale), round(y - face.y * scale)
            box = Roi(
                left + face.x * scale, top + face.y * scale, float(width_px), face.height * scale
            )
            pixels = _compose(shown, surroundings, left, top)
            yield Scene(pixels, box, int(random.integers(2**31)))


def wiped(pixels: UInt8, faces: Sequence[Roi]) -> UInt8:
    """Return the photo with faces replaced by the colours around them."""
    out = pixels.copy()
    height, width = out.shape[:2]
    for face in faces:
        side = WIPED * max(face.width, face.height)
        cx, cy = face.x + face.width / 2, face.y + face.height / 2
        x0, x1 = max(round(cx - side / 2), 0), min(round(cx + side / 2), width)
        y0, y1 = max(round(cy - side / 2), 0), min(round(cy + side / 2), height)
        # Three colours across: nothing of a face is left.
        coarse = cv2.resize(out[y0:y1, x0:x1], (3, 3), interpolation=cv2.INTER_AREA)
        out[y0:y1, x0:x1] = cv2.resize(coarse, (x1 - x0, y1 - y0), interpolation=cv2.INTER_CUBIC)
    return np.asarray(out, np.uint8)


def photograph(pixels: UInt8, random: np.random.Generator) -> UInt8:
    """Add a camera's noise and compression."""
    noise = random.normal(0.0, NOISE, pixels.shape).astype(np.float32)
    noisy = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    _, data = cv2.imencode('.jpg', noisy, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _scaled(pixels: UInt8, scale: float) -> UInt8:
    """Return the photo in another size, averaged where it shrinks."""
    height, width = pixels.shape[:2]
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8)


def _place(face: Roi, scale: float, random: np.random.Generator) -> tuple[float, float]:
    """Return where the face's box begins; all of it, and a quarter more, is in the frame."""
    spots = []
    for length, limit in zip((face.width, face.height), FRAME_SIZE):
        margin = 0.25 * length * scale
        spots.append(random.uniform(margin, limit - length * scale - margin))
    return spots[0], spots[1]


def _compose(shown: UInt8, surroundings: UInt8, left: int, top: int) -> UInt8:
    """Put the photo at its place and let its wiped surroundings go on, mirrored."""
    move = np.array([[1, 0, left], [0, 1, top]], np.float32)
    canvas = cv2.warpAffine(
        surroundings, move, FRAME_SIZE, flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT
    )
    height, width = shown.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, FRAME_SIZE[0]), min(top + height, FRAME_SIZE[1])
    canvas[y0:y1, x0:x1] = shown[y0 - top : y1 - top, x0 - left : x1 - left]
    return np.asarray(canvas, np.uint8)
