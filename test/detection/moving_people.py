"""Scenes with people cut out of photos: they walk, cross and hide, and the camera moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np

from fer_ros.pipeline import Pipeline
from fer_ros.types import Frame

SIZE = (640, 360)
STEP_NS = 33_333_333


class Person:
    """A head with hair and shoulders, and the mask that it is pasted with."""

    def __init__(self, photo: np.ndarray, box: tuple[int, int, int, int], width: int) -> None:
        """:param box: x, y, width, height of the face; :param width: of the face in the scene."""
        x, y, w, h = box
        # So tight that no neighbour's face is in it.
        left, top = max(x - w // 5, 0), max(y - h // 3, 0)
        right, bottom = min(x + w * 6 // 5, photo.shape[1]), min(y + h * 5 // 3, photo.shape[0])
        scale = width / w
        size = (round((right - left) * scale), round((bottom - top) * scale))
        part = photo[top:bottom, left:right]
        self.pixels = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        self.centre = ((x + w / 2 - left) * scale, (y + h / 2 - top) * scale)
        mask = np.zeros(self.pixels.shape[:2], np.float32)
        cv2.rectangle(mask, (4, 4), (size[0] - 5, size[1]), 1.0, -1)
        self.mask = cv2.GaussianBlur(mask, (0, 0), 2.0)[..., None]

    def paste(self, scene: np.ndarray, x: float, y: float) -> None:
        """Put the face's centre at a place; what is beyond the edges is cut off."""
        left, top = round(x - self.centre[0]), round(y - self.centre[1])
        height, width = self.pixels.shape[:2]
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + width, scene.shape[1]), min(top + height, scene.shape[0])
        if x1 <= x0 or y1 <= y0:
            return
        part = slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)
        mask = self.mask[part]
        under = scene[y0:y1, x0:x1]
        scene[y0:y1, x0:x1] = (mask * self.pixels[part] + (1 - mask) * under).astype(np.uint8)


def people(media: Path, width: int = 70) -> list[Person]:
    """Return four people of one photo."""
    photo = cv2.cvtColor(cv2.imread(str(media / 'multi_face.jpg')), cv2.COLOR_BGR2RGB)
    boxes = ((678, 297, 120, 131), (310, 240, 107, 126), (528, 315, 109, 126), (433, 216, 88, 99))
    return [Person(photo, box, width) for box in boxes]


def room() -> np.ndarray:
    """Return a wall with some texture."""
    coarse = np.random.default_rng(3).integers(90, 150, (9, 16, 3)).astype(np.uint8)
    return cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC)


def follow(
    pipeline: Pipeline, count: int, draw: Callable[[np.ndarray, int], np.ndarray | None]
) -> list[dict[str, float]]:
    """Return {id: x of the face} of each frame that is drawn onto the room."""
    pipeline.reset()
    noise = np.random.default_rng(1)
    seen = []
    for index in range(count):
        scene = room()
        drawn = draw(scene, index)
        pixels = scene if drawn is None else drawn
        shot = np.clip(pixels + noise.normal(0, 2.5, pixels.shape), 0, 255).astype(np.uint8)
        found = pipeline.find(Frame(index * STEP_NS, 'camera', index, shot))
        seen.append({face.face_id: float(face.landmarks.points_px[:, 0].mean()) for face in found})
    return seen


def ids(seen: Iterable[dict[str, float]]) -> set[str]:
    return {face_id for faces in seen for face_id in faces}
