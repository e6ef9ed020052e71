"""The avatar as data: points of a face, how action units move them, and shapes between them.

Points are pixels of a canvas of 400 x 480; x grows to the right, so the face's own left is on the
right. Every unit moves points by a straight line, so that any renderer draws the same face with a
few lines: this one's is :mod:`fer_ros.generation.avatar`, that of a browser in ``avatar.html``.
"""

from __future__ import annotations

from fer_ros.generation.portrait.colours import BACKGROUND
from fer_ros.generation.portrait.eyes import brows, eyes
from fer_ros.generation.portrait.head import fringe, head
from fer_ros.generation.portrait.model import HEIGHT, WIDTH, Portrait, Shape
from fer_ros.generation.portrait.mouth import mouth
from fer_ros.generation.portrait.nose import nose_and_cheeks
from fer_ros.generation.portrait.sketch import Sketch

__all__ = ['BACKGROUND', 'HEIGHT', 'WIDTH', 'Portrait', 'Shape', 'portrait']


def portrait() -> Portrait:
    """Return the avatar's face."""
    sketch = Sketch()
    for part in (head, nose_and_cheeks, eyes, brows, mouth, fringe):
        part(sketch)
    return sketch.portrait()
